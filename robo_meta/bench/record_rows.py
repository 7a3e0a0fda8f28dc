"""Rows `record`: demonstrations."""

from __future__ import annotations

from collections.abc import Iterator

from robo_meta.bench.config import BenchConfig
from robo_meta.bench.row import Row
from robo_meta.bench.scene import timed_scene
from robo_meta.bench.timing import clocked, interleaved


def brief(config: BenchConfig) -> Iterator[Row]:
    """One demonstration."""
    from demos.demo import provenance
    from demos.expert.expert import demonstrate
    from sim.tasks.seeds import seed_sequence

    scene, who = timed_scene(config.seed).scene, provenance("expert", config.seed, ("bench", 0))

    def play() -> None:
        demonstrate(scene, seed_sequence(config.seed, "bench", 0), object_id="a0", provenance=who)

    times = interleaved({"play": clocked(play)}, config.rounds)
    yield Row("record", "one demonstration, planned and played", "ms", times.spread("play", 1e3))


def rows(config: BenchConfig, peers: tuple[str, ...]) -> Iterator[Row]:
    """The same."""
    yield from brief(config)
