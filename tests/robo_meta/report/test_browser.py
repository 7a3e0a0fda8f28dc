"""The report in a real browser, wide and narrow, light and dark: no error, no overflow, no barrier.

Run with `python -m pytest -m browser`; needs `pip install ".[browser]"` and Chromium, which ROBO_META_BROWSER may name.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from robo_meta.report.page import PAGES, write_page
from robo_meta.report.selector import section as selector_section
from robo_meta.report.strategies import section as strategies_section
from robo_meta.report.stream import section as stream_section
from tests.robo_meta.report.results import result, task
from tests.robo_meta.report.scenes import scene, shown
from tests.robo_meta.report.streams import stream

pytestmark = pytest.mark.browser
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTHS, SCHEMES = (1400, 390), ("light", "dark")
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    for name in ("playwright.sync_api", "axe_playwright_python.sync_playwright"):
        pytest.importorskip(name, reason=f'no {name.split(".")[0]}: pip install ".[browser]"')
    from playwright.sync_api import sync_playwright

    named = os.environ.get("ROBO_META_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if named is None:
        pytest.skip("no browser: install Chromium, or name one in ROBO_META_BROWSER")
    with sync_playwright() as player:
        started = player.chromium.launch(executable_path=named, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def folder(judged: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of three pages."""
    found, path = result(names=("maml", "replay", "maml+scripted-controller")), tmp_path_factory.mktemp("report")
    tasks = [task(0, maml=True, replay=False), task(1, maml=False, replay=False)]
    bodies = {
        "strategies": strategies_section(found, [scene()], tasks, (), [shown()]),
        "stream": stream_section(stream(), "robo-meta train --stream"),
        "selector": selector_section(judged | {"command": "robo-meta select evaluate --fresh"}),
    }
    for name, body in bodies.items():
        write_page(path / PAGES[name], name, body)
    return path


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_quiet_and_open_to_everyone(
    name: str, width: int, scheme: str, browser: Any, folder: Path
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    try:
        page, said, asked = context.new_page(), [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((folder / PAGES[name]).as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        scroll, client = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        found = Axe().run(page).response["violations"]
    finally:
        context.close()
    assert said == [] and [url for url in asked if not url.startswith("data:")] == [(folder / PAGES[name]).as_uri()]
    assert scroll <= client == width
    assert (dark == "rgb(255, 255, 255)") == (scheme == "light")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS] == []
