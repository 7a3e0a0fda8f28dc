"""The objects of the split `real-objects` as families, read when they are first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from sim.records import FrozenMapping
from sim.shapes.mesh_family import MeshFamily
from sim.shapes.real_objects.frozen import CHECKSUM, FAMILIES

SPLIT = "real-objects"
PREFIX = f"{SPLIT}-"
"""Of its families' names: the object `fork` is the family `real-objects-fork`."""
FILE = Path(__file__).with_name("objects.npz")


@cache  # reading takes some 50 ms, which nobody should wait for who names other splits
def real_families() -> Mapping[str, MeshFamily]:
    """Name → family, in the order that tasks are drawn by.

    Raises:
        MeshFileError: the file is missing, damaged or altered.
    """
    return read_families(FILE, CHECKSUM, FAMILIES)


def real_names() -> tuple[str, ...]:
    """Names of the families, once they can be read.

    Raises:
        MeshFileError: the file is missing, damaged or altered.
    """
    return tuple(real_families())


def read_families(path: Path, checksum: str, names: tuple[str, ...]) -> Mapping[str, MeshFamily]:
    """The families `names` of the objects in a file.

    Args:
        path: as `sim.shapes.mesh_file` writes it.
        checksum: what it must have.
        names: which families it must hold, in this order.

    Raises:
        MeshFileError: missing, damaged, altered, or of other objects.
    """
    # Imported here: reading compressed files takes 20 ms to load, and everybody imports the names above.
    from sim.shapes.mesh_file import ADVICE, MeshFileError, read_meshes

    found = {f"{PREFIX}{shape.name}": shape for shape in read_meshes(path, checksum)}
    if tuple(found) != names:
        raise MeshFileError(f"{path}: other objects than those of its release; {ADVICE}")
    return FrozenMapping({name: MeshFamily(name, SPLIT, shape) for name, shape in found.items()})
