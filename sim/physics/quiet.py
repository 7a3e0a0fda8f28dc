"""Silence for C code that writes to the process's own streams, past Python's."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def quiet(stream: int) -> Iterator[None]:
    """Throw away what is written to file descriptor `stream` (1 standard output, 2 standard error) meanwhile."""
    of_python = sys.stdout if stream == 1 else sys.stderr
    if of_python is not None:  # as where the process was started without it
        of_python.flush()
    try:
        saved = os.dup(stream)
    except OSError:  # the stream is closed: nothing to silence
        yield
        return
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), stream)
        try:
            yield
        finally:
            os.dup2(saved, stream)
            os.close(saved)
