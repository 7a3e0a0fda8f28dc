"""Files that are whole or absent, and are read only as far as they may be large."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from sim.errors import InputError


class DamagedFile(InputError):
    """A file that cannot be what it should be. The message names it and what is wrong with it."""


class SpecialFile(InputError):
    """A place to write to where a device, a pipe or a socket lies."""


def refuse_special(path: Path) -> None:
    """Refuse to write a file where something lies that is neither file, folder nor link.

    Raises:
        SpecialFile: as `/dev/null` is, which everybody needs: a container's root may rename files over it.
    """
    with contextlib.suppress(OSError):
        mode = os.lstat(path).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode)):
            raise SpecialFile(f"{path}: a device, a pipe or a socket; expected a file to write to")


def real_place(path: Path | str) -> Path:
    """Where a path leads to, as `Path.resolve` says; links in a loop lead nowhere, not to an error."""
    return Path(os.path.realpath(path))


def write_atomic(path: Path, chunks: Iterable[bytes | memoryview]) -> None:
    """Write `chunks` to `path` by way of a temporary name, so that a kill at any moment leaves the old file or the new.

    The temporary name holds chance, so that two writers never share one, on whatever machines they are. Data
    reach the disk before the name does, and the folder's entry after.

    Raises:
        SpecialFile: a device, a pipe or a socket lies there, which a rename would put away for all.
        OSError: the disk is full, or `path` may not be written; it carries `path` as its file name.
    """
    if not path.name:  # the root, or `.`
        raise IsADirectoryError(errno.EISDIR, "Is a directory", str(path))
    refuse_special(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        with open(temporary, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None:
            # A write that fails names no file, and the temporary one means nothing to the reader.
            error.filename, error.filename2 = str(path), None
        raise
    if os.name != "posix":  # a folder cannot be opened elsewhere
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def remove_temporaries(folder: Path) -> None:
    """Delete what writers that were killed left behind; only safe while no other writer is at work there."""
    for left in folder.glob(".*.tmp"):
        left.unlink(missing_ok=True)


def json_bytes(content: object) -> bytes:
    """Readable JSON with sorted keys and a final newline."""
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def file_size(path: Path, most: int) -> int:
    """Bytes of a regular file.

    A named pipe or a device is refused before it is opened, as opening one can wait forever.

    Raises:
        FileNotFoundError: no such file.
        DamagedFile: not a regular file, or more than `most` bytes.
    """
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        raise DamagedFile(f"{path}: not a regular file")
    if found.st_size > most:
        raise DamagedFile(f"{path}: {found.st_size} bytes; expected {most} at most")
    return found.st_size


def read_bounded(path: Path, most: int) -> bytes:
    """The content of a regular file of at most `most` bytes; see `file_size`."""
    file_size(path, most)
    with open(path, "rb") as file:
        return file.read(most)


def checksum(arrays: Mapping[str, np.ndarray], text: str) -> str:
    """SHA-256 over `text` and every array's name, type, shape and bytes."""
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"\n{name} {array.dtype.name} {array.shape}\n".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
