"""The folder of imported objects: a file each, and an index with a checksum over all. Needs only numpy.

`library.json` lists what the last import brought in, accepted or refused; `objects/NAME.safetensors` holds the object,
`prepared/NAME.safetensors` what importing it again at another scale or by other rules can start from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from demos.storage.files import DamagedFile, json_bytes, read_bounded, write_atomic
from demos.storage.schema import NAME, SHA256, ListOf, Record, TableOf, Text, Unfit, parse_json
from robo_meta.objects.object_file import (
    ADVICE,
    INDEX,
    OBJECTS,
    SCHEMA,
    LibraryError,
    Outcome,
    object_file,
    read_outcome,
    read_shape,
)
from sim.objects.meshes import MeshShape
from sim.tasks.scenes import INTENTIONS

_INDEX = Record(
    {
        "schema": Text(allowed=(SCHEMA,)),
        "checksum": Text(pattern=SHA256),
        "objects": TableOf(
            Record({"checksum": Text(pattern=SHA256), "accepted": ListOf(Text(allowed=INTENTIONS)), "reason": Text()}),
            keys=Text(pattern=NAME),
        ),
    }
)


def write_index(folder: Path, outcomes: Sequence[Outcome]) -> str:
    """Write the index of a library; returns the checksum over all of it."""
    objects = {
        outcome.name: {"checksum": outcome.checksum, "accepted": list(outcome.accepted), "reason": outcome.reason}
        for outcome in outcomes
    }
    found = _checksum(objects)
    write_atomic(folder / INDEX, [json_bytes({"schema": SCHEMA, "checksum": found, "objects": objects})])
    return found


def read_index(folder: Path) -> dict[str, Any]:
    """The index of a library: `checksum`, and by name the `checksum`, `accepted` and `reason` of each object.

    Raises:
        LibraryError: no library, unfinished, or altered.
    """
    path = folder / INDEX
    if not folder.is_dir():
        raise LibraryError(f"{folder}: no such library; make one with `robo-meta objects import`")
    try:
        index: Any = parse_json(read_bounded(path, 100_000_000))
        _INDEX.check(index, INDEX)
    except FileNotFoundError:
        unfinished = (folder / OBJECTS).is_dir()
        told = "an import that is not finished; give the same command again" if unfinished else "no library of objects"
        raise LibraryError(f"{folder}: {told}") from None
    except (Unfit, DamagedFile) as error:
        raise LibraryError(f"{path}: damaged ({error}); {ADVICE}") from error
    if _checksum(index["objects"]) != index["checksum"]:
        raise LibraryError(f"{path}: altered: its checksum does not fit its content; {ADVICE}")
    return index


def read_library(folder: Path) -> tuple[MeshShape, ...]:
    """The accepted objects of a library, by name.

    Raises:
        LibraryError: missing, unfinished, altered anywhere, or without an accepted object.

    Example:
        >>> shapes = read_library(Path("mine"))  # doctest: +SKIP
    """
    objects = read_index(folder)["objects"]
    shapes = tuple(
        read_shape(object_file(folder, name), objects[name]["checksum"])
        for name in sorted(objects)
        if objects[name]["accepted"]
    )
    if not shapes:
        raise LibraryError(f"{folder}: none of its {len(objects)} objects was accepted")
    return shapes


def read_outcomes(folder: Path) -> tuple[Outcome, ...]:
    """What came of every object of a library, accepted or refused, by name.

    Raises:
        LibraryError: missing, unfinished, or altered anywhere.
    """
    objects = read_index(folder)["objects"]
    found = []
    for name in sorted(objects):
        path = object_file(folder, name)
        outcome, _ = read_outcome(path)
        if outcome.checksum != objects[name]["checksum"]:
            raise LibraryError(f"{path}: not the file that {INDEX} lists; {ADVICE}")
        found.append(outcome)
    return tuple(found)


def library_checksum(folder: Path) -> str:
    """The checksum over all of a library, which its index states.

    Raises:
        LibraryError: no library, unfinished, or altered.
    """
    return str(read_index(folder)["checksum"])


def _checksum(objects: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(objects, sort_keys=True).encode()).hexdigest()
