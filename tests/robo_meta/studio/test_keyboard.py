"""`record --actor keyboard` through a real pseudo-terminal: keys in, a screen and a dataset out."""

from __future__ import annotations

import fcntl
import io
import multiprocessing
import os
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import robo_meta
from demos.expert.episode import shared_env
from demos.recording.config import RecordConfig
from demos.replaying import replay_of
from demos.storage.dataset import open_dataset
from robo_meta.cli.main import main
from robo_meta.studio.keyboard import plan_of
from robo_meta.studio.keys import LARGE, SMALL, TURN
from robo_meta.studio.session import Session
from robo_meta.studio.terminal import names_of
from robo_meta.studio.text_view import screen
from tests.robo_meta.studio.hands import demonstrate, place_of, run

BAR = ["--families", "bar", "--intention", "balance", "--tasks", "2", "--demos", "1"]
PATIENCE = 60
"""s."""


def _in_terminal(slave: int, command: Callable[[], int]) -> None:
    """A child whose standard streams are a terminal, as a shell starts it."""
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for stream in range(3):
        os.dup2(slave, stream)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
    os.environ["TERM"] = "xterm-256color"
    status = command()
    sys.stdout.flush()
    os._exit(status)


class Terminal:
    """A person at a terminal in which a command runs, and ends with its exit status."""

    def __init__(self, command: Callable[[], int]) -> None:
        self._master, self._slave = os.openpty()
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self._slave)
        # A child of this very process: one of its own would take seconds to import everything.
        processes = multiprocessing.get_context("fork")
        self.process = processes.Process(target=_in_terminal, args=(self._slave, command))
        self.process.start()
        self.said = ""

    def press(self, keys: str) -> None:
        self.said = ""
        os.write(self._master, keys.encode())

    def until(self, *words: str) -> None:
        """Read until each of the words was shown, one after another."""
        end, at = time.monotonic() + PATIENCE, 0
        for word in words:
            while (found := self.said.find(word, at)) < 0:
                assert time.monotonic() < end, self.said[-4000:]
                if select.select([self._master], [], [], 0.2)[0]:
                    self.said += os.read(self._master, 65536).decode(errors="replace")
            at = found + len(word)

    def ended(self) -> int | None:
        """The exit status; the terminal is as it was."""
        end = time.monotonic() + PATIENCE
        while self.process.is_alive() and time.monotonic() < end:
            if select.select([self._master], [], [], 0.05)[0]:
                self.said += os.read(self._master, 65536).decode(errors="replace")
        self.process.join(1)
        assert termios.tcgetattr(self._slave) == self.before
        return self.process.exitcode

    def close(self) -> None:
        self.process.kill()
        self.process.join()
        os.close(self._master)
        os.close(self._slave)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(lambda: main(["record", "--actor", "keyboard", "--out", str(tmp_path / "mine"), *BAR]))
    yield opened
    opened.close()


def from_python(out: Path) -> int:
    """The same by the public function; says what it returned."""
    found = robo_meta.record(out, actor="keyboard", families=("bar",), intention="balance", tasks=2, demos=1)
    print(f"returned {found.episodes} of {found.folder.name}")
    return 0


def test_from_python_it_is_the_same(tmp_path: Path) -> None:
    terminal = Terminal(lambda: from_python(tmp_path / "mine"))
    try:
        terminal.until("Move the hand", "bar, task 0: balance it")
        terminal.press("\x03")
        assert terminal.ended() == 0 and "returned 0 of mine" in terminal.said
    finally:
        terminal.close()


def presses(distance: float, forwards: str, backwards: str, step: float = SMALL) -> str:
    """Keys for a distance, to the nearest step; capital letters where they go as far as four."""
    steps = round(abs(distance) / step)
    key, times = (forwards if distance > 0 else backwards), round(LARGE / SMALL) if step == SMALL else 3
    return key.upper() * (steps // times) + key * (steps % times)


def keys_to(place: dict[str, float], start: np.ndarray) -> tuple[str, str]:
    """Keys that bring the hand from `start` (4,) above a place, and down to it."""
    aside = presses(place["x"] - start[0], "w", "s") + presses(place["y"] - start[1], "a", "d")
    turn = presses(place["heading"] - start[3], "q", "e", TURN)
    return aside + turn, presses(place["z"] - start[2], "r", "f")


def test_a_demonstration_by_keys_replays_bit_for_bit_and_ctrl_c_loses_nothing(
    terminal: Terminal, tmp_path: Path
) -> None:
    # The same first attempt, to know where things lie.
    guide = Session(tmp_path / "guide")
    guide.handle(plan_of(RecordConfig(tmp_path, families=("bar",), tasks=1, intention="balance"))[0])
    aside, down = keys_to(place_of(guide.view.stages[0]), guide.view.target)
    guide.close()
    terminal.until("Move the hand", "bar, task 0: balance it", "fingers 8.0 cm apart", "ctrl-C: end")
    for keys in (aside, down):
        terminal.press(keys)
        terminal.until("Moving", "The hand is there")
    terminal.press(" ")
    terminal.until("Closed on something", "Fingers closed")
    terminal.press("\r")
    terminal.until("kept as a demonstration", "✓ lifted")
    terminal.press("\r")  # what is wanted of the first task is there
    terminal.until("bar, task 1", "Kept: 0 of 0")
    terminal.press("\x1b[A\x1b[1;2D")
    terminal.until("Moving")
    terminal.press("\x03")
    assert terminal.ended() == 0 and "successes: 1" in terminal.said
    dataset = open_dataset(tmp_path / "mine")
    assert dataset.index["complete"] and len(dataset) == 1
    replay_of(dataset, dataset.keys[0]).run(shared_env())
    # The studio goes on in the same folder.
    studio = Session(tmp_path / "mine")
    run(studio, {"do": "choose", "family": "bar"})
    assert studio.view.successes == 1
    studio.close()


def test_a_request_to_end_and_keys_without_meaning(terminal: Terminal, tmp_path: Path) -> None:
    terminal.until("Move the hand")
    terminal.press("zzz%\x1b[99~é\x1bx")
    terminal.until("Move the hand")
    terminal.press("\t")
    terminal.until("bar, task 1")
    assert terminal.process.pid is not None
    os.kill(terminal.process.pid, signal.SIGTERM)
    assert terminal.ended() == 0 and "episodes: 0" in terminal.said
    assert not list((tmp_path / "mine").rglob("*.safetensors"))


REFUSED = [
    ([], "--actor keyboard needs a terminal to read keys from (over SSH: ssh -t)"),
    (["--workers", "2"], "--workers beside --actor keyboard"),
    (["--planned", "9"], "--planned beside --actor keyboard"),
    (["--tasks", "1001"], "task 1000; expected 0 to 999"),
]


@pytest.mark.parametrize("arguments, line", REFUSED)
def test_without_a_terminal_or_with_foreign_options_it_is_one_line(
    arguments: list[str], line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["record", "--actor", "keyboard", "--out", str(tmp_path / "mine"), *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and line in said.err
    assert not (tmp_path / "mine").exists()


def test_keys_of_a_terminal_have_names() -> None:
    assert names_of("wW \t\r\x03") == ["w", "W", "space", "tab", "enter", "end"]
    assert names_of("\x1b[A\x1bOB\x1b[1;2C\x1b[3~\x1b") == ["up", "down", "RIGHT"]


def shown(view: Any, width: int, rows: int) -> list[str]:
    console = Console(width=width, height=rows, file=io.StringIO(), record=True)
    console.print(screen(view, rows))
    return console.export_text().splitlines()


def test_the_picture_shows_paints_hand_and_fingers_and_fits_the_terminal(tmp_path: Path) -> None:
    session = Session(tmp_path / "mine")
    run(session, {"do": "choose", "family": "hammer"})
    place = place_of(session.view.stages[0])
    run(session, {"do": "reach", **place})
    lines = shown(session.view, 120, 40)
    picture = "".join(line for line in lines if "·" in line)
    paints = {part.colour for part in session.view.stages[0].scene.object.parts}
    assert all(picture.count("k" if paint == "black" else paint[0]) >= 4 for paint in paints)
    assert picture.count("+") == 1 and picture.count("#") == 2
    demonstrate(session)
    for rows in (24, 40, 100):
        lines = shown(session.view, 80, rows)
        assert len(lines) <= rows, rows
    assert any("✓ lifted" in line for line in lines)
    session.close()
