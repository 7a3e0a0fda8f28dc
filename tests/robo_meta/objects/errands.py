"""Functions that children are sent to run, and a judge whose process dies on what lies in its way."""

import os
import time
from collections.abc import Collection, Sequence

from robo_meta.objects.child import ChildStopped, run_in_child
from sim.objects.meshes import TriangleMesh
from tests.robo_meta.objects.judges import by_height

_marks: list[int] = []


def thirds(count: int) -> list[float]:
    return [(number + 1) / 3 for number in range(count)]


def slept(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def busy(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def told_by_child(seconds: float) -> str:
    """What a child of this child is told that sleeps too long."""
    try:
        run_in_child(time.sleep, 77.25, seconds=seconds, memory=1 << 31)
    except ChildStopped as stopped:
        return str(stopped)
    return "done"


def mark() -> int:
    """How often this was called in this process or one that it was forked from."""
    _marks.append(1)
    return len(_marks)


def crashing_where_told(meshes: Sequence[TriangleMesh], intentions: Collection[str]) -> tuple[str, dict[str, str]]:
    """Judge by height, in a process that dies of it where the environment says so."""
    if "ROBO_META_TEST_CRASH" in os.environ:
        os.abort()
    return by_height(meshes, intentions)
