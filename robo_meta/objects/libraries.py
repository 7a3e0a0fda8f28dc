"""The libraries for meshes, which come with an extra of this package."""

from __future__ import annotations

from functools import partial

from sim.libraries import library

LIBRARIES = ("trimesh", "manifold3d", "coacd", "fast_simplification", "skimage", "networkx")
"""What importing needs."""
mesh_library = partial(library, purpose="importing meshes", extra="meshes")
"""The module of the name, such as `trimesh` or `skimage.measure`; `LibraryMissing` where it isn't installed."""


def require_libraries() -> None:
    """Raise `sim.libraries.LibraryMissing` unless everything is there that importing needs."""
    for name in LIBRARIES:
        mesh_library(name)
