"""One writer at a time: a lock on a folder or a file, that goes with its process, however it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sim.errors import InputError, MachineError

LOCK = ".lock"
"""Name of the lock file in a locked folder, and ending of the one beside a locked file. It stays there, empty: the
operating system holds the lock, not the file, so that a process that was killed leaves nothing locked."""


class LockError(InputError):
    """Somebody else is writing there."""


@contextmanager
def sole_writer(place: Path, doing: str) -> Iterator[None]:
    """Hold the only right to write into `place`, a folder that exists or a file that may not exist yet.

    Locks by `filelock`, which knows every operating system; on machines that only train it may be missing, and there
    the same lock is taken by `fcntl`.

    Args:
        place: folder or file.
        doing: what is done there, for the other's message, e.g. `training`.

    Raises:
        LockError: another process has it.
        MachineError: this machine cannot lock files.
    """
    path = place / LOCK if place.is_dir() else place.with_name(f".{place.name}{LOCK}")
    taken = LockError(f"{place}: another process is {doing} into it; wait for it, or write elsewhere")
    try:
        from filelock import FileLock, Timeout
    except ImportError:
        with _posix_lock(path, taken):
            yield
        return
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise taken from None
    except NotImplementedError as error:
        raise MachineError(f"{path}: this file system has no locks; write elsewhere") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _posix_lock(path: Path, taken: LockError) -> Iterator[None]:
    """The lock that `filelock` takes on POSIX systems."""
    try:
        import fcntl
    except ImportError as error:
        raise MachineError("two writers can't be kept apart here; install filelock") from error
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise taken from None
        yield
    finally:
        os.close(handle)
