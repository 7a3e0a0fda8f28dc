"""The scenes of a recorded task: the same for its planned and its recorded demonstrations."""

from __future__ import annotations

from functools import lru_cache

from demos.recording.config import MIXED, RecordConfig
from demos.recording.object_labels import families_needed, family_number, object_label
from sim.shapes.families import family_named
from sim.shapes.family import Family
from sim.tasks.sampling import draw_families, draw_scene, draw_task
from sim.tasks.scenes import Scene, Task
from sim.tasks.seeds import generator


def task_families(config: RecordConfig, task: Task) -> tuple[str, ...]:
    """The families that `task` shows, one for each letter of its object labels."""
    needed = families_needed(config.demos)
    if not config.families:
        return tuple(draw_families(config.seed, task, needed))
    rng = generator(config.seed, task.split, task.index, "families")
    order = rng.permutation(len(config.families))
    return tuple(config.families[order[letter % len(order)]] for letter in range(needed))


def demo_scene(config: RecordConfig, index: int, demo: int) -> tuple[Scene, str]:
    """The scene of demonstration `demo` of task `index`, and the label of its object."""
    label = object_label(demo)
    task = draw_task(config.seed, config.split_name, index, None if config.intention == MIXED else config.intention)
    name = task_families(config, task)[family_number(label)]
    return _object_scene(config.seed, task, family_named(name), label), label


# Demonstrations on the same object come one after the other, and drawing it takes longest. The family enters with its
# function, so that one that is edited and registered again in a notebook is drawn anew.
@lru_cache(maxsize=16)
def _object_scene(seed: int, task: Task, family: Family, label: str) -> Scene:
    return draw_scene(seed, task, family.name, label)
