"""Imported objects as a split of their own, for tasks to be drawn from."""

from __future__ import annotations

from pathlib import Path

from robo_meta.objects.library import read_library
from robo_meta.objects.sources import slug
from sim.shapes.families import register_meshes


def register_library(folder: Path | str) -> str:
    """Register the accepted objects of a library as families of one split.

    Args:
        folder: as `robo-meta objects import` makes it.

    Returns:
        The split's name: that of the folder, in lower-case words with hyphens.

    Raises:
        robo_meta.objects.object_file.LibraryError: missing, unfinished, altered, or without an accepted object.
        sim.shapes.family.FamilyError: a shipped split is called so.

    Example:
        >>> register_library("mine")  # doctest: +SKIP
        'mine'
    """
    place = Path(folder)
    group = slug(place.resolve().name)
    register_meshes(read_library(place), group=group)
    return group
