"""The query of a task: the scene on which evaluation judges every strategy."""

from __future__ import annotations

from dataclasses import dataclass

from sim.shapes.families import families_for
from sim.tasks.sampling import TooFewFamilies, draw_families, draw_scene, draw_task
from sim.tasks.scenes import INTENTIONS, PAINT, Scene, Task
from sim.tasks.seeds import seed_sequence

QUERY_OBJECT = "a0"
"""Label of the query's object."""


@dataclass(frozen=True)
class Query:
    """One task and the scene on which every strategy is judged."""

    task: Task
    families: tuple[str, ...]
    """The query's family, then all others of the split in the task's order."""
    scene: Scene
    rollout_seed: int
    """Seed of pose, arm start and noise."""


def draw_query(root: int, split: str, index: int, carries: str = PAINT) -> Query:
    """The query of task number `index` of `split`.

    Intentions alternate, so that each is exactly half of an even number of tasks; where no object of the split serves
    for one, all tasks have the other.

    Args:
        root: root seed of all randomness.
        split: a shipped split, or a group of one's own (`sim.shapes.families.families_of`).
        index: number of the task within its split.
        carries: what the materials go by, one of `sim.tasks.scenes.CARRIERS`.
    """
    served = [intention for intention in INTENTIONS if families_for(split, intention)]
    if not served:
        raise TooFewFamilies(f"split {split!r}: its objects serve for no intention")
    task = draw_task(root, split, index, served[index % len(served)], carries=carries)
    families = draw_families(root, task)
    scene = draw_scene(root, task, families[0], QUERY_OBJECT)
    rollout_seed = int(seed_sequence(root, split, index, "rollout").generate_state(1)[0])
    return Query(task, families, scene, rollout_seed)
