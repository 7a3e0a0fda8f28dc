"""Matched scenes: for each task one query that every strategy meets, and which objects are demonstrated on.

The query (object, pose, arm start, noise) is the same for all transfers and shots; only the support differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.errors import InputError, did_you_mean
from sim.shapes.families import families_for, families_of
from sim.shapes.real_objects.loading import SPLIT
from sim.tasks.queries import QUERY_OBJECT, draw_query
from sim.tasks.sampling import draw_families
from sim.tasks.scenes import INTENTIONS, PAINT, TRANSFERS, Scene, Task
from sim.tasks.seeds import generator, seed_sequence

OWN, PROCEDURAL = "own", "procedural"
SUPPORTS = (OWN, PROCEDURAL)
"""What new shapes are demonstrated on: other families of the query's split, or those of training."""
AUTO = "auto"
"""`procedural` for the split `real-objects` alone, as the benchmark `real-1` has it; `own` for all others."""
NEW_SHAPE = "new-shape"
"""The transfer in whose demonstrations new shapes are shown."""


class SplitError(InputError):
    """A split that has too few families for a transfer, or demonstrations of an unknown kind."""


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


def matched_task(root: int, split: str, index: int, support: str = OWN, carries: str = PAINT) -> MatchedTask:
    """Task number `index`: intentions alternate, so that each is exactly half of an even number of tasks.

    Args:
        root: root seed.
        split: a shipped split, or a group of one's own.
        index: number of the task within its split.
        support: one of `SUPPORTS`; the query is the same with either.
        carries: what the materials go by, one of `sim.tasks.scenes.CARRIERS`.
    """
    drawn = draw_query(root, split, index, carries)
    families = _shown(root, drawn.task, drawn.families, support)
    return MatchedTask(root, drawn.task, families, drawn.scene, drawn.rollout_seed)


def attempt_seeds(matched: MatchedTask, attempts: int) -> tuple[int, ...]:
    """A rollout seed for each of several attempts at the query: the matched rollout's, then others, drawn below it."""
    path = (matched.task.split, matched.task.index, "rollout")
    later = (int(seed_sequence(matched.root, *path, k).generate_state(1)[0]) for k in range(1, attempts))
    return matched.rollout_seed, *later


def matched_scene(root: int, scene: Scene, rollout_seed: int, support: str = OWN) -> MatchedTask:
    """A scene that was drawn already, with label `QUERY_OBJECT`, as a query.

    Args:
        root: root seed that its task was drawn from.
        scene: what is to be grasped.
        rollout_seed: draws pose, arm start and noise.
        support: one of `SUPPORTS`.
    """
    own = scene.object.family
    families = (own, *(name for name in draw_families(root, scene.task) if name != own))
    return MatchedTask(root, scene.task, _shown(root, scene.task, families, support), scene, rollout_seed)


def _shown(root: int, task: Task, families: Sequence[str], support: str) -> tuple[str, ...]:
    """The query's family, the first of `families`, then those that new shapes are demonstrated on."""
    if support == OWN:
        return tuple(families)
    names = families_of("training")
    order = generator(root, "procedural support", task.split, task.index).permutation(len(names))
    return families[0], *(names[i] for i in order if names[i] != families[0])


def support_named(name: str, objects: Path | None = None) -> str:
    """One of `SUPPORTS` by its name; the library `objects` itself is called `own` too.

    Raises:
        SplitError: an unknown name.
    """
    if objects is not None and name in (str(objects), objects.name):
        return OWN
    if name not in SUPPORTS:
        raise SplitError(f"unknown support {name!r}{did_you_mean(name, SUPPORTS)}")
    return name


def support_for(name: str, splits: Sequence[str], transfer: Sequence[str], objects: Path | None = None) -> str:
    """One of `SUPPORTS` by its name, or that of `splits` where it is `AUTO`.

    Args:
        name: one of `SUPPORTS`, the name of the library `objects`, or `AUTO`.
        splits: what queries are drawn from.
        transfer: what is asked for; only new shapes, or all of `TRANSFERS` by default, can be procedural.
        objects: the library, where there is one.

    Raises:
        SplitError: an unknown name.
    """
    if name != AUTO:
        return support_named(name, objects)
    benchmark = tuple(splits) == (SPLIT,) and tuple(transfer) in ((NEW_SHAPE,), TRANSFERS)
    return PROCEDURAL if benchmark else OWN


def check_new_shapes(split: str, intentions: Sequence[str] = INTENTIONS) -> None:
    """Refuse to demonstrate new shapes of `split` where it has one alone for one of `intentions`.

    Raises:
        SplitError: it has.
    """
    for intention in intentions:
        if len(families_for(split, intention)) == 1:
            raise _alone(split, intention)


def _alone(split: str, intention: str) -> SplitError:
    return SplitError(
        f"split {split!r} has one family for {intention}; transfer new-shape needs 2 or more, or support procedural"
    )


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
        raise _alone(matched.task.split, matched.task.intention)
    turn, letter = divmod(number, len(others))
    return others[letter], f"{chr(ord('b') + letter)}{turn}"
