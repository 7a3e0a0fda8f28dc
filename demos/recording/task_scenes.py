"""The scenes of a recorded task: the same for its planned and its recorded demonstrations."""

from __future__ import annotations

from functools import lru_cache

from demos.recording.config import MIXED, RecordConfig
from demos.recording.object_labels import families_needed, family_number, object_label
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
    return _object_scene(config, index, label), label


@lru_cache(maxsize=16)  # demonstrations on the same object come one after the other, and drawing it takes longest
def _object_scene(config: RecordConfig, index: int, label: str) -> Scene:
    task = draw_task(config.seed, config.split_name, index, None if config.intention == MIXED else config.intention)
    family = task_families(config, task)[family_number(label)]
    return draw_scene(config.seed, task, family, label)
