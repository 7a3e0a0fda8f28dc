"""The one thread that the session lives in: PyBullet is no friend of threads, and pages call from many."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

from robo_meta.studio.pace import Ended, Nothing, live
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
                live(session, self._receive, self._show)
            finally:
                session.close()
        except BaseException as error:
            self.error = error
        finally:
            self._begun.set()
            self.ended.set()

    def _receive(self, timeout: float | None) -> Any:
        try:
            message = self._commands.get(timeout=timeout)
        except queue.Empty:
            raise Nothing from None
        if self._stopping:
            raise Ended
        return message


_WAKE = object()
