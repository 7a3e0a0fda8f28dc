"""`role` where paint says nothing: the same object under other paint, and painted goods, by where it would grasp."""

from __future__ import annotations

from demos.expert.episode import shared_env
from robo_meta.scenarios.conditions import Condition, query_under
from robo_meta.scenarios.matched_scenes import matched_task
from robo_meta.scenarios.rollout import keypoint_error
from robo_meta.scenarios.supports import record_support
from robo_meta.strategies.build import shared_strategies
from robo_meta.training.checkpoint import checkpoint_file
from sim.tasks.scenes import ROLE

NEAR = 0.02
"""m: a grasp so near to its keypoint nearly always succeeds."""


def found(condition: Condition, carries: str, tasks: range) -> dict[str, int]:
    """Strategy → in how many of `tasks` of validation it would grasp near the keypoint."""
    players = shared_strategies(checkpoint_file(None), ("role", "maml"), "learned", None)
    counts = {player.name: 0 for player in players}
    for index in tasks:
        matched = matched_task(3, "validation", index, carries=carries)
        scene, support = query_under(matched, condition), record_support(matched, condition)
        points = shared_env().reset(seed=matched.rollout_seed, options={"scene": scene})[0]["points"]
        for player in players:
            grasp = player.strategy.adapt(support).target(points)
            counts[player.name] += bool(keypoint_error(scene, grasp)[0] < NEAR)
    return counts


def test_a_repainted_object_is_held_as_it_was_shown() -> None:
    counts = found(Condition("same-object", repainted=True), "paint", range(6))
    assert counts["role"] >= 5 and counts["role"] > counts["maml"]


def test_of_painted_goods_the_part_tells() -> None:
    counts = found(Condition("new-instance", shots=3, carries=ROLE), ROLE, range(6))
    assert counts["role"] >= 4
