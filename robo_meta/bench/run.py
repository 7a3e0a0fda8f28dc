"""A whole bench: the areas asked for, one after another, with what it takes to read their rows."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from robo_meta.bench.config import AREAS, BenchConfig
from robo_meta.bench.machine import machine
from robo_meta.bench.peers import require, split_by_presence, version_of
from robo_meta.bench.row import Row
from robo_meta.runs.provenance import git_revision, versions

SCHEMA = "2"


def bench(config: BenchConfig, say: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Measure.

    Args:
        config: what.
        say: gets one line of what is left out; by default it goes to standard error.

    Returns:
        `schema`, `machine`, `date` (UTC), `versions`, `revision`, `rounds`, `left_out` (peers that are not installed)
        and `rows`, each as `robo_meta.bench.row.Row.as_json` has it.

    Raises:
        robo_meta.bench.peers.PeerError: a peer that was asked for by name is not installed.
        robo_meta.training.checkpoint.CheckpointError: no checkpoint, or a damaged one.
    """
    say = say or _to_stderr
    require(config.against)
    wanted = config.against
    if not wanted and not config.brief:
        wanted = tuple(name for area in config.areas for name in AREAS[area].peers)
    present, missing = split_by_presence(wanted)
    if missing:
        say(f"left out, not installed: {', '.join(missing)}")
    before, started = machine(), datetime.now(UTC)
    rows = [row for area in config.areas for row in _area_rows(area, config, present)]
    own = {name: version_of(name) for name in present}
    return {
        "schema": SCHEMA,
        "machine": before,
        "date": started.isoformat(timespec="seconds"),
        "versions": {**versions(), **own},
        "revision": git_revision(),
        "rounds": config.rounds,
        "left_out": list(missing),
        "rows": [row.as_json() for row in rows],
    }


def _area_rows(area: str, config: BenchConfig, peers: tuple[str, ...]) -> list[Row]:
    module = importlib.import_module(AREAS[area].module)
    asked = tuple(name for name in AREAS[area].peers if name in peers)
    return list(module.brief(config) if config.brief and not asked else module.rows(config, asked))


def _to_stderr(line: str) -> None:
    print(f"robo-meta: {line}", file=sys.stderr)
