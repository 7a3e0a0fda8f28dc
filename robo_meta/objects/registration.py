"""Imported objects as a split of their own, for tasks to be drawn from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from demos.storage.files import real_place
from robo_meta.objects.library import library_checksum, read_library
from robo_meta.objects.sources import slug
from sim.errors import InputError
from sim.shapes.families import register_meshes


class LibrariesError(InputError):
    """Libraries that don't go together."""


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
    group = slug(real_place(place).name)
    register_meshes(read_library(place), group=group, library=library_checksum(place))
    return group


def register_libraries(folders: Sequence[Path | str]) -> str:
    """Register the accepted objects of several libraries as families of one split, so that tasks show them together.

    Args:
        folders: as `robo-meta objects import` makes them; one is as for `register_library`.

    Returns:
        The split's name: those of the folders, joined by `-and-`.

    Raises:
        LibrariesError: none, one that is named twice, or two that have an object of one name.
        robo_meta.objects.object_file.LibraryError: missing, unfinished, altered, or without an accepted object.
        sim.shapes.family.FamilyError: a shipped split is called so.

    Example:
        >>> register_libraries(["mine", "yours"])  # doctest: +SKIP
        'mine-and-yours'
    """
    places = [Path(folder) for folder in folders]
    if not places or len({real_place(place) for place in places}) < len(places):
        raise LibrariesError(
            f"objects {' '.join(map(str, places)) or 'of no library'}; expected one or more, each once"
        )
    if len(places) == 1:
        return register_library(places[0])
    shapes, owner = [], dict[str, Path]()
    for place in places:
        for shape in read_library(place):
            if shape.name in owner:
                raise LibrariesError(f"{owner[shape.name]} and {place} both hold {shape.name!r}; use them apart")
            owner[shape.name] = place
            shapes.append(shape)
    group = "-and-".join(slug(real_place(place).name) for place in places)
    joined = hashlib.sha256("".join(map(library_checksum, places)).encode()).hexdigest()
    register_meshes(shapes, group=group, library=joined)
    return group
