"""The studio's page in a browser, without a server of its own: all copies in view, and no barrier that is ours.

Run with `python -m pytest -m browser tests/robo_meta/studio`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robo_meta.studio.camera import CAMERA, LOOK_AT, corners, in_view, seen_at
from robo_meta.studio.session import Session
from robo_meta.studio.view import WATCHING, Stage, Trial, View
from sim.tasks.scenes import Scene
from tests.robo_meta.studio.hands import run

SERIOUS = ("serious", "critical")
VISERS = {"button-name"}
"""Serious findings in markup that viser alone writes: the icons of its panel's head, and of its notices."""
COARSE = "?fixedDpr=0.1"
PATIENCE = 120_000
"""ms."""
TRIALS = (Trial("maml", True, {"lifted": True}, 3.0), Trial("replay", False, {"lifted": True, "level": False}, 33.0))


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("aspect", [0.5, 1.0, 1.6, 2.4])
def test_from_afar_all_copies_are_in_view_beside_the_panel_and_no_farther_than_that(count: int, aspect: float) -> None:
    fov = math.radians(75)
    seen = seen_at(corners(count), in_view(count, aspect, fov), aspect, fov)
    assert np.abs(seen).max() <= 1.0
    free = 2.0 - 0.6
    assert (np.ptp(seen, axis=0) <= (free, 2.0) if aspect > 1 else np.ptp(seen, axis=0) <= (2.0, free)).all()
    assert max(np.ptp(seen, axis=0) / ((free, 2.0) if aspect > 1 else (2.0, free))) > 0.85


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[tuple[Any, Any, View]]:
    """A server of viser, the page that it shows, and what is on it."""
    viser = pytest.importorskip("viser", reason='no viser: pip install ".[studio]"')
    from robo_meta.studio.page import Page

    server = viser.ViserServer("127.0.0.1", 0, label="robo_meta studio", verbose=False)
    session = Session(tmp_path / "mine")
    run(session, {"do": "choose", "family": "hammer"})
    page = Page(server, ("maml", "replay"))
    page.show(session.view)
    yield server, page, session.view
    session.close()
    server.stop()


def copies(view: View) -> View:
    """Two strategies' copies of what is on the table."""
    stage, scene = view.stages[0], view.stages[0].scene
    assert isinstance(scene, Scene)
    both = tuple(Stage(trial.strategy, scene, stage.frame) for trial in TRIALS)
    return replace(view, phase=WATCHING, stages=both, trials=TRIALS)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1200, 390])
def test_copies_come_into_view_and_nothing_of_ours_is_a_barrier(
    width: int, browser: Any, shown: tuple[Any, Any, View]
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason='no axe: pip install ".[browser]"')
    (server, ours, view), errors = shown, list[str]()
    page = browser.new_page(viewport={"width": width, "height": 760})
    page.set_default_timeout(PATIENCE)
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"http://127.0.0.1:{server.get_port()}/{COARSE}")
    page.get_by_role("button", name="Start").wait_for()

    def camera_until(position: Any, look_at: Any) -> None:
        for _ in range(PATIENCE // 200):
            (client,) = server.get_clients().values()
            gaps = client.camera.position - position, client.camera.look_at - look_at
            if np.abs(gaps).max() < 0.02:
                return
            page.wait_for_timeout(200)
        raise AssertionError(f"{client.camera.position} and {client.camera.look_at}")

    camera_until(CAMERA, LOOK_AT)
    ours.show(copies(view))
    (client,) = server.get_clients().values()
    camera_until(*in_view(2, width / 760, client.camera.fov))
    page.wait_for_timeout(1000)  # the browser has said where it stands, so what is read is its own
    camera_until(*in_view(2, width / 760, client.camera.fov))
    found = []
    for tab in ("Scene", "Hand", "Strategies"):
        page.get_by_role("tab", name=tab).click()
        page.wait_for_timeout(500)
        found += axe.Axe().run(page).response["violations"]
    ours.show(view)
    camera_until(CAMERA, LOOK_AT)
    page.close()
    serious = [one for one in found if one["impact"] in SERIOUS and one["id"] not in VISERS]
    assert [(one["id"], one["nodes"][0]["html"]) for one in serious] == [] and errors == []
