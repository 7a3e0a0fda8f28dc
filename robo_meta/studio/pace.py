"""A session at the pace of the clock: commands as they come, pieces when they are due, and rest in between."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from robo_meta.studio.session import Session
from robo_meta.studio.view import View


class Nothing(Exception):
    """No command came within the time given."""


class Ended(Exception):
    """No command will come any more."""


def live(session: Session, receive: Callable[[float | None], Any], show: Callable[[View], None]) -> None:
    """Run a session until its commands end.

    Args:
        session: in the thread that it was built in.
        receive: waits for the next command, for as many seconds at most, or for ever; raises `Nothing` where none came,
            and `Ended` where none will.
        show: told of every change of the view.
    """
    due: float | None = None
    shown: View | None = None
    while True:
        if session.view is not shown:
            shown = session.view
            show(shown)
        try:
            message = receive(None if due is None else max(0.0, due - monotonic()))
        except Ended:
            return
        except Nothing:
            if due is None or monotonic() < due:
                continue
            delay = session.tick()
            # At the pace of the clock; a piece that took longer doesn't make the next ones hurry.
            due = None if delay is None else max(due + delay, monotonic())
            continue
        first = session.handle(message)
        if first is not None:
            due = monotonic() + first
