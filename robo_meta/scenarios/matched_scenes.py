"""Matched scenes: for each task one query that every strategy meets, and which objects are demonstrated on.

The query (object, pose, arm start, noise) is the same for all transfers and shots; only the support differs.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.shapes.families import families_of
from sim.tasks.sampling import draw_families, draw_scene, draw_task
from sim.tasks.scenes import INTENTIONS, Scene, Task
from sim.tasks.seeds import seed_sequence

QUERY = "a0"
"""Label of the query's object."""


@dataclass(frozen=True)
class MatchedTask:
    """One task's query, drawn from the root seed, the split and the task's number alone."""

    root: int
    """Root seed of the evaluation."""
    task: Task
    """Materials and intention: privileged."""
    families: tuple[str, ...]
    """The query's family, then all others of the split in the task's order."""
    query: Scene
    """What every strategy has to grasp."""
    rollout_seed: int
    """Draws pose, arm start and noise of the query."""


def matched_task(root: int, split: str, index: int) -> MatchedTask:
    """Task number `index`: intentions alternate, so that each is exactly half of an even number of tasks."""
    task = draw_task(root, split, index, INTENTIONS[index % len(INTENTIONS)])
    families = tuple(draw_families(root, task, len(families_of(split))))
    query = draw_scene(root, task, families[0], QUERY)
    rollout_seed = int(seed_sequence(root, split, index, "rollout").generate_state(1)[0])
    return MatchedTask(root, task, families, query, rollout_seed)


def support_object(matched: MatchedTask, transfer: str, number: int) -> tuple[str, str]:
    """Family and label of the object that demonstration `number` of a support is made on.

    New instances and new shapes are all different objects; new shapes run through the families before any comes twice.
    """
    if transfer == "same-object":
        return matched.families[0], QUERY
    if transfer == "new-instance":
        return matched.families[0], f"a{number + 1}"
    others = matched.families[1:]
    turn, letter = divmod(number, len(others))
    return others[letter], f"{chr(ord('b') + letter)}{turn}"
