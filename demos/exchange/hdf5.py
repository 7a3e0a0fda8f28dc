"""What the two formats that are HDF5 files share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from demos.exchange.meaning import ExchangeError
from sim.errors import InputError
from sim.libraries import library

RECORD = "robo_meta"
"""Attribute of an episode's group: its record, JSON."""
LONGEST_CHUNK = 2**22
"""Bytes: pictures of several steps are packed together up to this."""


@contextmanager
def opened(path: Path, what: str) -> Iterator[Any]:
    """The HDF5 file at `path`, to read.

    Raises:
        ExchangeError: no such file, a damaged one, or something in it that isn't what it should be.
    """
    h5py = library("h5py", what, "data")
    if not path.is_file():
        raise ExchangeError(f"{path}: no such file; expected {what}")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except InputError:
        raise
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise ExchangeError(f"{path}: damaged, or not {what}: {' '.join(str(error).split())}") from error


def packed(group: Any, name: str, rows: np.ndarray) -> Any:
    """A compressed dataset of (T, …) rows, whose first axis may grow."""
    steps = max(1, min(len(rows), LONGEST_CHUNK // max(1, rows[:1].nbytes)))
    return group.create_dataset(
        name,
        data=rows,
        chunks=(steps, *rows.shape[1:]),
        maxshape=(None, *rows.shape[1:]),
        compression="gzip",
        compression_opts=4,
        shuffle=rows.dtype.itemsize > 1,
    )


def text_of(value: Any) -> str | None:
    """A text that HDF5 holds, as an attribute or a scalar."""
    if value is None:
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return str(value)


def floats(dataset: Any) -> np.ndarray:
    """All of a dataset, float32."""
    return np.asarray(dataset[()], dtype=np.float32)
