"""How much of some work is PyBullet's `stepSimulation`, measured from outside: the product knows nothing of it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from sim.physics.world import pybullet


@contextlib.contextmanager
def stepping_clock(clock: Callable[[], float] = time.process_time) -> Iterator[list[float]]:
    """Meanwhile the first number of the list grows by the seconds that pass inside `stepSimulation`."""
    step, inside = pybullet.stepSimulation, [0.0]

    def timed(*arguments: Any, **options: Any) -> None:
        started = clock()
        step(*arguments, **options)
        inside[0] += clock() - started

    pybullet.stepSimulation = timed
    try:
        yield inside
    finally:
        pybullet.stepSimulation = step


def share_of_stepping(work: Callable[[], Any], clock: Callable[[], float] = time.process_time) -> float:
    """The share of `work`'s CPU time, or of another `clock`'s, that it spends inside `stepSimulation`."""
    with stepping_clock(clock) as inside:
        started = clock()
        work()
        whole = clock() - started
    return inside[0] / whole
