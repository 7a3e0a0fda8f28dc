"""The studio in a real browser: a demonstration through the page, adapting, watching; narrow as a telephone.

Run with `python -m pytest -m browser tests/robo_meta/studio`; needs `pip install ".[studio,browser]"` and Chromium,
which ROBO_META_BROWSER may name.
"""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium.utils.seeding import np_random

from demos.expert.episode import shared_env
from demos.replaying import replay_of
from demos.storage.dataset import open_dataset
from robo_meta.studio.camera import CAMERA, LOOK_AT, seen_at
from robo_meta.studio.choice import Choice
from robo_meta.studio.view import Frame, Stage
from sim.episode.start import Start
from sim.robot import Workspace
from sim.tasks.seeds import seed_sequence
from tests.robo_meta.studio.hands import place_of

pytestmark = pytest.mark.browser
COARSE = "?fixedDpr=0.1"
"""So few pixels that drawing without a graphics card takes little time."""
PATIENCE = 120_000
"""ms."""
FOV = math.radians(75)
"""Of viser's camera, vertical."""


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of a running studio, and its process; it has no display."""
    root = str(Path(__file__).parents[3])
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"} | {"PYTHONPATH": root}
    command = [sys.executable, "-m", "robo_meta.cli.main", "studio", "--port", "0", "--out", str(tmp_path / "mine")]
    process = subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = process.stdout.readline()
    assert said.startswith("studio: http://127.0.0.1:"), said
    yield said.removeprefix("studio: ").strip(), process
    process.kill()
    process.wait()
    process.stdout.close()


def visit(browser: Any, address: str, errors: list[str], width: int = 1200) -> Any:
    page = browser.new_page(viewport={"width": width, "height": 760})
    page.set_default_timeout(PATIENCE)
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address + COARSE)
    page.get_by_role("button", name="Start").wait_for()
    return page


def go(page: Any, place: dict[str, float]) -> None:
    """Bring the hand to a place by the page's numbers."""
    fields = [field for field in page.locator("input[type=text]").all() if field.is_visible()]
    values = [*(100 * place[axis] for axis in "xyz"), math.degrees(place["heading"])]
    assert len(fields) == len(values)
    for field, value in zip(fields, values, strict=True):
        field.fill(f"{value:.1f}")
        field.press("Tab")
    page.get_by_role("button", name="Go there").click()
    # It may have said so already, of the place before.
    page.wait_for_timeout(1500)
    page.get_by_text("The hand is there").wait_for()


def first_place(out: Path) -> dict[str, float]:
    """Where to grasp the object that a new studio puts on the table first."""
    choice = Choice("bar")
    config = choice.config(out, 0)
    scene, _ = choice.scene(config)
    path = (choice.split, choice.index, "demo", choice.demo, 0)
    seed = int(seed_sequence(0, *path).generate_state(1)[0])
    start = Start.draw(scene, Workspace(), np_random(seed)[0], push=0.0)
    return place_of(Stage("", scene, Frame({}, start.object_to_world)))


def numbers(page: Any) -> np.ndarray:
    """(4,) where the page's numbers say that the hand is brought to: cm and degrees."""
    fields = [field for field in page.locator("input[type=text]").all() if field.is_visible()]
    return np.array([float(field.input_value()) for field in fields])


def until_numbers(page: Any, wanted: np.ndarray) -> None:
    """Wait until they are what is wanted, to a millimetre and a degree."""
    for _ in range(PATIENCE // 200):
        if np.abs(numbers(page) - wanted).max() <= 1.01:
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"{numbers(page)}, wanted {wanted}")


def try_keys_and_handle(page: Any) -> None:
    """Every key does what it says, and the handle takes the hand along by what was dragged."""
    page.get_by_text("Fingers open, 45 actions left").wait_for()
    start = numbers(page)
    for keys, change in (
        (("i", "Shift+K", "l"), (-3, -1, 0, 0)),
        (("Shift+R", "f", "u", "Shift+O"), (-3, -1, 3, -20)),
        (("Shift+I", "k", "j", "Shift+F", "r", "Shift+U", "o"), (0, 0, 0, 0)),
    ):
        for key in keys:
            page.keyboard.press(key)
        until_numbers(page, start + change)
        page.get_by_text("The hand is there").wait_for()
    # The handle's upward arrow, where the first camera sees it: had a key moved the camera, it would be elsewhere.
    place, size = start[:3] / 100, page.viewport_size
    ends = [place + [0.0, 0.0, up] for up in (0.12, 0.06)]
    seen = seen_at(np.array(ends), (np.array(CAMERA), np.array(LOOK_AT)), size["width"] / size["height"], FOV)
    pixels = (seen * (1, -1) + 1) / 2 * (size["width"], size["height"])
    page.mouse.move(*pixels[0])
    page.wait_for_timeout(500)
    page.mouse.down()
    page.mouse.move(*pixels[1], steps=6)
    page.mouse.up()
    until_numbers(page, start + (0, 0, -6, 0))
    page.get_by_text("The hand is there").wait_for()
    page.keyboard.press("c")
    page.get_by_text("Closed on nothing").wait_for()
    page.keyboard.press("v")
    page.get_by_text("The fingers are open").wait_for()
    page.keyboard.press("n")
    page.get_by_text("Fingers open, 45 actions left").wait_for()


def test_a_demonstration_through_the_page_adapting_and_watching(
    browser: Any, studio: tuple[str, subprocess.Popen[str]], tmp_path: Path
) -> None:
    (address, process), errors = studio, list[str]()
    page = visit(browser, address, errors)
    page.get_by_role("button", name="Start").click()
    page.get_by_text("Move the hand").wait_for()
    page.get_by_role("tab", name="Hand").click()
    try_keys_and_handle(page)
    place = first_place(tmp_path / "mine")
    go(page, {**place, "z": place["z"] + 0.1})
    # Another page, closed in the middle of the grasp, takes nothing along.
    other = visit(browser, address, errors)
    other.get_by_text("The hand is there").wait_for()
    other.close()
    go(page, place)
    page.get_by_role("button", name="Close").click()
    page.get_by_text("Closed on something").wait_for()
    page.keyboard.press("t")
    page.get_by_text("kept as a demonstration").wait_for()
    assert page.get_by_text("✓ lifted ✓ held ✓ level").is_visible()
    page.get_by_role("tab", name="Strategies").click()
    page.get_by_role("button", name="Adapt", exact=True).last.click()
    page.get_by_text("its grasp moves by").wait_for()
    page.get_by_role("button", name="Watch", exact=True).last.click()
    page.get_by_text("off by").wait_for()
    page.get_by_role("button", name="What would it take?").click()
    page.get_by_text("it takes").wait_for()
    assert errors == []
    page.close()
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    dataset = open_dataset(tmp_path / "mine")
    assert dataset.index["complete"] and dataset.index["counts"]["successes"] == 1
    replay_of(dataset, dataset.keys[0]).run(shared_env())


def test_it_is_readable_on_a_telephone_and_a_killed_server_is_told(
    browser: Any, studio: tuple[str, subprocess.Popen[str]], tmp_path: Path
) -> None:
    (address, process), errors = studio, list[str]()
    page = visit(browser, address, errors, width=390)
    for tab in ("Scene", "Hand", "Strategies"):
        page.get_by_role("tab", name=tab).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        for button in page.get_by_role("button").all():
            box = button.bounding_box() if button.is_visible() else None
            assert box is None or (box["x"] >= 0 and box["x"] + box["width"] <= 390)
    assert errors == []
    process.kill()
    process.wait()
    # Nothing was demonstrated, and so nothing is there but an empty folder.
    assert not list((tmp_path / "mine").rglob("*.safetensors"))
    page.close()
