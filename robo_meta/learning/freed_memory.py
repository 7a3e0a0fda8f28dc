"""What a training step frees is kept for the next one."""

from __future__ import annotations

import ctypes
from functools import cache

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Of `mallopt` in glibc's `malloc.h`."""
KEPT, LARGEST = 1 << 30, 1 << 25
"""Bytes: free memory that isn't given back, and the largest piece (32 MB, the most that glibc takes) of which that is
true."""


@cache
def keep_freed_memory() -> None:
    """Have the C library keep freed memory instead of giving it back to the system.

    A step works on some dozens of arrays of a few megabytes. Given back after each step, every page of them is fetched
    and cleared anew in the next, which took a sixth of a step. Where the C library is another one, nothing happens.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):
        return
    mallopt(M_MMAP_THRESHOLD, LARGEST)
    mallopt(M_TRIM_THRESHOLD, KEPT)
