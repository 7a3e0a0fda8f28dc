"""One demonstration in one safetensors file, checked when it is read.

Its metadata hold one JSON text, `episode`, with everything that is no array, and a `checksum` over text and arrays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load

from demos.demo import SCHEMA, Demo, DemoError, Provenance
from demos.storage.files import checksum, read_metadata, write_safetensors
from sim.errors import InputError
from sim.tasks.scenes import Task

ARRAYS = ("state", "points", "actions", "labels", "rewards")


class StoreError(InputError):
    """A dataset or one of its files that cannot be read or written as asked."""


def write_demo(path: Path, demo: Demo, config: Mapping[str, Any]) -> None:
    """Write `demo`, and the `config` of its dataset so that an index can be rebuilt from files alone.

    Raises:
        StoreError: the folder cannot be written to.
    """
    arrays = {name: getattr(demo, name) for name in ARRAYS}
    record = {
        "schema": SCHEMA,
        "config": dict(config),
        "verdict": dict(demo.verdict),
        "family": demo.family,
        "object_id": demo.object_id,
        "task": {
            "split": demo.task.split,
            "index": demo.task.index,
            "densities": {colour: float(density) for colour, density in demo.task.densities.items()},
            "intention": demo.task.intention,
            "part_colour": demo.task.part_colour,
        },
        "provenance": {
            "actor": demo.provenance.actor,
            "seed": demo.provenance.seed,
            "path": list(demo.provenance.path),
            "versions": dict(demo.provenance.versions),
        },
    }
    text = json.dumps(record, sort_keys=True, ensure_ascii=False)
    try:
        write_safetensors(path, arrays, {"episode": text, "checksum": checksum(arrays, text)})
    except OSError as error:
        raise StoreError(f"{path}: cannot write: {error.strerror}") from error


def read_record(path: Path) -> dict[str, Any]:
    """Everything that is no array, without checking the arrays.

    Raises:
        StoreError: missing, truncated or of another schema.
    """
    return _record(path, file_metadata(path))


def read_demo(path: Path, expected_checksum: str | None = None) -> Demo:
    """Read a demo back, bit for bit.

    Args:
        path: the file.
        expected_checksum: what the dataset's index says, if there is one.

    Raises:
        StoreError: missing, truncated, altered or of another schema.
    """
    metadata = file_metadata(path)
    record = _record(path, metadata)
    try:
        arrays = load(path.read_bytes())
    except (OSError, SafetensorError) as error:
        raise StoreError(f"{path}: truncated or damaged ({error}); delete it and record again") from error
    found = checksum(arrays, metadata["episode"])
    if found != metadata.get("checksum") or expected_checksum not in (None, found):
        expected = expected_checksum or metadata.get("checksum", "none")
        raise StoreError(f"{path}: altered: checksum {found[:12]}…, expected {expected[:12]}…")
    try:
        return Demo(
            **{name: arrays[name] for name in ARRAYS},
            verdict=record["verdict"],
            family=record["family"],
            object_id=record["object_id"],
            task=Task(**record["task"]),
            provenance=Provenance(**record["provenance"]),
        )
    except (KeyError, TypeError, DemoError) as error:
        raise StoreError(f"{path}: not a demonstration: {error}") from error


def file_metadata(path: Path) -> dict[str, str]:
    """The metadata of an episode or of a chunk of planned demonstrations.

    Raises:
        StoreError: missing, or cut off inside its header.
    """
    try:
        return read_metadata(path)
    except FileNotFoundError as error:
        raise StoreError(f"{path}: missing; record again") from error
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: truncated or damaged ({error}); delete it and record again") from error


def _record(path: Path, metadata: Mapping[str, str]) -> dict[str, Any]:
    try:
        record = json.loads(metadata["episode"])
    except (KeyError, ValueError) as error:
        raise StoreError(f"{path}: no episode inside; expected metadata 'episode' with JSON") from error
    if record.get("schema") != SCHEMA:
        raise StoreError(f"{path}: schema {record.get('schema')!r}, this version reads {SCHEMA!r}; record again")
    return record
