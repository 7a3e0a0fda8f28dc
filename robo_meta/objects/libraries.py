"""The door to the libraries for meshes, which come with an extra of this package."""

from __future__ import annotations

import importlib
from typing import Any

from sim.errors import InputError

EXTRA = 'pip install "robo-meta[meshes]"'
LIBRARIES = ("trimesh", "manifold3d", "coacd", "fast_simplification", "skimage", "networkx")
"""What importing needs."""


class LibraryMissing(InputError):
    """A library for meshes is not installed."""


def mesh_library(name: str) -> Any:
    """The module `name`, such as `trimesh` or `skimage.measure`.

    Raises:
        LibraryMissing: it isn't installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise LibraryMissing(f"importing meshes needs {name.partition('.')[0]}, which is missing; {EXTRA}") from error


def require_libraries() -> None:
    """Raise `LibraryMissing` unless everything is there that importing needs."""
    for name in LIBRARIES:
        mesh_library(name)
