"""The door to the libraries that write and read other formats, which come with an extra of this package."""

from __future__ import annotations

import importlib
from typing import Any

from demos.exchange.meaning import ExchangeError

EXTRA = 'pip install "robo-meta[data]"'


def data_library(name: str, purpose: str) -> Any:
    """The module `name`, such as `h5py` or `pyarrow.parquet`.

    Raises:
        ExchangeError: it isn't installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ExchangeError(f"{purpose} needs {name.partition('.')[0]}, which is missing; {EXTRA}") from error
