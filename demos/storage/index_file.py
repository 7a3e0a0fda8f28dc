"""The index of a dataset, `index.json`: its schema, and the file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from demos.demo import SCHEMA
from demos.storage.episode_file import StoreError
from demos.storage.files import DamagedFile, json_bytes, read_bounded, write_atomic
from demos.storage.folder import INDEX
from demos.storage.recording import CONFIG
from demos.storage.schema import (
    NAME,
    PLAIN_TABLE,
    REFERENCE,
    SHA256,
    Flag,
    ListOf,
    Record,
    TableOf,
    Text,
    Unfit,
    Whole,
    parse_json,
)
from sim.tasks.scenes import INTENTIONS

WORLD = ("physics", "verdict")
"""Versions that all files of a dataset share."""
_CHECKSUM = Text(pattern=SHA256)
_NAMES, _REFERENCES = Text(pattern=NAME), Text(pattern=REFERENCE)
INDEX_SCHEMA = Record(
    {
        "schema": Text(allowed=(SCHEMA,)),
        "checksum": _CHECKSUM,
        "config": CONFIG,
        "merged": ListOf(CONFIG),
        "versions": Record({name: Text() for name in WORLD}),
        "complete": Flag(),
        "counts": PLAIN_TABLE,
        "episodes": TableOf(
            Record(
                {
                    "checksum": _CHECKSUM,
                    "recording": Whole(0),
                    "family": _REFERENCES,
                    "object_id": _NAMES,
                    "split": _REFERENCES,
                    "task": Whole(0),
                    "intention": Text(allowed=INTENTIONS),
                    "steps": Whole(1),
                    "success": Flag(),
                }
            ),
            keys=_NAMES,
        ),
        "planned": TableOf(Record({"checksum": _CHECKSUM, "recording": Whole(0), "tasks": Whole(1)}), keys=_NAMES),
    }
)
"""What `index.json` holds. `checksum` is over all else of it, `merged` are the configurations besides `config`, and
`recording` is the place of a file's configuration among all of them."""
LARGEST_INDEX = 2**29
"""Bytes; an episode takes some 300."""


def read_index(folder: Path) -> dict[str, Any] | None:
    """The stored index, or None where there is none.

    Raises:
        StoreError: not a folder, damaged, or of another schema.
    """
    path = folder / INDEX
    if not folder.is_dir():
        raise StoreError(f"{folder}: no such dataset folder")
    if not path.exists():
        return None
    try:
        index = parse_json(read_bounded(path, LARGEST_INDEX))
        if isinstance(index, dict) and index.get("schema", SCHEMA) != SCHEMA:
            raise StoreError(f"{path}: schema {index['schema']!r}, this version reads {SCHEMA!r}; record again")
        INDEX_SCHEMA.check(index, "the index")
        if index.pop("checksum") != _index_checksum(index):
            raise Unfit("its checksum does not fit its content")
    except (Unfit, DamagedFile) as error:
        raise StoreError(f"{path}: damaged ({error}); delete it, it is rebuilt from the episodes") from error
    return index


def write_index(folder: Path, index: Mapping[str, Any]) -> None:
    """Store the index, whole or not at all."""
    write_atomic(folder / INDEX, [json_bytes({**index, "checksum": _index_checksum(index)})])


def _index_checksum(index: Mapping[str, Any]) -> str:
    return hashlib.sha256(json_bytes(index)).hexdigest()
