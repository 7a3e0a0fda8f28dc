"""A chunk of planned demonstrations in one array file, checked when it is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from demos.demo import SCHEMA
from demos.storage.array_file import read_array_file
from demos.storage.array_form import Form
from demos.storage.episode_file import StoreError, refuse_other
from demos.storage.files import DamagedFile
from demos.storage.packed_file import TASK_LAYOUT, check_values
from demos.storage.recording import CONFIG, VERSIONS
from demos.storage.schema import REFERENCE, ListOf, Record, Text, Whole

PLANNED_CHUNK = Form(
    name="planned demonstrations",
    schema=SCHEMA,
    record=Record(
        {
            "config": CONFIG,
            "families": ListOf(Text(pattern=REFERENCE), least=1, most=2**15),
            "first": Whole(0),
            "tasks": Whole(1),
            "versions": VERSIONS,
        }
    ),
    error=StoreError,
    advice="delete it and record again",
    layout=TASK_LAYOUT,
)


def read_planned_chunk(
    path: Path, families: Sequence[str], expected_checksum: str | None = None
) -> dict[str, np.ndarray]:
    """The arrays of a chunk.

    Args:
        path: the file.
        families: names that `family` shall count; the chunk may have been made with another list of families.
        expected_checksum: what the dataset's index says, if there is one.

    Raises:
        StoreError: missing, truncated, altered, or of a family that isn't among `families`.
    """
    record, arrays, found = read_array_file(path, PLANNED_CHUNK)
    refuse_other(path, found, expected_checksum)
    if len(arrays["points"]) != record["tasks"]:
        raise StoreError(f"{path}: {len(arrays['points'])} tasks; its record says {record['tasks']}")
    try:
        check_values(path, arrays, record["families"])
    except DamagedFile as error:
        raise StoreError(f"{error}; {PLANNED_CHUNK.advice}") from error
    shown = sorted({record["families"][number] for number in np.unique(arrays["family"])})
    unknown = [name for name in shown if name not in families]
    if unknown:
        raise StoreError(f"{path}: of family {unknown[0]!r}, which is unknown here; register it first")
    places = np.array([families.index(name) if name in shown else -1 for name in record["families"]], dtype=np.int16)
    return {**arrays, "family": places[arrays["family"]]}
