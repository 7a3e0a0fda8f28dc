"""Matched scenes: for each task one query that every strategy meets, and which objects are demonstrated on.

The query (object, pose, arm start, noise) is the same for all transfers and shots; only the support differs.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.errors import InputError
from sim.shapes.families import families_of
from sim.tasks.queries import QUERY_OBJECT, draw_query
from sim.tasks.scenes import Scene, Task
from sim.tasks.seeds import generator

OWN, PROCEDURAL = "own", "procedural"
SUPPORTS = (OWN, PROCEDURAL)
"""What new shapes are demonstrated on: other families of the query's split, or those of training."""


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
    """The query's family, then those that new shapes are demonstrated on, in the task's order."""
    query: Scene
    """What every strategy has to grasp."""
    rollout_seed: int
    """Draws pose, arm start and noise of the query."""


def matched_task(root: int, split: str, index: int, support: str = OWN) -> MatchedTask:
    """Task number `index`: intentions alternate, so that each is exactly half of an even number of tasks.

    Args:
        root: root seed.
        split: a shipped split, or a group of one's own.
        index: number of the task within its split.
        support: one of `SUPPORTS`; the query is the same with either.
    """
    drawn = draw_query(root, split, index)
    families = drawn.families
    if support == PROCEDURAL:
        names = families_of("training")
        order = generator(root, "procedural support", split, index).permutation(len(names))
        families = (families[0], *(names[i] for i in order))
    return MatchedTask(root, drawn.task, families, drawn.scene, drawn.rollout_seed)


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
