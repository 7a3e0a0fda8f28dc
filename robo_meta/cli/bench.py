"""Timings of what is used most, each as the median of several runs: `robo-meta bench`.

The machine's speed drifts, so that figures of one run compare with each other and not with another day's.
"""

from __future__ import annotations

import contextlib
import json as json_format
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from robo_meta.cli.words import Unchecked, config_in
from sim.errors import InputError

SCHEMA = "1"


class BenchError(InputError):
    """A measurement that can't be made as asked."""


@dataclass(frozen=True)
class BenchConfig:
    """What to time."""

    checkpoint: Path | None = None
    """A trained checkpoint; without it, the one that comes with the package."""
    repeats: int = 5
    """Runs of each; the median counts."""
    seed: int = 0
    """Root seed of the scenes timed."""

    def __post_init__(self) -> None:
        if self.repeats < 1:
            raise BenchError(f"repeats {self.repeats}; expected 1 or more")


def bench(config: BenchConfig) -> dict[str, Any]:
    """Measure; times in ms, except where the name says otherwise.

    Returns:
        `schema` and one number a measurement.

    Raises:
        robo_meta.training.checkpoint.CheckpointError: no checkpoint, or a damaged one.
    """
    from demos.demo import provenance
    from demos.expert.episode import shared_env
    from demos.expert.expert import demonstrate
    from demos.hindsight import support_item
    from demos.support import SupportSet
    from robo_meta.strategies.build import build_strategies, default_names
    from robo_meta.training.checkpoint import checkpoint_file, part_names
    from sim.frames import Pose, observe
    from sim.sensing import scan
    from sim.tasks.sampling import draw_families, draw_scene, draw_task
    from sim.tasks.seeds import generator, seed_sequence

    task = draw_task(config.seed, "validation", 0, "balance")
    family = draw_families(config.seed, task, 1)[0]
    scene = draw_scene(config.seed, task, family, "a0")
    env, flat = shared_env(), Pose(np.array([0.5, 0.0, 0.0]), np.array([0.0, 0.0, 0.0, 1.0]))
    rng = generator(config.seed, "bench")
    who = provenance("expert", config.seed, ("bench", 0))

    def play() -> Any:
        return demonstrate(scene, seed_sequence(config.seed, "bench", 0), object_id="a0", provenance=who, env=env)

    demo = play()
    observation, _ = env.reset(seed=0, options={"scene": scene})
    seen = observe(observation)
    # A policy remembers its choice for the last scan, so that two take turns.
    scans = cycle([seen["points"], env.reset(seed=1, options={"scene": scene})[0]["points"]])
    figures: dict[str, Any] = {
        "schema": SCHEMA,
        "demonstration_ms": _median_ms(play, config.repeats),
        "reset_ms": _median_ms(lambda: env.reset(seed=0, options={"scene": scene}), config.repeats),
        "physics_steps_per_s": 240e3 / _median_ms(lambda: env.world.step(240), config.repeats),
        "draw_object_ms": _median_ms(lambda: draw_scene(config.seed, task, family, "a1"), config.repeats),
        "scan_ms": _median_ms(lambda: scan(scene.object, flat, scene.noise, rng), config.repeats),
    }
    figures["encode_ms"] = _median_ms(partial(_encode, seen["points"]), config.repeats)
    figures |= _imports()
    support = SupportSet((support_item(demo),))
    file = checkpoint_file(config.checkpoint)
    for participant in build_strategies(file, default_names(part_names(file)), "learned"):
        strategy, name = participant.strategy, participant.name
        policy = strategy.adapt(support)
        policy.reset()
        policy.act(seen)
        figures[f"adapt_ms {name}"] = _median_ms(partial(_adapt, strategy, support), config.repeats)
        figures[f"choose_ms {name}"] = _median_ms(partial(_choose, policy, scans), config.repeats)
        figures[f"act_ms {name}"] = _median_ms(partial(policy.act, seen), config.repeats * 20)
    return figures


def _imports() -> dict[str, float]:
    """Median s of importing an object by one process, of the first six that `objects import curved` generates; nothing
    without the libraries for meshes."""
    from robo_meta.objects.config import ImportConfig
    from robo_meta.objects.importer import import_objects
    from sim.libraries import LibraryMissing

    with tempfile.TemporaryDirectory() as folder:
        config = ImportConfig(Path("curved"), Path(folder) / "library", workers=1, ids="0-5")
        with contextlib.suppress(LibraryMissing):
            found = import_objects(config, progress=False)
            return {"import_object_s": round(statistics.median(one.seconds for one in found.outcomes), 4)}
    return {}


def _adapt(strategy: Any, support: Any) -> None:
    _forget()
    strategy.adapt(support)


def _choose(policy: Any, scans: Iterator[np.ndarray]) -> None:
    _forget()
    policy.target(next(scans))


def _forget() -> None:
    """So that nobody is timed on what was worked out about a scan before."""
    from robo_meta.strategies.scan_memory import forget

    forget()


def _encode(points: np.ndarray) -> None:
    import torch

    from robo_meta.model.point_features import encode

    encode(torch.from_numpy(np.asarray(points, dtype=np.float32)))


def _median_ms(work: Callable[[], Any], repeats: int) -> float:
    work()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1e3)
    return round(statistics.median(times), 4)


@dataclass(frozen=True)
class Bench(Unchecked, BenchConfig):
    """Time what is used most: demonstrations, physics, scans, adapting and acting."""

    json: bool = False
    """Print JSON."""

    def run(self) -> int | None:
        """Measure and print."""
        figures = bench(config_in(self, BenchConfig))
        if self.json:
            print(json_format.dumps(figures))
            return None
        from robo_meta.report.bench_terminal import print_timings

        print_timings(figures, self.repeats)
        return None
