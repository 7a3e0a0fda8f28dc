"""Named benchmarks: frozen splits, thresholds and versions, and hashes that show whether tasks have changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.errors import InputError, did_you_mean
from sim.records import FrozenMapping
from sim.shapes.real_objects import frozen
from sim.shapes.real_objects.loading import SPLIT as REAL_OBJECTS
from sim.shapes.splits import SHIPPED_SPLITS
from sim.tasks.queries import Query, draw_query

DECIMALS = 6
"""Decimals that enter a hash: m, kg, rad and ratios to 1e-6, below what arithmetic on another machine changes."""


class UnknownBenchmark(InputError):
    """A benchmark name that is not in `BENCHMARKS`."""


@dataclass(frozen=True)
class Benchmark:
    """A set of tasks and the rules by which attempts at them are judged; results name it."""

    name: str
    splits: Mapping[str, tuple[str, ...]]
    """Split → names of its families, in the order that tasks are drawn by."""
    thresholds: Mapping[str, float]
    """The fields of `sim.success.Thresholds`; m, rad, s, N."""
    physics: int
    """`sim.versions.PHYSICS`."""
    verdict: int
    """`sim.versions.VERDICT`."""
    task_hashes: Mapping[str, str]
    """Split → `task_hash`: SHA-256 of its first tasks."""
    seed: int = 0
    """Root seed of the hashed tasks."""
    tasks: int = 100
    """Tasks of each split that are hashed."""

    def __post_init__(self) -> None:
        for name in ("splits", "thresholds", "task_hashes"):
            object.__setattr__(self, name, FrozenMapping(getattr(self, name)))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all of it, as `fingerprint` computes it from tasks drawn afresh."""
        return _sha256(_content(self, self.task_hashes))


_THRESHOLDS_1 = FrozenMapping(
    {
        "lift": 0.10,
        "hold_time": 1.0,
        "shake_time": 0.5,
        "shake_amplitude": 0.01,
        "shake_rate": 2.0,
        "tilt": float(np.deg2rad(15.0)),
        "slip": 0.01,
        "part_distance": 0.03,
        "pad_alignment": 0.7,
        "pad_force": 0.5,
    }
)
BENCHMARKS: dict[str, Benchmark] = {
    "benchmark-1": Benchmark(
        name="benchmark-1",
        splits=SHIPPED_SPLITS,
        thresholds=_THRESHOLDS_1,
        physics=1,
        verdict=2,
        task_hashes={
            "training": "69ada72cc29baa9220c3d0f33d0c4834a450beb44c7d3e7efd82cae1f277c95e",
            "validation": "8fe7ef483040ca6902a4f91f22833305645dc8fc2b20cba41f0fea8169bddc20",
            "unseen-objects": "e596a54d5e04f82fdd6c8e136bb46d1c2922271615ecb02e41f91bae9e88f855",
            "unseen-families": "fa8541bd2764bfb621667435db5872995de624538e1c6886ff4bb0ce2c3fc4fa",
        },
    ),
    # Scanned and third-party objects; demonstrated on the training families of `benchmark-1`.
    "real-1": Benchmark(
        name="real-1",
        splits={REAL_OBJECTS: frozen.FAMILIES},
        thresholds=_THRESHOLDS_1,
        physics=1,
        verdict=2,
        task_hashes={REAL_OBJECTS: frozen.TASK_HASH},
    ),
}
"""Every benchmark by name. A row is never edited once results name it: other tasks or rules are a benchmark of their
own."""


def benchmark_of(split: str) -> str | None:
    """Name of the benchmark that a split's tasks belong to; None for a group of one's own."""
    return next((name for name, benchmark in BENCHMARKS.items() if split in benchmark.splits), None)


def benchmark_named(name: str) -> Benchmark:
    """The benchmark called `name`.

    Raises:
        UnknownBenchmark: no such benchmark.
    """
    if name not in BENCHMARKS:
        raise UnknownBenchmark(f"unknown benchmark {name!r}{did_you_mean(name, BENCHMARKS)}")
    return BENCHMARKS[name]


def fingerprint(benchmark: Benchmark) -> str:
    """SHA-256 of the benchmark's rules and of its tasks, drawn afresh by the installed code.

    It equals `benchmark.fingerprint` where the code still draws the tasks that the benchmark was frozen with. It takes
    seconds per split.
    """
    return _sha256(_content(benchmark, {split: task_hash(benchmark, split) for split in benchmark.splits}))


def task_hash(benchmark: Benchmark, split: str) -> str:
    """SHA-256 of the first tasks of `split`, drawn afresh: materials, intention, object, mass, noise, rollout seed."""
    queries = (draw_query(benchmark.seed, split, index) for index in range(benchmark.tasks))
    return _sha256([query_record(query) for query in queries])


def query_record(query: Query) -> dict[str, Any]:
    """All that a query holds, as plain data; m, kg, rad."""
    scene, task = query.scene, query.task
    parts = [part.to_record() for part in scene.object.parts]
    # What physics touches of a mesh is more than its parts; prisms say all themselves.
    pieces = [piece.tolist() for piece in scene.object.pieces]
    solids = {"surface": scene.object.surface, "pieces": pieces} if pieces else {}
    return {
        **solids,
        "split": task.split,
        "index": task.index,
        "densities": dict(task.densities),
        "intention": task.intention,
        "part_colour": task.part_colour,
        "families": list(query.families),
        "family": scene.object.family,
        "parts": parts,
        "friction": scene.object.friction,
        "spinning_friction": scene.object.spinning_friction,
        "mass": scene.mass,
        "noise": vars(scene.noise),
        "rollout_seed": query.rollout_seed,
    }


def _content(benchmark: Benchmark, task_hashes: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": benchmark.name,
        "splits": {split: list(names) for split, names in benchmark.splits.items()},
        "thresholds": dict(benchmark.thresholds),
        "physics": benchmark.physics,
        "verdict": benchmark.verdict,
        "seed": benchmark.seed,
        "tasks": benchmark.tasks,
        "task_hashes": dict(task_hashes),
    }


def _sha256(content: Any) -> str:
    text = json.dumps(rounded(content), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def rounded(value: Any) -> Any:
    """Plain data with every float rounded to `DECIMALS`; −0.0 becomes 0.0."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    # Adding 0.0 turns −0.0 into 0.0.
    return round(float(value), DECIMALS) + 0.0 if isinstance(value, float) else value
