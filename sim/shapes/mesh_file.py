"""Several imported objects in one compressed file that comes with the package. Needs only numpy.

The file is an `npz` without pickle: the arrays of `sim.objects.mesh_arrays.LAYOUT`, of all objects one after another,
and `record`, the rest as JSON in UTF-8. 32-bit floats hold what a library of imported objects holds bit for bit, so
that what is read is played exactly as what was written.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import InputError
from sim.objects.mesh_arrays import LAYOUT, pack, unpack
from sim.objects.meshes import Division, MeshError, MeshShape
from sim.records import FrozenMapping

RECORD = "record"
MOST_BYTES = 5_000_000
"""Of a file: what may come with the package."""
ADVICE = "install robo_meta again"


class MeshFileError(InputError):
    """A file of objects that is missing, damaged or altered, or objects that it can't hold."""


def mesh_file_bytes(shapes: Sequence[MeshShape]) -> bytes:
    """The content of a file of `shapes`; the same shapes give the same bytes.

    Raises:
        MeshFileError: numbers that 32 bits don't hold, or more than may come with the package.
    """
    record = [
        {
            "name": shape.name,
            "surface": shape.surface,
            "scale": shape.scale,
            "licence": shape.licence,
            "pieces": len(shape.pieces),
            "divisions": [
                {"where": d.where, "refusals": dict(sorted(d.refusals.items())), "slots": len(d.meshes)}
                for d in shape.divisions
            ],
        }
        for shape in shapes
    ]
    meshes = [mesh for shape in shapes for division in shape.divisions for mesh in division.meshes]
    text = json.dumps(record, sort_keys=True, allow_nan=False).encode()
    arrays: dict[str, Any] = pack(meshes, [piece for shape in shapes for piece in shape.pieces])
    arrays[RECORD] = np.frombuffer(text, dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    raw = buffer.getvalue()
    if len(raw) > MOST_BYTES:
        raise MeshFileError(f"{len(raw) / 1e6:.1f} MB of objects; expected {MOST_BYTES / 1e6:g} MB at most")
    for shape, kept in zip(shapes, _shapes(raw), strict=True):
        if kept.fingerprint != shape.fingerprint:
            raise MeshFileError(f"object {shape.name!r} has numbers that 32 bits don't hold")
    return raw


def checksum(raw: bytes) -> str:
    """SHA-256 of a file's content."""
    return hashlib.sha256(raw).hexdigest()


def read_meshes(path: Path, expected_checksum: str) -> tuple[MeshShape, ...]:
    """The objects in a file, in its order.

    Args:
        path: the file.
        expected_checksum: what `checksum` gave when it was written.

    Raises:
        MeshFileError: missing, damaged or altered.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise MeshFileError(f"{path}: missing; {ADVICE}") from None
    if checksum(raw) != expected_checksum:
        raise MeshFileError(f"{path}: damaged or altered: its checksum is not that of its release; {ADVICE}")
    try:
        return _shapes(raw)
    except (MeshError, KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise MeshFileError(f"{path}: no file of objects ({type(error).__name__}); {ADVICE}") from error


def _shapes(raw: bytes) -> tuple[MeshShape, ...]:
    with np.load(io.BytesIO(raw), allow_pickle=False) as content:
        record: list[Mapping[str, Any]] = json.loads(content[RECORD].tobytes())
        bodies = unpack({name: content[name].astype(kind) for name, (kind, _) in LAYOUT.items()})
    said = sum(division["slots"] for entry in record for division in entry["divisions"])
    if (said, sum(entry["pieces"] for entry in record)) != (len(bodies.meshes), len(bodies.pieces)):
        raise MeshError("other numbers of meshes and pieces than its record says")
    meshes, pieces = iter(bodies.meshes), iter(bodies.pieces)
    return tuple(
        MeshShape(
            name=entry["name"],
            divisions=tuple(
                Division(
                    tuple(islice(meshes, division["slots"])),
                    division["where"],
                    FrozenMapping(division["refusals"]),
                )
                for division in entry["divisions"]
            ),
            pieces=tuple(islice(pieces, entry["pieces"])),
            surface=entry["surface"],
            scale=entry["scale"],
            licence=entry["licence"],
        )
        for entry in record
    )
