"""The process that children are forked from: it has the libraries for meshes loaded, and nothing of any object.

It runs one function after another, each in a fork with limits of its own, and ends when its parent does. A fork may
ask for forks of its own, as CoACD may have less time and memory than the import of the object that needs it.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import pickle
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from robo_meta.objects.libraries import LIBRARIES
from sim.errors import InputError

LATE = b"late"
"""Instead of an answer."""
LARGEST_ANSWER = 64_000_000
"""Bytes."""
IDLE = 10.0
"""Times its limit of processor time that a fork may last, so that one that waits for ever is ended too."""
GLANCE = 0.2
"""s between looks at how much time a fork has had."""
LOADED = (
    *LIBRARIES,
    "skimage.measure",
    "trimesh.exchange.load",
    "trimesh.poses",
    "trimesh.smoothing",
    "scipy.optimize",
    "scipy.spatial",
    "shapely",
    "robo_meta.objects.importer",
)
"""What takes long to load, and is used for most objects."""
_PR_SET_PDEATHSIG = 1
_inside = False


def inside() -> bool:
    """Whether this process is a nursery or was forked by one."""
    return _inside


def main() -> None:
    """What the process does: read requests, have each done, answer."""
    answers = os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.argv[2] == "once":
        request, _, memory = pickle.loads(receive(sys.stdin.buffer) or b"")
        threading.Thread(target=_die_with_parent, daemon=True).start()
        send(answers, _answer(request, memory))
        os._exit(0)
    global _inside
    _inside = True
    for name in LOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    while (raw := receive(sys.stdin.buffer)) is not None:
        request, seconds, memory = pickle.loads(raw)
        send(answers, forked(request, seconds, memory, sys.stdin.fileno()))
    os._exit(0)


def forked(request: bytes, seconds: float, memory: int, parent: int | None = None) -> bytes:
    """What a fork of this process answers to a request; `LATE` after `seconds`, and what there is of it where it dies.

    Args:
        request: a pickled function and its arguments.
        seconds: of processor time after which it is killed, those of its own forks included: what becomes of an object
            must not depend on what else the machine does.
        memory: bytes of address space that it may have.
        parent: a pipe that ends when nobody waits for the answer any more.
    """
    own = os.getpid()
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os.close(out)
            _die_with(own)
            with os.fdopen(into, "wb") as pipe:
                pipe.write(_answer(request, memory))
        os._exit(0)
    os.close(into)
    try:
        found = b"".join(_read(out, child, seconds, parent))
    except TimeoutError:
        found = LATE
    finally:
        os.close(out)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return found


def send(pipe: BinaryIO | Any, content: bytes) -> None:
    """Write bytes with their number before them."""
    pipe.write(len(content).to_bytes(8, "little") + content)
    pipe.flush()


def receive(pipe: BinaryIO | Any) -> bytes | None:
    """What was sent; None where the pipe ended before."""
    head = pipe.read(8)
    count = int.from_bytes(head, "little")
    if len(head) < 8 or count > LARGEST_ANSWER:
        return None
    content = pipe.read(count)
    return content if len(content) == count else None


def _read(pipe: int, child: int, seconds: float, parent: int | None) -> Iterator[bytes]:
    """What comes through a pipe from a child until it ends.

    Raises:
        TimeoutError: its time is up.
    """
    total, end = 0, time.monotonic() + IDLE * seconds
    while True:
        ready, _, _ = select.select([pipe, *([] if parent is None else [parent])], [], [], GLANCE)
        if parent in ready:
            os._exit(1)
        if pipe in ready:
            block = os.read(pipe, 1 << 20)
            total += len(block)
            if not block or total > LARGEST_ANSWER - 100:
                return
            yield block
        elif time.monotonic() > end or _processor_time(child) > seconds:
            raise TimeoutError


def _processor_time(process: int) -> float:
    """s that a process and those of its children that have ended have computed."""
    with open(f"/proc/{process}/stat", "rb") as file:
        # The second field is a name, in brackets.
        fields = file.read().rsplit(b")", 1)[1].split()
    return sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def _answer(request: bytes, memory: int) -> bytes:
    """Run a function within limits: whether all went well, and what it returned or why it did not, as JSON."""
    _limit_memory(memory)
    try:
        function, arguments = _unpickled(request)
        answer = json.dumps((True, function(*arguments)))
    except MemoryError:
        answer = json.dumps((False, "needs more memory than one object may take"))
    except InputError as error:
        answer = json.dumps((False, " ".join(str(error).split())))
    except Exception as error:
        # Whatever a library makes of a stranger's file is that object's trouble and no other's.
        told = f"a library for meshes fails on it ({type(error).__name__}: {_short(error)})"
        answer = json.dumps((False, told))
    return answer.encode()


def _unpickled(request: bytes) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    # From the process that started this one, and written before any object was read.
    function, arguments = pickle.loads(request)
    return function, arguments


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 120 else f"{text[:117]}…"


def _limit_memory(memory: int) -> None:
    try:
        import resource
    except ImportError:  # an operating system without such limits
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _die_with(parent: int) -> None:
    """Have this fork killed when the process `parent` that it was forked from ends, however that ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _die_with_parent() -> None:
    """The pipe ends when the parent does."""
    sys.stdin.buffer.read()
    os._exit(1)
