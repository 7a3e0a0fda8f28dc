"""The one thread that the session lives in: PyBullet is no friend of threads, and pages call from many."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from robo_meta.studio.session import Session
from robo_meta.studio.view import View

MOST_WAITING = 1000
"""Commands that may wait; more than a person gives are let fall."""


class Owner:
    """Runs a session in real time, in a thread of its own that sleeps while there is nothing to do.

    Args:
        make: builds the session, in that thread.
        show: told of every change of the view, in that thread.

    Raises:
        sim.errors.InputError: of building the session.
    """

    def __init__(self, make: Callable[[], Session], show: Callable[[View], None]) -> None:
        self._make, self._show = make, show
        self._commands: queue.Queue[Any] = queue.Queue(MOST_WAITING)
        self._begun, self.ended = threading.Event(), threading.Event()
        self.error: BaseException | None = None
        """What ended the thread, if anything did."""
        self._thread = threading.Thread(target=self._live, name="studio", daemon=True)
        self._thread.start()
        self._begun.wait()
        self._raise()

    def put(self, message: Any) -> bool:
        """Hand a command over, from any thread; false where too many wait already."""
        try:
            self._commands.put_nowait(message)
        except queue.Full:
            return False
        return True

    def close(self) -> None:
        """Finish the dataset and end the thread; what was asked for before is dropped.

        Raises:
            BaseException: what ended the thread before.
        """
        self._stopping = True
        self.put(_WAKE)
        self._thread.join()
        self._raise()

    _stopping = False

    def _raise(self) -> None:
        if self.error is not None:
            raise self.error

    def _live(self) -> None:
        try:
            session = self._make()
            self._begun.set()
            try:
                self._run(session)
            finally:
                session.close()
        except BaseException as error:
            self.error = error
        finally:
            self._begun.set()
            self.ended.set()

    def _run(self, session: Session) -> None:
        due: float | None = None
        shown: View | None = None
        while True:
            if session.view is not shown:
                shown = session.view
                self._show(shown)
            try:
                message = self._commands.get(timeout=None if due is None else max(0.0, due - monotonic()))
            except queue.Empty:
                assert due is not None
                delay = session.tick()
                # At the pace of the clock; a piece that took longer doesn't make the next ones hurry.
                due = None if delay is None else max(due + delay, monotonic())
                continue
            if self._stopping:
                return
            first = session.handle(message)
            if first is not None:
                due = monotonic() + first


_WAKE = object()
