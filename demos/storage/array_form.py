"""What a file of arrays must be: the name and version of its format, its record, and its arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from demos.storage.files import DamagedFile
from demos.storage.schema import Kind
from sim.errors import InputError

Layout = Mapping[str, tuple[str, tuple[int | str, ...]]]
"""Array → numpy type and axes; equal letters are equal sizes."""


@dataclass(frozen=True)
class Form:
    """One format of file."""

    name: str
    """What the file is, e.g. `episode`; stored in it."""
    schema: str
    """Version of its content; stored in it. A file of another version is refused."""
    record: Kind
    """What its JSON record must be."""
    error: type[InputError]
    """Raised for a file that does not fit."""
    advice: str
    """What to do then, e.g. `record again`."""
    layout: Layout | None = None
    """Its arrays; None where names and shapes follow from the record, which the reader checks then."""
    largest: int = 2**30
    """Bytes of a file at most."""


def check_layout(shapes: Mapping[str, tuple[str, tuple[int, ...]]], layout: Layout, path: Path) -> None:
    """Compare types and shapes with the layout's."""
    sizes: dict[str, int] = {}
    for name, (dtype, axes) in layout.items():
        if name not in shapes:
            raise DamagedFile(f"{path}: no array {name!r}")
        found, shape = shapes[name]
        expected = tuple(
            sizes.setdefault(axis, size) if isinstance(axis, str) else axis
            for axis, size in zip(axes, shape, strict=False)
        )
        if found != dtype or len(shape) != len(axes) or shape != expected:
            wanted = ", ".join(str(sizes.get(axis, axis) if isinstance(axis, str) else axis) for axis in axes)
            raise DamagedFile(f"{path}: {name} is {found} {shape}, expected {dtype} ({wanted})")
    for name in shapes:
        if name not in layout:
            raise DamagedFile(f"{path}: unknown array {name!r}; expected {', '.join(layout)}")
