"""A function in a process of its own, with limits of time and memory: what hangs, crashes or swells is ended there.

The child holds nothing of its parent but two pipes; when the parent dies, however it dies, the child ends too.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, BinaryIO, TypeVar

from sim.errors import InputError

Result = TypeVar("Result")
_START = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from robo_meta.objects.child import main; main()"


class ChildStopped(InputError):
    """The child brought no result. The message says why in plain words."""


class ChildTimeout(ChildStopped):
    """It took longer than it may."""


def run_in_child(function: Callable[..., Result], *arguments: Any, seconds: float, memory: int) -> Result:
    """The result of `function(*arguments)`, computed in another process.

    Args:
        function: of a module, so that the child finds it by its name.
        arguments: what can be pickled.
        seconds: after which the child is killed.
        memory: bytes of address space that it may have; only where the operating system can limit it.

    Raises:
        ChildTimeout: not done in time.
        ChildStopped: an exception of any kind, a crash, or memory that ran out.
    """
    command = [sys.executable, "-c", _START, json.dumps([path or os.getcwd() for path in sys.path])]
    # One thread: objects are what is done side by side.
    own = {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")}
    pipe = subprocess.PIPE
    child = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=own)
    late = threading.Event()

    def end() -> None:
        late.set()
        child.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    assert child.stdin is not None and child.stdout is not None
    try:
        with contextlib.suppress(BrokenPipeError):
            _send(child.stdin, (function, arguments, memory))
        answer = child.stdout.read()
    finally:
        timer.cancel()
        child.kill()
        child.wait()
        with contextlib.suppress(BrokenPipeError):
            child.stdin.close()
        child.stdout.close()
    if late.is_set():
        raise ChildTimeout(f"not done within {seconds:g} s")
    try:
        fine, result = pickle.loads(answer)
    except (EOFError, pickle.UnpicklingError):
        raise ChildStopped("a library for meshes crashed on it, or its share of memory ran out") from None
    if not fine:
        raise ChildStopped(result)
    return result


def main() -> None:
    """What the child does: read a function and its arguments, run it, answer."""
    answers = os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    function, arguments, memory = _receive(sys.stdin.buffer)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    _limit_memory(memory)
    try:
        answer = (True, function(*arguments))
    except MemoryError:
        answer = (False, "needs more memory than one object may take")
    except InputError as error:
        answer = (False, " ".join(str(error).split()))
    except Exception as error:
        # Whatever a library makes of a stranger's file is that object's trouble and no other's.
        answer = (False, f"a library for meshes fails on it ({type(error).__name__}: {_short(error)})")
    answers.write(pickle.dumps(answer))
    answers.flush()
    os._exit(0)


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


def _die_with_parent() -> None:
    """The pipe ends when the parent does."""
    sys.stdin.buffer.read()
    os._exit(1)


def _send(pipe: BinaryIO | Any, content: Any) -> None:
    raw = pickle.dumps(content)
    pipe.write(len(raw).to_bytes(8, "little") + raw)
    pipe.flush()


def _receive(pipe: BinaryIO | Any) -> Any:
    return pickle.loads(pipe.read(int.from_bytes(pipe.read(8), "little")))
