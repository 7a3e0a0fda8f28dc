"""Matched scenes: for each task one query that every strategy meets, and which objects are demonstrated on.

The query (object, pose, arm start, noise) is the same for all transfers and shots; only the support differs.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.errors import InputError
from sim.tasks.queries import QUERY_OBJECT, draw_query
from sim.tasks.scenes import Scene, Task


class SplitError(InputError):
    """A split that has too few families for a transfer."""


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
    drawn = draw_query(root, split, index)
    return MatchedTask(root, drawn.task, drawn.families, drawn.scene, drawn.rollout_seed)


def support_object(matched: MatchedTask, transfer: str, number: int) -> tuple[str, str]:
    """Family and label of the object that demonstration `number` of a support is made on.

    New instances and new shapes are all different objects; new shapes run through the families before any comes twice.
    """
    if transfer == "same-object":
        return matched.families[0], QUERY_OBJECT
    if transfer == "new-instance":
        return matched.families[0], f"a{number + 1}"
    others = matched.families[1:]
    if not others:
        raise SplitError(f"split {matched.task.split!r} has one family; transfer new-shape needs 2 or more")
    turn, letter = divmod(number, len(others))
    return others[letter], f"{chr(ord('b') + letter)}{turn}"
