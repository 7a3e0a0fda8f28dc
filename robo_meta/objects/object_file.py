"""One imported object in an array file, accepted or refused. Needs only numpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demos.storage.array_file import Form, read_array_file, write_array_file
from demos.storage.schema import (
    SHA256,
    ListOf,
    Maybe,
    Number,
    Plain,
    Record,
    TableOf,
    Text,
    Unfit,
    Whole,
)
from robo_meta.objects.packing import LAYOUT, pack, unpack
from sim.errors import InputError
from sim.objects.meshes import SURFACES, Division, MeshError, MeshShape
from sim.records import FrozenMapping
from sim.tasks.scenes import INTENTIONS

SCHEMA = "1"
INDEX, OBJECTS, PREPARED = "library.json", "objects", "prepared"
_SLUG = r"[a-z0-9][a-z0-9-]*"
ADVICE = "import again"


class LibraryError(InputError):
    """A library that is missing, unfinished or altered."""


OBJECT = Form(
    name="imported object",
    schema=SCHEMA,
    record=Record(
        {
            "name": Text(pattern=_SLUG),
            "source": Text(pattern=SHA256),
            "options": TableOf(Plain()),
            "accepted": ListOf(Text(allowed=INTENTIONS)),
            "reason": Text(),
            "notes": ListOf(Text()),
            "unit": Text(),
            "licence": Text(),
            "surface": Maybe(Text(allowed=SURFACES)),
            "scale": Number(0),
            "divisions": ListOf(Record({"where": Text(), "refusals": TableOf(Text()), "slots": Whole(0)}), most=100),
        },
        optional={"seconds": Number(0)},
    ),
    error=LibraryError,
    advice=ADVICE,
    layout=LAYOUT,
)
"""One object. Of divisions that serve for nothing no mesh is kept (`slots` 0) beside some that serve. Libraries
of before hold the `seconds` that importing took, which made two imports of one object two objects."""


@dataclass(frozen=True)
class Outcome:
    """What came of importing one object."""

    name: str
    """Lower-case words with hyphens."""
    accepted: tuple[str, ...]
    """Intentions that it serves for; none for an object that is refused."""
    reason: str
    """Why not for more, in plain words; empty where it serves for all."""
    scale: float
    """What its file's lengths were multiplied by, its unit apart; 0 where it wasn't read."""
    unit: str
    """Of its file's lengths; empty where it wasn't read."""
    surface: str
    """`flat` or `curved`; empty where it wasn't read."""
    pieces: int
    """Convex pieces."""
    divisions: tuple[str, ...]
    """How it may be of two materials."""
    seconds: float = field(compare=False)
    """That importing it took; 0 where it was read from a library, as no time is kept there."""
    notes: tuple[str, ...]
    """What was guessed, mended, or done otherwise than usual."""
    checksum: str
    """Of its file."""


def object_file(folder: Path, name: str) -> Path:
    """Where an object lies in a library."""
    return folder / OBJECTS / f"{name}.safetensors"


def write_object(
    folder: Path,
    name: str,
    shape: MeshShape | None,
    about: Mapping[str, Any],
) -> str:
    """Write an object, or with no shape that it was refused; returns the file's checksum.

    Args:
        folder: of the library.
        name: of the object.
        shape: with every division that was judged.
        about: `source`, `options`, `accepted`, `reason`, `notes` and `unit` of the record.
    """
    divisions = () if shape is None else shape.divisions
    keep = {d.where for d in divisions if len(d.refusals) < len(INTENTIONS)} or {d.where for d in divisions}
    kept = [division for division in divisions if division.where in keep]
    record = {
        **about,
        "name": name,
        "licence": "" if shape is None else shape.licence,
        "surface": None if shape is None else shape.surface,
        "scale": 0.0 if shape is None else shape.scale,
        "divisions": [
            {"where": d.where, "refusals": dict(d.refusals), "slots": len(d.meshes) if d.where in keep else 0}
            for d in divisions
        ],
    }
    OBJECT.record.check(record, "record")
    arrays = pack([mesh for division in kept for mesh in division.meshes], () if shape is None else shape.pieces)
    return write_array_file(object_file(folder, name), OBJECT, record, arrays)


def read_outcome(path: Path) -> tuple[Outcome, Mapping[str, Any]]:
    """What came of an object, and the whole record of its file.

    Raises:
        LibraryError: missing or altered.
    """
    content = read_array_file(path, OBJECT)
    record = content.record
    outcome = Outcome(
        name=record["name"],
        accepted=tuple(record["accepted"]),
        reason=record["reason"],
        scale=record["scale"],
        unit=record["unit"],
        surface=record["surface"] or "",
        pieces=len(content.arrays["piece_corners"]),
        divisions=tuple(division["where"] for division in record["divisions"]),
        seconds=0.0,
        notes=tuple(record["notes"]),
        checksum=content.checksum,
    )
    return outcome, record


def read_shape(path: Path, expected_checksum: str | None = None) -> MeshShape:
    """The object in a file, with the divisions whose meshes were kept.

    Args:
        path: the file.
        expected_checksum: what the library's index says of it.

    Raises:
        LibraryError: missing, altered, another than the index says, or of an object that couldn't be read.
    """
    content = read_array_file(path, OBJECT)
    record = content.record
    if expected_checksum not in (None, content.checksum):
        raise LibraryError(f"{path}: not the file that {INDEX} lists; {ADVICE}")
    try:
        bodies = unpack(content.arrays)
        divisions, at = [], 0
        for entry in record["divisions"]:
            meshes = bodies.meshes[at : at + entry["slots"]]
            if len(meshes) != entry["slots"]:
                raise Unfit(f"{len(bodies.meshes)} meshes; its record says more")
            at += entry["slots"]
            if meshes:
                divisions.append(Division(meshes, entry["where"], FrozenMapping(entry["refusals"])))
        if at != len(bodies.meshes):
            raise Unfit(f"{len(bodies.meshes)} meshes; its record says {at}")
        return MeshShape(
            name=record["name"],
            divisions=tuple(divisions),
            pieces=bodies.pieces,
            surface=record["surface"] or "",
            scale=record["scale"],
            licence=record["licence"],
        )
    except (Unfit, MeshError) as error:
        raise LibraryError(f"{path}: damaged ({error}); {ADVICE}") from error
