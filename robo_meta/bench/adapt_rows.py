"""Rows `adapt`: every strategy adapted to one demonstration, its choice of a grasp, and a later action."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import cycle
from typing import Any

import numpy as np

from robo_meta.bench.config import BenchConfig
from robo_meta.bench.row import Row
from robo_meta.bench.scene import timed_scene
from robo_meta.bench.timing import clocked, interleaved

ACTIONS = 20
"""Later actions timed together: one takes too little for a clock."""


def brief(config: BenchConfig) -> Iterator[Row]:
    """Features of a scan; then adapting, choosing and acting of every strategy that comes with the package."""
    from demos.demo import provenance
    from demos.expert.episode import shared_env
    from demos.expert.expert import demonstrate
    from demos.hindsight import support_item
    from demos.support import SupportSet
    from robo_meta.strategies.build import build_strategies, default_names
    from robo_meta.training.checkpoint import checkpoint_file, part_names
    from sim.frames import observe
    from sim.tasks.seeds import seed_sequence

    scene, env = timed_scene(config.seed).scene, shared_env()
    who = provenance("expert", config.seed, ("bench", 0))
    demo = demonstrate(scene, seed_sequence(config.seed, "bench", 0), object_id="a0", provenance=who, env=env)
    seen = observe(env.reset(seed=0, options={"scene": scene})[0])
    # A policy remembers its choice for the last scan, so that two take turns.
    scans = cycle([seen["points"], env.reset(seed=1, options={"scene": scene})[0]["points"]])
    times = interleaved({"encode": clocked(lambda: _encode(seen["points"]))}, config.rounds)
    yield Row("adapt", "features of a scan", "ms", times.spread("encode", 1e3))
    support, file = SupportSet((support_item(demo),)), checkpoint_file(config.checkpoint)
    for participant in build_strategies(file, default_names(part_names(file)), "learned"):
        yield from _strategy_rows(config.rounds, participant.name, participant.strategy, support, scans, seen)


def rows(config: BenchConfig, peers: tuple[str, ...]) -> Iterator[Row]:
    """The same."""
    yield from brief(config)


def _strategy_rows(
    rounds: int, name: str, strategy: Any, support: Any, scans: Iterator[np.ndarray], seen: Mapping[str, np.ndarray]
) -> Iterator[Row]:
    from robo_meta.strategies.scan_memory import forget

    policy = strategy.adapt(support)
    policy.reset()
    policy.act(seen)
    # Nobody is timed on what was worked out about a scan before.
    works: dict[str, tuple[Callable[[], Any], Callable[[], Any] | None, float]] = {
        "adapting": (lambda: strategy.adapt(support), forget, 1e3),
        "choosing a grasp": (lambda: policy.target(next(scans)), forget, 1e3),
        "a later action": (lambda: [policy.act(seen) for _ in range(ACTIONS)], None, 1e3 / ACTIONS),
    }
    for what, (work, prepare, scale) in works.items():
        times = interleaved({what: clocked(work, prepare)}, rounds)
        yield Row("adapt", f"{what}: {name}", "ms", times.spread(what, scale))


def _encode(points: np.ndarray) -> None:
    import torch

    from robo_meta.model.point_features import encode

    encode(torch.from_numpy(np.asarray(points, dtype=np.float32)))
