"""Supports: the demonstrations that a strategy adapts from, as a condition has them.

A support of K shots begins with that of K − 1, so that shots are compared on nested evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from demos.demo import Demo, provenance
from demos.expert.expert import demonstrate
from demos.expert.grasp_plan import NoGrasp, aim, plan_grasp
from demos.hindsight import support_item
from demos.support import SupportItem, SupportSet
from robo_meta.scenarios.attempts import attempt
from robo_meta.scenarios.conditions import Condition, repainted
from robo_meta.scenarios.demonstration_kinds import THIS_OBJECT
from robo_meta.scenarios.matched_scenes import MatchedTask, support_object
from sim.tasks.sampling import draw_scene
from sim.tasks.scenes import Scene
from sim.tasks.seeds import generator, seed_sequence

ATTEMPTS = 4
"""Attempts at a demonstration on one object: as in a recorded dataset, a support demo is a success."""
MISSES = 8
"""Attempts after which a demonstrator who is to fail is given up on."""
MISSED_BY = 0.03
"""m, per axis: where a failing demonstrator aims, standard deviation."""
ON_QUERY = "query"
"""Label of the query's own object in a demonstration that was asked for."""
SPARES = 3
"""Further objects of the same family that stand in for one on which every attempt fails."""


@dataclass(frozen=True, eq=False)
class Demonstration:
    """One demonstration of a support, as whoever films it needs it."""

    item: SupportItem
    """What strategies see of it."""
    scene: Scene
    """What was grasped: privileged."""
    demo: Demo | None
    """The episode; None for one that was to fail."""


class NoDemonstration(RuntimeError):
    """The expert failed every attempt on an object, so that no strategy can be asked for it."""


def record_support(matched: MatchedTask, condition: Condition, shots: int | None = None) -> SupportSet:
    """Let the expert demonstrate as the condition has it: each time until it succeeds, or fails, as it should.

    Args:
        matched: the task and its query.
        condition: transfer, noise, paint and light, and which demonstrations fail.
        shots: number of demonstrations; the condition's where None.

    Raises:
        NoDemonstration: none came about that succeeds, or fails, as it should.
    """
    return support_of(record_demonstrations(matched, condition, shots))


def record_demonstrations(
    matched: MatchedTask, condition: Condition, shots: int | None = None
) -> tuple[Demonstration, ...]:
    """The demonstrations of `record_support`, with what is hidden from strategies."""
    count = condition.shots if shots is None else shots
    return tuple(_demonstration(matched, condition, number) for number in range(count))


def support_of(demonstrations: Sequence[Demonstration]) -> SupportSet:
    """What strategies see of demonstrations."""
    return SupportSet(tuple(one.item for one in demonstrations))


def demonstration_on_query(matched: MatchedTask, condition: Condition) -> SupportItem:
    """Let the expert demonstrate on the very object of the query, as it is painted, in another pose.

    It is shown where the other demonstrations were, in their light.

    Raises:
        NoDemonstration: every attempt failed.
    """
    return _on_query(matched, condition).item


def _on_query(matched: MatchedTask, condition: Condition) -> Demonstration:
    scene = replace(matched.query, noise=condition.noise, light=condition.camera)
    found = _on_object(matched.root, scene, ON_QUERY, 0, fails=False)
    if found is None:
        raise NoDemonstration(
            f"{matched.task.split} task {matched.task.index}: no demonstration on the query succeeded"
        )
    return found


def asked_demonstration(matched: MatchedTask, condition: Condition, kind: str, shots: int) -> Demonstration:
    """What is demonstrated to whoever has `shots` demonstrations of the condition and asks for another.

    Args:
        matched: the task and its query.
        condition: of the demonstrations that there are.
        kind: one of `robo_meta.scenarios.demonstration_kinds.KINDS`.
        shots: how many there are.

    Raises:
        NoDemonstration: none came about that comes out as it should.
    """
    if kind == THIS_OBJECT:
        return _on_query(matched, condition)
    return _demonstration(matched, condition, shots)


def _demonstration(matched: MatchedTask, condition: Condition, number: int) -> Demonstration:
    task = matched.task
    fails = 1 <= number <= condition.failed
    noise = replace(condition.noise, grasp=MISSED_BY) if fails else condition.noise
    family, label = support_object(matched, condition.transfer, number)
    # The query's own object has no stand-in.
    spares = 0 if condition.transfer == "same-object" else SPARES
    for object_id in (label, *(f"{label}-{spare}" for spare in range(spares))):
        scene = draw_scene(matched.root, task, family, object_id, noise)
        scene = replace(scene, light=condition.camera)
        if condition.repainted:
            scene = repainted(matched.root, scene, matched.query.object.colours)
        found = _on_object(matched.root, scene, object_id, number, fails)
        if found is not None:
            return found
    outcome = "failed" if fails else "succeeded"
    raise NoDemonstration(
        f"{task.split} task {task.index}, {condition.transfer}: no demonstration on {family} {label} {outcome}"
    )


def _on_object(root: int, scene: Scene, label: str, number: int, fails: bool) -> Demonstration | None:
    """The first demonstration on an object that comes out as it should; None where none does."""
    task = scene.task
    for turn in range(MISSES if fails else ATTEMPTS):
        path = (task.split, task.index, "failed" if fails else "support", label, number, turn)
        demo = None
        try:
            if fails:
                # Of what failed it is observed, with noise, which side sank.
                grasp = aim(plan_grasp(scene), scene.noise, generator(root, *path, "aim"))
                item = attempt(scene, int(seed_sequence(root, *path).generate_state(1)[0]), grasp, label)
            else:
                origin = provenance("expert", root, path)
                demo = demonstrate(scene, seed_sequence(root, *path), object_id=label, provenance=origin)
                item = support_item(demo)
        except NoGrasp:
            return None
        if item.success != fails:
            return Demonstration(item, scene, demo)
    return None
