"""A function in a process of its own, with limits of time and memory: what hangs, crashes or swells is ended there.

When the parent dies, however it dies, the child ends too. What a child answers is JSON: it has read a stranger's
files, so nothing that it says is taken for more than numbers and words.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from robo_meta.objects import nursery
from sim.errors import InputError

FORKS = sys.platform == "linux"
"""Whether children are forked from a process that has the libraries loaded. Elsewhere libraries don't bear that."""
GRACE = 300.0
"""s in which that process may start and answer, besides its child's time."""
_START = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from robo_meta.objects.nursery import main; main()"


class ChildStopped(InputError):
    """The child brought no result. The message says why in plain words."""


class ChildUnfinished(ChildStopped):
    """It was not what the child worked on, or not for certain: another try may succeed."""


class ChildTimeout(ChildUnfinished):
    """It took longer than it may."""


def run_in_child(
    function: Callable[..., Any], *arguments: Any, seconds: float, memory: int, forks: bool = FORKS
) -> Any:
    """The result of `function(*arguments)`, computed in another process.

    Args:
        function: of a module, so that the child finds it by its name; what it returns travels as JSON.
        arguments: what can be pickled.
        seconds: after which the child is killed; of processor time where it is forked, so that what becomes of an
            object doesn't depend on what else the machine does.
        memory: bytes of address space that it may have; only where the operating system can limit it.
        forks: whether the child is forked from a process that stays for the next one.

    Raises:
        ChildTimeout: not done in time.
        ChildUnfinished: a crash, or memory that ran out without a word.
        ChildStopped: an exception of any kind.
    """
    request = pickle.dumps((function, arguments))
    if nursery.inside():
        answer = nursery.forked(request, seconds, memory)
    elif forks:
        with _lock:
            answer = _kept().ask(request, seconds, memory, nursery.IDLE * seconds + GRACE)
    else:
        process = _Nursery(forks=False)
        try:
            answer = process.ask(request, seconds, memory, seconds)
        finally:
            process.end()
    if answer == nursery.LATE:
        raise ChildTimeout(f"not done within {seconds:g} s")
    try:
        fine, result = json.loads(answer)
    except (ValueError, TypeError, RecursionError):
        raise ChildUnfinished("a library for meshes crashed on it, or its share of memory ran out") from None
    if not fine:
        raise ChildStopped(str(result))
    return result


class _Nursery:
    """The process that children come from, seen from its parent."""

    def __init__(self, forks: bool) -> None:
        self.owner = os.getpid()
        paths = json.dumps([path or os.getcwd() for path in sys.path])
        # One thread: objects are what is done side by side.
        own = {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")}
        command = [sys.executable, "-c", _START, paths, "forks" if forks else "once"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=own)

    def ask(self, request: bytes, seconds: float, memory: int, patience: float) -> bytes:
        """What a child answers to a pickled function and its arguments; nothing where it died.

        Whatever goes wrong meanwhile, the process and its children are ended.
        """
        assert self.process.stdin is not None and self.process.stdout is not None
        late = threading.Event()

        def lose_patience() -> None:
            late.set()
            self.process.kill()

        timer = threading.Timer(patience, lose_patience)
        timer.daemon = True
        timer.start()
        answer: bytes | None = None
        try:
            with contextlib.suppress(BrokenPipeError):
                nursery.send(self.process.stdin, pickle.dumps((request, seconds, memory)))
                answer = nursery.receive(self.process.stdout)
        finally:
            timer.cancel()
            if answer is None:
                self.end()
        return nursery.LATE if late.is_set() else answer or b""

    def end(self) -> None:
        """End the process, and with it its children."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()


def _kept() -> _Nursery:
    """The one of this process; not that of another which it was forked from."""
    global _nursery
    if _nursery is None or _nursery.owner != os.getpid() or _nursery.process.poll() is not None:
        _nursery = _Nursery(forks=True)
        atexit.register(_nursery.end)
    return _nursery


_nursery: _Nursery | None = None
_lock = threading.Lock()
