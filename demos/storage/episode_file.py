"""One demonstration in one array file, checked when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from demos.demo import ACTION_SIZE, POINT_SIZE, SCHEMA, STATE_SIZE, Demo, DemoError, Provenance
from demos.storage.array_file import read_array_file, write_array_file
from demos.storage.array_form import Form
from demos.storage.array_header import read_header
from demos.storage.recording import CONFIG, VERSIONS
from demos.storage.schema import (
    NAME,
    REFERENCE,
    Either,
    Flag,
    Kind,
    ListOf,
    Maybe,
    Number,
    Record,
    TableOf,
    Text,
    Whole,
)
from sim.errors import InputError
from sim.tasks.scenes import INTENTIONS, ROLE, Task


class StoreError(InputError):
    """A dataset or one of its files that cannot be read or written as asked."""


ARRAYS = ("state", "points", "actions", "labels", "rewards")
DEMO_FIELDS: dict[str, Kind] = {
    "verdict": TableOf(Flag()),
    "family": Text(pattern=REFERENCE),
    "object_id": Text(pattern=NAME),
    "task": Record(
        {
            "split": Text(pattern=REFERENCE),
            "index": Whole(0),
            "densities": TableOf(Number(0.0)),
            "intention": Text(allowed=INTENTIONS),
            "part_colour": Maybe(Text()),
        },
        # Of painted goods alone.
        optional={"roles": TableOf(Number(0.0)), "part_role": Maybe(Text())},
    ),
    "provenance": Record(
        {
            "actor": Text(),
            "seed": Whole(0, 2**256),
            "path": ListOf(Either(Whole(0), Text(pattern=REFERENCE)), least=1, most=20),
            "versions": VERSIONS,
        }
    ),
}
"""What `demo_record` makes."""
EPISODE = Form(
    name="episode",
    schema=SCHEMA,
    record=Record({"config": CONFIG, **DEMO_FIELDS}),
    error=StoreError,
    advice="delete it and record again",
    layout={
        "state": ("float32", ("T+1", STATE_SIZE)),
        "points": ("float32", ("P", POINT_SIZE)),
        "actions": ("float32", ("T", ACTION_SIZE)),
        "labels": ("float32", ("T", ACTION_SIZE)),
        "rewards": ("float32", ("T",)),
    },
    largest=2**26,
)


class Episode(NamedTuple):
    """What an episode's file holds."""

    demo: Demo
    config: dict[str, Any]
    """Of the recording that it belongs to."""
    checksum: str


def write_demo(path: Path, demo: Demo, config: Mapping[str, Any]) -> str:
    """Write `demo`, and the `config` of its dataset so that an index can be rebuilt from files alone.

    Returns:
        The file's checksum.

    Raises:
        OSError: the disk is full, or the folder cannot be written to.
    """
    arrays = {name: getattr(demo, name) for name in ARRAYS}
    return write_array_file(path, EPISODE, {"config": dict(config), **demo_record(demo)}, arrays)


def demo_record(demo: Demo) -> dict[str, Any]:
    """Everything of a demonstration that is no array, as plain data; `demo_of` reads it back."""
    return {
        "verdict": dict(demo.verdict),
        "family": demo.family,
        "object_id": demo.object_id,
        "task": task_record(demo.task),
        "provenance": {
            "actor": demo.provenance.actor,
            "seed": demo.provenance.seed,
            "path": list(demo.provenance.path),
            "versions": dict(demo.provenance.versions),
        },
    }


def demo_of(record: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Demo:
    """The demonstration of a record as `demo_record` makes it, and its arrays.

    Raises:
        demos.demo.DemoError: they make no demonstration.
        sim.tasks.scenes.SceneError: its task can't exist.
    """
    return Demo(
        **arrays,
        verdict=record["verdict"],
        family=record["family"],
        object_id=record["object_id"],
        task=Task(**record["task"]),
        provenance=Provenance(**record["provenance"]),
    )


def task_record(task: Task) -> dict[str, Any]:
    """A task as plain data."""
    return {
        "split": task.split,
        "index": task.index,
        "densities": {colour: float(density) for colour, density in task.densities.items()},
        "intention": task.intention,
        "part_colour": task.part_colour,
        **_roles(task),
    }


def _roles(task: Task) -> dict[str, Any]:
    """What the roles weigh, of painted goods; nothing of other tasks, whose files stay as they were."""
    if task.carries != ROLE:
        return {}
    return {"roles": {role: float(density) for role, density in task.roles.items()}, "part_role": task.part_role}


def read_record(path: Path) -> dict[str, Any]:
    """Everything that is no array, without checking the arrays.

    Raises:
        StoreError: missing, truncated or of another schema.
    """
    return read_header(path, EPISODE).record


def read_episode(path: Path, expected_checksum: str | None = None) -> Episode:
    """Read an episode back, bit for bit.

    Args:
        path: the file.
        expected_checksum: what the dataset's index says, if there is one.

    Raises:
        StoreError: missing, truncated, altered or of another schema.
    """
    record, arrays, found = read_array_file(path, EPISODE)
    refuse_other(path, found, expected_checksum)
    try:
        demo = demo_of(record, arrays)
    except DemoError as error:
        raise StoreError(f"{path}: not a demonstration: {error}") from error
    return Episode(demo, record["config"], found)


def read_demo(path: Path, expected_checksum: str | None = None) -> Demo:
    """The demonstration of `read_episode`."""
    return read_episode(path, expected_checksum).demo


def refuse_other(path: Path, found: str, expected: str | None) -> None:
    """Compare a file's checksum with what the dataset's index says of it, if there is one.

    Raises:
        StoreError: they differ.
    """
    if expected not in (None, found):
        raise StoreError(f"{path}: altered: its checksum is {found[:12]}…, the index says {str(expected)[:12]}…")
