"""Demonstrations by hand in a terminal: `robo-meta record --actor keyboard`. The studio's session, without its page."""

from __future__ import annotations

import sys
from dataclasses import fields
from typing import Any

from rich.console import Console
from rich.live import Live

from demos.recording.config import MIXED, RecordConfig, RecordError
from demos.storage.index_file import read_index
from robo_meta.studio.by_hand import KEYBOARD
from robo_meta.studio.commands import Again, Choose, Close, Command, Lift, Open
from robo_meta.studio.keys import DEEDS, MOVES, nudge
from robo_meta.studio.pace import Ended, Nothing, live
from robo_meta.studio.session import Session
from robo_meta.studio.terminal import Keys
from robo_meta.studio.text_view import screen
from robo_meta.studio.view import JUDGED, View
from sim.shapes.families import families_of, serving
from sim.tasks.scenes import INTENTIONS

FOREIGN = ("planned", "workers", "engine", "address", "shard", "attempts")
"""Options of `record` that mean nothing where one person demonstrates."""


def plan_of(config: RecordConfig) -> list[Choose]:
    """What is demonstrated on: task after task, families and intentions in turn.

    Raises:
        RecordError: options that mean nothing here.
        sim.errors.InputError: more tasks than there are to choose from.
    """
    for field in fields(RecordConfig):
        if field.name in FOREIGN and getattr(config, field.name) != field.default:
            raise RecordError(f"--{field.name} beside --actor {KEYBOARD}, where one person demonstrates; leave it out")
    names = config.families or families_of(config.split_name)
    found = []
    for task in range(config.tasks):
        intention = INTENTIONS[task % len(INTENTIONS)] if config.intention == MIXED else config.intention
        intention = config.only_intention or intention
        able = serving(names, intention)
        found.append(Choose(able[task % len(able)], intention, task, carries=config.carries))
    return found


class Desk:
    """Turns keys into a session's commands, and leads through what is to be demonstrated.

    Args:
        session: takes the commands.
        keys: of the terminal.
        plan: what is demonstrated on.
        demos: successes wanted of each.
    """

    def __init__(self, session: Session, keys: Keys, plan: list[Choose], demos: int) -> None:
        self._session, self._keys, self._plan, self._demos = session, keys, plan, demos
        self._at = -1
        self._commands: dict[str, Any] = {"x": Again(), "X": Again()}
        for key in MOVES:
            for name in (key.page.lower(), *key.terminal):
                self._commands |= {name: nudge(key, farther=False), name.upper(): nudge(key, farther=True)}
        for letter, deed in DEEDS:
            self._commands |= {letter: {"do": deed}, letter.lower(): {"do": deed}}

    def begin(self) -> None:
        """Put the first object that lacks a demonstration on the table."""
        self._session.handle(self._next())

    def receive(self, timeout: float | None) -> Any:
        """The next command that keys give, as `robo_meta.studio.pace.live` wants it."""
        key = self._keys.next(timeout)
        if key is None:
            raise Nothing
        if key == "end":
            raise Ended
        view = self._session.view
        if key == "tab":
            return self._next()
        if key == "enter":
            return self._go_on(view) if view.phase == JUDGED else Lift()
        if key == "space":
            return Open() if view.closed else Close()
        if key not in self._commands:
            raise Nothing
        return self._commands[key]

    def _go_on(self, view: View) -> Command:
        return Again() if view.successes < self._demos else self._next()

    def _next(self) -> Command:
        """The next object of the plan that lacks demonstrations; where none does, simply the next one."""
        order = [(self._at + step) % len(self._plan) for step in range(1, len(self._plan) + 1)]
        lacking = (at for at in order if self._session.successes_on(self._plan[at]) < self._demos)
        self._at = next(lacking, order[0])
        return self._plan[self._at]


def demonstrate(config: RecordConfig, console: Console) -> dict[str, Any]:
    """Let a person demonstrate in a terminal until ctrl-C; every judged attempt is on the disk.

    Args:
        config: dataset folder, what to demonstrate on, and how often; `demos` successes of each task are asked for.
        console: of the terminal.

    Returns:
        `{folder, episodes, successes}` of the dataset.

    Raises:
        RecordError: standard input or the console is no terminal, or options that mean nothing here.
        sim.errors.InputError: a folder that can't be used.
    """
    plan = plan_of(config)
    if not (sys.stdin is not None and sys.stdin.isatty() and console.is_terminal):
        raise RecordError(
            f"--actor {KEYBOARD} needs a terminal to read keys from (over SSH: ssh -t), and there is none; "
            "`robo-meta studio` does without"
        )
    session, keys = Session(config.out, config.seed), Keys(sys.stdin)
    try:
        desk = Desk(session, keys, plan, config.demos)
        desk.begin()
        with keys.grabbed(), Live(console=console, screen=True, auto_refresh=False) as shown:
            live(session, desk.receive, lambda view: shown.update(screen(view, console.height), refresh=True))
    finally:
        session.close()
    index = read_index(config.out)
    counts = {} if index is None else index["counts"]
    return {"folder": config.out, "episodes": counts.get("episodes", 0), "successes": counts.get("successes", 0)}
