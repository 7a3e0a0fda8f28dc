"""Importing the modules that own strategies lie in."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


@contextmanager
def importable(folder: str | None) -> Iterator[None]:
    """`folder` stands first on the import path while the block runs."""
    if folder is None:
        yield
        return
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        with suppress(ValueError):
            sys.path.remove(folder)


def import_folder(module: Any) -> Path | None:
    """The folder that must be on the import path for `module`; None for `__main__` and modules without a file."""
    file = getattr(module, "__file__", None)
    if file is None or module.__name__ == "__main__":
        return None
    depth = module.__name__.count(".") + (Path(file).name == "__init__.py")
    return Path(file).resolve().parents[depth]


def first_line(error: BaseException) -> str:
    """The first line of an error's message."""
    return (str(error).splitlines() or [""])[0]
