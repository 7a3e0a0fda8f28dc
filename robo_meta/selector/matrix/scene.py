"""One scene of the matrix: its condition, its demonstrations, and what every strategy comes to in its rollouts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from demos.expert.episode import shared_env
from demos.policy import Policy
from demos.support import SupportSet
from robo_meta.evaluation.records import EXPERT
from robo_meta.scenarios.conditions import Condition, query_under
from robo_meta.scenarios.matched_scenes import AUTO, MatchedTask, matched_task, support_for
from robo_meta.scenarios.rollout import expert_rollout, keypoint_error
from robo_meta.scenarios.scene_rollouts import SceneRollouts
from robo_meta.scenarios.supports import NoDemonstration, demonstration_on_query, record_support
from robo_meta.selector.matrix import config as axes
from robo_meta.selector.matrix.available import RETRY
from robo_meta.selector.matrix.columns import DEMOS, NOTHING
from robo_meta.selector.matrix.config import KEYPOINTS, PHYSICS, MatrixOrder
from robo_meta.selector.matrix.matrix import EMPTY
from robo_meta.selector.matrix.observe import look, shown
from robo_meta.strategies.build import shared_strategies
from sim.light import GREY, PLAIN
from sim.tasks.scenes import PAINT, ROLE, TRANSFERS
from sim.tasks.seeds import generator, seed_sequence

OTHER_OBJECTS = tuple(name for name in TRANSFERS if name != "same-object")
NEAR = 0.02
"""m: a grasp nearer than this to where it should be counts as a success where keypoints are scored."""
FOLLOWED_UP = {PHYSICS: 3, KEYPOINTS: 1}
"""Failed rollouts of a strategy in a row of the matrix, the first ones, that `retry` is played after."""


@dataclass(frozen=True)
class Player:
    """What plays the scenes of a matrix, as it travels to worker processes."""

    order: MatrixOrder
    names: tuple[str, ...]
    """(A,) strategies."""
    checkpoint: Path | None

    @property
    def strategies(self) -> dict[str, Any]:
        """Name → strategy, those of the choice and those beside; loaded once a process."""
        names = (*self.names, *(name for name in self.order.beside if name != EXPERT))
        found = shared_strategies(self.checkpoint, names, self.order.controller)
        return {player.name: player.strategy for player in found}


class _Scored:
    """What policies come to in the rollouts of one scene, by physics or by where they would grasp."""

    def __init__(self, table: SceneRollouts, by: str) -> None:
        self.table, self.by = table, by

    def success(self, policy: Policy, number: int) -> bool:
        """Whether `policy` succeeds in rollout `number`."""
        if self.by == KEYPOINTS:
            return keypoint_error(self.table.scene, policy.target(self.table.scans[number]))[0] < NEAR
        return self.table.item(policy, number).success

    def row(self, policy: Policy, rollouts: int) -> list[int]:
        """(R,) outcomes in rollouts 1 to `rollouts`, and −1 in the others."""
        found = [int(self.success(policy, number)) for number in range(1, rollouts + 1)]
        return found + [EMPTY] * (len(self.table.seeds) - 1 - rollouts)


def draw_condition(root: int, split: str, index: int) -> Condition:
    """The condition of scene number `index`: its world first, then all that may differ within it."""
    rng = generator(root, "condition", split, index)

    def pick(table: Sequence[tuple[Any, float]]) -> Any:
        return table[int(rng.choice(len(table), p=[chance for _, chance in table]))][0]

    world = pick(axes.WORLDS)
    any_transfer = TRANSFERS[int(rng.integers(len(TRANSFERS)))]
    other_object = OTHER_OBJECTS[int(rng.integers(len(OTHER_OBJECTS)))]
    shots = 1 + int(rng.choice(3, p=axes.SHOTS[world]))
    operator, sensing, push = (pick(table) for table in (axes.OPERATORS, axes.SENSINGS, axes.PUSHES))
    some_failed, two = rng.random() < axes.FAILED, rng.random() < 0.5
    gains = "-".join(f"{gain:.2f}" for gain in rng.uniform(axes.DIMMEST, 1.0, 3))
    light = gains if rng.random() < axes.DIMMED else PLAIN
    grey, painted = rng.random() < axes.GREY_SHARE, rng.random() < 0.5
    found = Condition(shots=shots, operator=operator, sensing=sensing, push=push, light=light)
    # There is nothing to learn from failures of what nobody can tell.
    failed = min(shots - 1, 2 if two else 1) if some_failed and world != axes.UNTELLABLE else 0
    found = replace(found, failed=failed)
    if world == PAINT:
        return replace(found, transfer=any_transfer)
    if world == axes.REPAINTED:
        return replace(found, transfer="same-object", repainted=True)
    if world == ROLE:
        return replace(found, transfer=other_object, carries=ROLE)
    if grey:
        return replace(found, transfer=other_object, shots=1, light=GREY, carries=ROLE if painted else PAINT)
    return replace(found, transfer=other_object, repainted=True)


def split_of(order: MatrixOrder, index: int) -> str:
    """The split that the query of scene number `index` comes from: that of the order, or its meshes."""
    drawn = generator(order.seed, "meshes", order.split, index).random()
    return order.meshes if order.meshes is not None and drawn < axes.MESHES else order.split


def play_scene(player: Player, index: int) -> dict[str, Any]:
    """Play scene number `index`: as it is met, and with each demonstration that can be asked for.

    Returns:
        `{index, split, family, intention, families, rows}`, a row `{condition, asked, features (F,), success, retried,
        beside}`, the last three (A, R), (A, R) and (B, R); or `{index, skipped}` where the expert could not
        demonstrate.
    """
    order = player.order
    split = split_of(order, index)
    condition = draw_condition(order.seed, split, index)
    # The only imported object of its kind is demonstrated on shapes of training.
    shapes = support_for(AUTO, (split,), (condition.transfer,))
    matched = matched_task(order.seed, split, index, shapes, condition.carries)
    try:
        supports = _supports(matched, condition)
    except NoDemonstration as error:
        return {"index": index, "skipped": str(error)}
    seeds = [int(s) for s in seed_sequence(order.seed, split, index, "matrix").generate_state(order.rollouts + 1)]
    scored = _Scored(SceneRollouts(query_under(matched, condition), seeds, condition.push), order.scored)
    return {
        "index": index,
        "split": split,
        "family": matched.query.object.family,
        "intention": matched.task.intention,
        "families": sorted({matched.query.object.family, *(i.family for s in supports.values() for i in s.items)}),
        "rows": [_row(player, condition, asked, support, scored) for asked, support in supports.items()],
    }


def _supports(matched: MatchedTask, condition: Condition) -> dict[str, SupportSet]:
    """What was asked for → the demonstrations that there are then."""
    longest = record_support(matched, condition, condition.shots + 1).items
    drawn, (more, this) = longest[:-1], DEMOS
    own = demonstration_on_query(matched, condition)
    return {NOTHING: SupportSet(drawn), more: SupportSet(longest), this: SupportSet((*drawn, own))}


def _row(player: Player, condition: Condition, asked: str, support: SupportSet, scored: _Scored) -> dict[str, Any]:
    """What all strategies come to with one support."""
    order, everything = player.order, player.strategies
    strategies = {name: everything[name] for name in player.names}
    seen = look(strategies, support, scored.table.scans[0])
    rollouts = order.rollouts if asked == NOTHING else order.asked_rollouts or order.rollouts
    success = [scored.row(seen.policies[name], rollouts) for name in player.names]
    retried = [[EMPTY] * order.rollouts for _ in player.names]
    # Attempts are physics even where keypoints are scored, so that they are made only where scenes begin.
    if RETRY in player.names and (asked == NOTHING or order.scored != KEYPOINTS):
        for place, name in enumerate(player.names):
            policy, outcomes = seen.policies[name], success[place]
            retried[place] = follow_up(scored, strategies[RETRY], support, policy, outcomes)
    beside = [[EMPTY] * order.rollouts for _ in order.beside]
    if asked == NOTHING:
        beside = [_beside(everything, name, support, scored, order.rollouts) for name in order.beside]
    known = {"condition": asdict(replace(condition, shots=support.shots)), "asked": asked}
    return {**known, "features": seen.features.tolist(), "success": success, "retried": retried, "beside": beside}


def _beside(strategies: dict[str, Any], name: str, support: SupportSet, scored: _Scored, rollouts: int) -> list[int]:
    """(R,) outcomes of what is nobody's choice: `expert`, who knows the weights, or another strategy."""
    if name != EXPERT:
        return scored.row(strategies[name].adapt(shown(name, support)), rollouts)
    table = scored.table
    return [int(expert_rollout(shared_env(), table.scene, seed).success) for seed in table.seeds[1 : rollouts + 1]]


def follow_up(scored: _Scored, retry: Any, support: SupportSet, policy: Policy, outcomes: Sequence[int]) -> list[int]:
    """(R,) what `retry` comes to after the failed ones of a policy's rollouts, each in the next rollout.

    Args:
        scored: plays the rollouts, numbered from 1.
        retry: the strategy that learns from failures.
        support: the demonstrations.
        policy: whose attempts failed.
        outcomes: (R,) what it came to in rollouts 1, 2, …
    """
    found = [EMPTY] * len(outcomes)
    for place in [place for place, won in enumerate(outcomes) if won == 0][: FOLLOWED_UP[scored.by]]:
        failed = scored.table.item(policy, place + 1)
        if not failed.success:
            again = retry.adapt_after(support, (failed,))
            found[place] = int(scored.success(again, (place + 1) % len(outcomes) + 1))
    return found
