"""Rows `record`: demonstrations, and what a second worker process brings."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from robo_meta.bench.config import BenchConfig
from robo_meta.bench.row import Row, Target
from robo_meta.bench.timing import Measure, Timings, clocked, interleaved

FEW, MANY = 2, 8
"""Tasks of the two recordings whose difference is timed: what they share, the start of the workers, falls out."""
DEMOS = 2
"""Demonstrations of a task."""
EPISODES = (MANY - FEW) * DEMOS


def brief(config: BenchConfig) -> Iterator[Row]:
    """One demonstration."""
    from robo_meta.bench.rollouts import demonstration

    times = interleaved({"play": clocked(demonstration(config))}, config.rounds)
    yield Row("record", "one demonstration, planned and played", "ms", times.spread("play", 1e3))


def rows(config: BenchConfig, peers: tuple[str, ...]) -> Iterator[Row]:
    """The same, and `record` by one and by two workers."""
    yield from brief(config)
    # Two clocks of the same recordings: each round is timed by the wall and, at once, by the CPU seconds of all
    # processes.
    cpu: dict[str, list[float]] = {"1": [], "2": []}
    wall = interleaved({str(n): _both_clocks(config, n, cpu[str(n)].append) for n in (1, 2)}, config.rounds, warm_up=0)
    spent = Timings({name: tuple(found) for name, found in cpu.items()})
    note = f"{EPISODES} episodes: {MANY} tasks less {FEW}, so that the start of processes falls out"
    one, two, gain = wall.rate("1", EPISODES), wall.rate("2", EPISODES), wall.ratio("1", "2")
    goal = Target(1.8, at_most=False)
    yield Row("record", "two workers, wall", "episodes/s", two, "one worker", one, gain, goal, note)
    more = spent.ratio("2", "1")
    here, there = (spent.spread(name, 1e3 / EPISODES) for name in ("2", "1"))
    yield Row("record", "two workers, CPU", "ms/episode", here, "one worker", there, more, note=note)


def _both_clocks(config: BenchConfig, workers: int, keep: Callable[[float], None]) -> Measure:
    """Wall seconds of the episodes between `FEW` and `MANY` tasks; the CPU seconds go to `keep`."""

    def measure() -> float:
        found = [_recording(config, workers, tasks) for tasks in (FEW, MANY)]
        keep(found[1][1] - found[0][1])
        return found[1][0] - found[0][0]

    return measure


def _recording(config: BenchConfig, workers: int, tasks: int) -> tuple[float, float]:
    """Seconds, wall and CPU of all processes, that a recording takes."""
    from demos.recording.config import RecordConfig
    from demos.recording.recorder import record

    with tempfile.TemporaryDirectory() as folder:
        asked = RecordConfig(Path(folder) / "data", tasks=tasks, demos=DEMOS, workers=workers, seed=config.seed)
        wall, cpu = time.perf_counter(), _cpu_seconds()
        record(asked, progress=False)
        return time.perf_counter() - wall, _cpu_seconds() - cpu


def _cpu_seconds() -> float:
    """Of this process and its children that ended."""
    return sum(os.times()[:4])
