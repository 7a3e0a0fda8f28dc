"""The scenes of a recorded task: the same for its planned and its recorded demonstrations."""

from __future__ import annotations

import contextlib
from functools import lru_cache
from typing import Any

from demos.expert.grasp_plan import NoGrasp, plan_grasp
from demos.recording.config import RecordConfig, RecordError
from demos.recording.object_labels import families_needed, family_number, object_label
from sim.shapes.families import family_named, serving
from sim.shapes.mesh_family import MeshFamily
from sim.tasks.sampling import draw_families, draw_scene, draw_task
from sim.tasks.scenes import Scene, Task
from sim.tasks.seeds import generator

SPARES = ("", "-1", "-2", "-3")
"""What is added to an object's label for those that stand in for it, in turn."""


def task_families(config: RecordConfig, task: Task) -> tuple[str, ...]:
    """The families that `task` shows, one for each letter of its object labels."""
    needed = families_needed(config.demos)
    if not config.families:
        return tuple(draw_families(config.seed, task, needed))
    order = _in_order(config, task)
    return tuple(order[letter % len(order)] for letter in range(needed))


def _in_order(config: RecordConfig, task: Task) -> tuple[str, ...]:
    """The families named that serve for the task's intention, in its order."""
    names = serving(config.families, task.intention)
    return tuple(names[i] for i in generator(config.seed, task.split, task.index, "families").permutation(len(names)))


def demo_scene(config: RecordConfig, index: int, demo: int) -> tuple[Scene, str]:
    """The scene of demonstration `demo` of task `index`, and the label of its object."""
    label = object_label(demo)
    task = _task(config.seed, config.split_name, index, config.only_intention, config.carries)
    name = task_families(config, task)[family_number(label)]
    family = family_named(name)
    if isinstance(family, MeshFamily):
        return _imported_scene(config, task, label), label
    return _object_scene(config.seed, task, name, family.origin, label), label


def _imported_scene(config: RecordConfig, task: Task, label: str) -> Scene:
    """The scene of an imported object on which the demonstrator finds a hold.

    Such objects are accepted by places some millimetres apart, so that now and then there is no hold between them.
    Another object of the same family stands in then, or, where there is none either, one of a family that the task
    doesn't show.

    Raises:
        RecordError: there is none.
    """
    order, needed = _in_order(config, task), families_needed(config.demos)
    names = dict.fromkeys(order[(family_number(label) + turn * needed) % len(order)] for turn in range(len(order)))
    for name in names:
        for spare in SPARES:
            scene = _object_scene(config.seed, task, name, family_named(name).origin, label + spare)
            with contextlib.suppress(NoGrasp):
                plan_grasp(scene)
                return scene
    raise RecordError(f"task {task.index} of {task.split!r}: no hold for {task.intention} on {len(names)} objects")


# All demonstrations of a task ask for it.
@lru_cache(maxsize=16)
def _task(seed: int, split: str, index: int, intention: str | None, carries: str) -> Task:
    return draw_task(seed, split, index, intention, carries=carries)


# Demonstrations on the same object come one after the other, and drawing it takes longest. The family enters with what
# decides what it draws, so that one that is edited and registered again in a notebook is drawn anew.
@lru_cache(maxsize=16)
def _object_scene(seed: int, task: Task, family: str, origin: Any, label: str) -> Scene:
    return draw_scene(seed, task, family, label)
