"""What a recording of our own says of itself, made up for data that somebody else made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from demos.demo import SCHEMA, episode_key

ACTOR, FOLDER = "imported", "imported"
UNKNOWN = "unknown"
"""Version of physics and verdict where nobody says it: such demonstrations can't be replayed."""


def foreign_record(record: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The record of a foreign episode with a provenance and a key, by which a file can be named."""
    versions = {"schema": SCHEMA, "physics": UNKNOWN, "verdict": UNKNOWN}
    origin = record.get("provenance") or {
        "actor": ACTOR,
        "seed": 0,
        "path": [record["task"]["split"], record["task"]["index"], FOLDER, number],
        "versions": versions,
    }
    # Tasks drawn one by one, as an environment does, are all number 0 of their own seed.
    task = record["task"] if "provenance" in record else {**record["task"], "index": number}
    return {**record, "task": task, "provenance": origin, "key": episode_key(tuple(origin["path"]))}


def foreign_config(record: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of the recording that the first foreign `record` is of, and all others with it."""
    origin = record["provenance"]
    return {
        "split": record["task"]["split"],
        "families": [],
        "tasks": 0,
        "demos": 1,
        "planned": 0,
        "intention": "all",
        "actor": origin["actor"],
        "seed": origin["seed"],
        "keep_failures": True,
        "attempts": 1,
    }
