"""The one door to libraries that come with an extra of this package: imported where they are needed, or named."""

from __future__ import annotations

import importlib
from typing import Any

from sim.errors import InputError


class LibraryMissing(InputError):
    """A library that comes with an extra is not installed."""


def library(name: str, purpose: str, extra: str) -> Any:
    """The module `name` of a library that is not among those that everybody has.

    Args:
        name: such as `h5py` or `pyarrow.parquet`.
        purpose: what needs it, as the message begins.
        extra: of this package, which brings it.

    Raises:
        LibraryMissing: it isn't installed.

    Example:
        >>> library("json.decoder", "reading notes", "notes").__name__
        'json.decoder'
        >>> try:
        ...     library("no_such_thing.at_all", "reading notes", "notes")
        ... except LibraryMissing as error:
        ...     print(error)
        reading notes needs no_such_thing, which is missing; pip install "robo-meta[notes]"
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise LibraryMissing(
            f'{purpose} needs {package}, which is missing; pip install "robo-meta[{extra}]"'
        ) from error
