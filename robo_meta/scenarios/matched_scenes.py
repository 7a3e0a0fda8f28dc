"""Matched scenes: for each task one query that every strategy meets, and demonstrations for each transfer.

The query (object, pose, arm start, noise) is the same for all transfers and shots; only the support differs. A support
of K shots begins with that of K − 1, so that shots are compared on nested evidence.
"""

from __future__ import annotations

from dataclasses import dataclass

from demos.demo import provenance
from demos.expert.expert import demonstrate
from demos.expert.grasp_plan import NoGrasp
from demos.hindsight import support_item
from demos.support import SupportItem, SupportSet
from sim.errors import InputError
from sim.tasks.queries import QUERY_OBJECT, draw_query
from sim.tasks.sampling import draw_scene
from sim.tasks.scenes import Scene, Task
from sim.tasks.seeds import seed_sequence

ATTEMPTS = 4
"""Attempts at a demonstration on one object: as in a recorded dataset, a support demo is a success."""
SPARES = 3
"""Further objects of the same family that stand in for one on which every attempt fails."""


class SplitError(InputError):
    """A split that has too few families for a transfer."""


class NoDemonstration(RuntimeError):
    """The expert failed every attempt on an object, so that no strategy can be asked for it."""


@dataclass(frozen=True)
class MatchedTask:
    """One task's query, drawn from the root seed, the split and the task's number alone."""

    root: int
    """Root seed of the evaluation."""
    task: Task
    families: tuple[str, ...]
    """The query's family, then all others of the split in the task's order."""
    query: Scene
    rollout_seed: int


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


def record_support(matched: MatchedTask, transfer: str, shots: int) -> SupportSet:
    """Let the expert demonstrate `shots` times, each until it succeeds.

    Raises:
        NoDemonstration: no attempt succeeded.
    """
    return SupportSet(tuple(_record_one(matched, transfer, number) for number in range(shots)))


def _record_one(matched: MatchedTask, transfer: str, number: int) -> SupportItem:
    family, label = support_object(matched, transfer, number)
    # The query's own object has no stand-in.
    spares = 0 if transfer == "same-object" else SPARES
    for tried in (label, *(f"{label}-{spare}" for spare in range(spares))):
        item = _record_on(matched, family, tried, number)
        if item is not None:
            return item
    task = matched.task
    raise NoDemonstration(f"{task.split} task {task.index}, {transfer}: no demonstration on {family} {label} succeeded")


def _record_on(matched: MatchedTask, family: str, label: str, number: int) -> SupportItem | None:
    task = matched.task
    scene = draw_scene(matched.root, task, family, label)
    for attempt in range(ATTEMPTS):
        path = (task.split, task.index, "support", label, number, attempt)
        origin = provenance("expert", matched.root, path)
        try:
            demo = demonstrate(scene, seed_sequence(matched.root, *path), object_id=label, provenance=origin)
        except NoGrasp:
            return None
        if demo.success:
            return support_item(demo)
    return None
