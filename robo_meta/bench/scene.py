"""The scene that is timed: the first task of the validation split, whose object serves for balance."""

from __future__ import annotations

from dataclasses import dataclass

from sim.tasks.sampling import draw_families, draw_scene, draw_task
from sim.tasks.scenes import Scene, Task


@dataclass(frozen=True)
class TimedScene:
    """A scene and what it was drawn from."""

    task: Task
    family: str
    scene: Scene


def timed_scene(seed: int) -> TimedScene:
    """The scene of a root seed."""
    task = draw_task(seed, "validation", 0, "balance")
    family = draw_families(seed, task, 1)[0]
    return TimedScene(task, family, draw_scene(seed, task, family, "a0"))
