"""Rows `sim`: physics, control steps and resets."""

from __future__ import annotations

from collections.abc import Iterator

from robo_meta.bench.config import BenchConfig
from robo_meta.bench.row import Row
from robo_meta.bench.scene import timed_scene
from robo_meta.bench.timing import clocked, interleaved


def brief(config: BenchConfig) -> Iterator[Row]:
    """Raw physics and the reset."""
    from demos.expert.episode import shared_env

    env, scene = shared_env(), timed_scene(config.seed).scene
    env.reset(seed=0, options={"scene": scene})
    works = {
        "step": clocked(lambda: env.world.step(240)),
        "reset": clocked(lambda: env.reset(seed=0, options={"scene": scene})),
    }
    times = interleaved(works, config.rounds)
    yield Row("sim", "physics steps (240 are one second)", "a second", times.rate("step", 240))
    yield Row("sim", "reset, scene given", "ms", times.spread("reset", 1e3))


def rows(config: BenchConfig, peers: tuple[str, ...]) -> Iterator[Row]:
    """The same."""
    yield from brief(config)
