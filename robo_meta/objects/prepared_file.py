"""Prepared objects on disk, so that another scale or other rules need no second decomposition.

Nothing is rounded: an import that was stopped in between and goes on from such a file ends with the same bytes as one
that was not. Rounded corners give other planes, and with them other cuts.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from demos.storage.array_file import Form, read_array_file, write_array_file
from demos.storage.schema import SHA256, ListOf, Number, Plain, Record, TableOf, Text, Unfit
from robo_meta.objects.object_file import PREPARED, SCHEMA, LibraryError
from robo_meta.objects.packing import EXACT_LAYOUT, pack, unpack
from robo_meta.objects.preparing import Prepared

PREPARED_OBJECT = Form(
    name="prepared object",
    schema=SCHEMA,
    record=Record(
        {
            "source": Text(pattern=SHA256),
            "options": TableOf(Plain()),
            "cut": ListOf(Number(0, 1)),
            "scale": Number(0),
            "unit": Text(),
            "licence": Text(),
            "notes": ListOf(Text()),
        }
    ),
    error=LibraryError,
    advice="import again",
    layout=EXACT_LAYOUT,
)


def prepared_file(folder: Path, name: str) -> Path:
    """Where a prepared object lies in a library."""
    return folder / PREPARED / f"{name}.safetensors"


def write_prepared(path: Path, prepared: Prepared, source: str, options: Mapping[str, Any]) -> None:
    """Write a prepared object with what it was made of: the checksum of its source, and options."""
    record = {
        "source": source,
        "options": dict(options),
        "cut": list(prepared.cut),
        "scale": prepared.scale,
        "unit": prepared.unit,
        "licence": prepared.licence,
        "notes": list(prepared.notes),
    }
    arrays = pack([prepared.whole, *prepared.slots], prepared.pieces, EXACT_LAYOUT)
    write_array_file(path, PREPARED_OBJECT, record, arrays)


def read_prepared(path: Path, source: str, options: Mapping[str, Any]) -> Prepared | None:
    """The prepared object in a file; None for one that is missing, damaged, or made of something else."""
    try:
        record, arrays, _ = read_array_file(path, PREPARED_OBJECT)
        bodies = unpack(arrays)
    except (LibraryError, Unfit):
        return None
    if record["source"] != source or record["options"] != dict(options) or not bodies.meshes or not bodies.pieces:
        return None
    return Prepared(
        whole=bodies.meshes[0],
        slots=bodies.meshes[1:],
        pieces=bodies.pieces,
        cut=tuple(record["cut"]),
        scale=record["scale"],
        unit=record["unit"],
        licence=record["licence"],
        notes=tuple(record["notes"]),
    )
