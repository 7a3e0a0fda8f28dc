"""Conditions: what no scene can have, nested supports, failed and foreign demonstrations, shoves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from demos.expert.episode import shared_env
from robo_meta.scenarios.conditions import (
    Condition,
    ConditionError,
    in_other_colours,
    query_under,
)
from robo_meta.scenarios.matched_scenes import MatchedTask, matched_task
from robo_meta.scenarios.supports import record_support
from robo_meta.strategies.baselines.colour_clusters import colour_centres
from sim.physics.push import FIRST_STEP, LAST_STEP, Shove, ShoveError
from sim.tasks.scenes import Noise


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"transfer": "newshape"}, "transfer 'newshape'; expected one of same-object"),
        ({"shots": 0}, "shots 0; expected 1 to 6"),
        ({"shots": 7}, "shots 7; expected 1 to 6"),
        ({"failed": 1}, "failed 1 of 1 demonstrations"),
        ({"foreign": 2}, "foreign 2 of 1 demonstrations"),
        ({"foreign": 1, "transfer": "same-object"}, "foreign colours on the same object"),
        ({"sensing": 0.0}, "sensing 0.0; expected more than 0"),
        ({"operator": float("nan")}, "operator nan; expected more than 0"),
        ({"push": 0.5}, "push 0.5; expected 0 to 0.1 m"),
    ],
)
def test_what_no_scene_can_have(changes: dict, message: str) -> None:
    with pytest.raises(ConditionError) as caught:
        Condition(**changes)
    assert str(caught.value).startswith(message)


def test_noise() -> None:
    assert Condition().noise == Noise()
    tripled = Condition(sensing=3.0, operator=0.012).noise
    assert (tripled.position, tripled.points, tripled.grasp) == pytest.approx((0.006, 0.006, 0.012))
    assert tripled.colour == Noise().colour


@pytest.fixture(scope="module")
def matched() -> MatchedTask:
    return matched_task(0, "validation", 0)


def test_default_support_is_the_headline_one_and_nested(matched: MatchedTask) -> None:
    plain = record_support(matched, Condition("new-instance"), 1).items[0]
    more = record_support(matched, Condition("new-instance", shots=3, failed=1))
    assert np.array_equal(plain.hand, more.items[0].hand) and np.array_equal(plain.points, more.items[0].points)
    assert [item.success for item in more.items] == [True, False, True]
    assert query_under(matched, Condition()) == matched.query


def test_foreign_demonstrations_show_other_colours(matched: MatchedTask) -> None:
    other = in_other_colours(0, matched.task)
    assert not set(other.densities) & set(matched.task.densities)
    assert sorted(other.densities.values()) == sorted(matched.task.densities.values())
    condition = Condition("new-instance", shots=2, foreign=1)
    first, second = record_support(matched, condition).items
    seen = [np.round(colour_centres([item.points])) for item in (first, second)]
    assert not any((row == seen[1]).all(axis=1).any() for row in seen[0])
    assert not condition.colours_unknown and replace(condition, shots=1).colours_unknown


def test_a_shove_slides_the_object_and_leaves_the_reset_alone(matched: MatchedTask) -> None:
    env, ends, starts = shared_env(), [], []
    for push in (0.0, 0.03, 0.03):
        observation, _ = env.reset(seed=4, options={"scene": matched.query, "push": push})
        starts.append(observation)
        before = env.object_to_world.position
        for _ in range(LAST_STEP + 3):
            observation = env.step(np.zeros(5, np.float32))[0]
        ends.append(observation["state"])
        assert np.hypot(*(env.object_to_world.position - before)[:2]) == pytest.approx(push, abs=0.004)
    assert all(np.array_equal(starts[0][key], start[key]) for start in starts[1:] for key in starts[0])
    # What is perceived follows the object, and the same seed gives the same shove.
    assert np.array_equal(ends[1], ends[2]) and np.hypot(*(ends[1] - ends[0])[7:9]) > 0.025


def test_shoves_come_during_the_approach() -> None:
    drawn = [Shove.draw(0.02, np.random.default_rng(seed)) for seed in range(40)]
    assert {shove.step for shove in drawn} == set(range(FIRST_STEP, LAST_STEP + 1))
    for wrong in (-0.01, 0.3, float("nan")):
        with pytest.raises(ShoveError, match=r"expected more than 0 and at most 0\.1 m"):
            Shove.draw(wrong, np.random.default_rng(0))
