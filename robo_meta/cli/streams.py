"""A process that was started without standard streams, as `>&-` and some schedulers do, gets empty ones."""

from __future__ import annotations

import os
import sys


def open_streams() -> None:
    """See to it that file descriptors 0, 1 and 2 are open. The next file that is opened would take a missing number,
    and what PyBullet prints, or silencing it, would go into a file of data."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 for good
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 for good
