"""A browser for the studio's pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SOFTWARE = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
"""WebGL without a graphics card."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    pytest.importorskip("viser", reason='no viser: pip install ".[studio]"')
    pytest.importorskip("playwright.sync_api", reason='no playwright: pip install ".[browser]"')
    from playwright.sync_api import sync_playwright

    named = os.environ.get("ROBO_META_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if named is None:
        pytest.skip("no browser: install Chromium, or name one in ROBO_META_BROWSER")
    with sync_playwright() as player:
        started = player.chromium.launch(executable_path=named, args=SOFTWARE)
        yield started
        started.close()
