"""A user's own strategy: what it may be, what it gets, and what is said where it gives something else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from demos.expert.scripted_controller import scripted_controller
from demos.policy import Policy
from demos.support import SupportSet
from robo_meta.strategies import StrategyError
from robo_meta.strategies.own import adopt

HAND = np.array([0.1, 0.02, 0.2, 0.3, 0.08, 0, 1], np.float32)
GRASP = [0.01, -0.02, 0.015, 0.4]


class Gives:
    """A strategy whose `adapt` gives whatever it was made with."""

    def __init__(self, policy: Any) -> None:
        self.policy = policy

    def adapt(self, support: SupportSet) -> Any:
        return self.policy


class Target:
    def __init__(self, grasp: Any = GRASP) -> None:
        self.grasp = grasp

    def target(self, points: np.ndarray) -> Any:
        return self.grasp


class Weighing(Target):
    def __init__(self, weights: Any) -> None:
        super().__init__()
        self.weights = weights

    def point_scores(self, points: np.ndarray) -> Any:
        return self.weights


class Acting:
    """Goes on with given actions, one after another."""

    def __init__(self, *actions: Any) -> None:
        self.actions, self.number = actions, 0

    def act(self, observation: Mapping[str, np.ndarray]) -> Any:
        self.number += 1
        return self.actions[self.number - 1]


class Forgetting(Acting):
    def reset(self) -> None:
        self.number = 0


@pytest.fixture
def support(packed: SimpleNamespace) -> SupportSet:
    return packed.support(packed.arrays(tasks=1), 0, 2)


@pytest.fixture
def points(support: SupportSet) -> np.ndarray:
    return support.items[0].points


def adapted(policy: Any, support: SupportSet) -> Policy:
    return adopt(Gives(policy), scripted_controller, "mine").adapt(support)


@pytest.mark.parametrize("policy", [Target(), Target().target, lambda points: tuple(GRASP), Weighing(None)])
def test_a_grasp_is_driven_to(policy: Any, support: SupportSet, points: np.ndarray) -> None:
    """A function and an object with `target` give the same policy, driven by the controller."""
    found = adapted(policy, support)
    assert found.controller == "scripted" and found.point_scores(points) is None
    assert np.allclose(found.target(points), GRASP) and found.target(points).dtype == np.float64
    found.reset()
    assert np.array_equal(found.act({"points": points, "hand": HAND}), scripted_controller(HAND, np.array(GRASP)))


def test_half_a_turn_of_the_gripper_is_none(support: SupportSet, points: np.ndarray) -> None:
    target = adapted(lambda _: [0, 0, 0.02, 0.4 + 3 * np.pi], support).target(points)
    assert target[3] == pytest.approx(0.4)


def test_weights_are_handed_on(support: SupportSet, points: np.ndarray) -> None:
    assert np.allclose(adapted(Weighing([0.25, 0.75]), support).point_scores(points), [0.25, 0.75])


def test_actions_are_cut_and_the_closing_place_is_the_target(support: SupportSet, points: np.ndarray) -> None:
    """A policy that only acts is judged by where its hand was when it first began to close."""
    policy = adapted(Forgetting([3, 0, 0, 0, 1], [0, 0, 0, 0, -1], [0, 0, 1, 0, -1]), support)
    assert policy.controller == "own"
    middle = policy.target(points)
    assert np.isfinite(middle).all() and np.abs(middle[:2] - points[:, :2].mean(0)).max() < 1e-6
    for episode in range(2):
        policy.reset()
        for step in range(3):
            hand = HAND + np.float32(0.01 * step + 0.1 * episode)
            action = policy.act({"points": points, "hand": hand})
            assert action.dtype == np.float32 and np.abs(action).max() <= 1
        assert np.allclose(policy.target(points), HAND[:4] + 0.01 + 0.1 * episode)


def test_a_policy_without_reset(support: SupportSet, points: np.ndarray) -> None:
    policy = adapted(Acting([0, 0, 0, 0, 1], [0.5, 0, 0, 0, 1]), support)
    assert policy.act({"points": points, "hand": HAND})[0] == 0
    policy.reset()
    assert policy.act({"points": points, "hand": HAND})[0] == 0.5


class Spoiler:
    """Tries to change everything that it is given."""

    def adapt(self, support: SupportSet) -> Any:
        for item in support.items:
            with pytest.raises(ValueError, match="read-only"):
                item.points[0] = 0
            item.points.setflags(write=True)
            item.points[:] = 0
        return self

    def act(self, observation: Mapping[str, np.ndarray]) -> Any:
        for value in observation.values():
            value.setflags(write=True)
            value[:] = 0
        return np.zeros(5)


def test_what_a_strategy_is_given_cannot_be_changed_by_it(support: SupportSet, points: np.ndarray) -> None:
    before, seen = points.copy(), {"points": points.copy(), "hand": HAND.copy()}
    adopt(Spoiler(), scripted_controller, "spoiler").adapt(support).act(seen)
    assert np.array_equal(support.items[0].points, before) and np.abs(before).max() > 0
    assert np.array_equal(seen["points"], before) and np.array_equal(seen["hand"], HAND)


def asked_for_target(policy: Policy, points: np.ndarray) -> None:
    policy.target(points)


def asked_to_act(policy: Policy, points: np.ndarray) -> None:
    policy.act({"points": points, "hand": HAND})


def asked_for_scores(policy: Policy, points: np.ndarray) -> None:
    policy.point_scores(points)


@pytest.mark.parametrize(
    ("policy", "ask", "message"),
    [
        (Target([np.nan, 0, 0, 0]), asked_for_target, "target gave nan 0 0 0; expected 4 finite numbers"),
        (Target([0, 0, np.inf, 0]), asked_to_act, "target gave 0 0 inf 0; expected 4 finite numbers"),
        (Target([0, 0, 0]), asked_for_target, "target gave shape (3,); expected 4 finite numbers"),
        (Target(np.zeros((1, 4))), asked_for_target, "target gave shape (1, 4)"),
        (Target(None), asked_for_target, "target gave shape (); expected 4"),
        (Target("here"), asked_for_target, "target gave a str; expected 4"),
        (lambda points: points, asked_for_target, "target gave shape (24, 6)"),
        (Acting([0, 0, 0, np.nan, 1]), asked_to_act, "act gave 0 0 0 nan 1; expected 5 finite numbers"),
        (Acting([0, 0, 0, 1e300, 1]), asked_to_act, "act gave 0 0 0 1e+300 1; expected 5 finite numbers"),
        (Acting([0, 0, 0, 1]), asked_to_act, "act gave shape (4,); expected 5 finite numbers"),
        (Acting({"x": 0}), asked_to_act, "act gave a dict"),
        (Weighing([0.5, 0.1]), asked_for_scores, "point_scores gave shape (2,) with sum 0.6"),
        (Weighing(np.full(99, 1 / 99)), asked_for_scores, "point_scores gave shape (99,)"),
        (Weighing([np.nan]), asked_for_scores, "point_scores gave nan"),
    ],
)
def test_what_comes_back_is_checked(
    policy: Any, ask: Callable[[Policy, np.ndarray], None], message: str, support: SupportSet, points: np.ndarray
) -> None:
    with pytest.raises(StrategyError) as caught:
        ask(adapted(policy, support), points)
    assert str(caught.value).startswith(f"strategy 'mine': {message}") and "\n" not in str(caught.value)
    # Nothing of it stays: another policy of the same program is asked as if nothing had been.
    assert np.allclose(adapted(Target(), support).target(points), GRASP)


@pytest.mark.parametrize(("policy", "found"), [(None, "a NoneType"), (Target, "the class Target"), ([0.1], "a list")])
def test_no_policy(policy: Any, found: str, support: SupportSet) -> None:
    with pytest.raises(StrategyError, match=f"strategy 'mine': adapt returned {found}; expected a function"):
        adapted(policy, support)


@pytest.mark.parametrize("thing", [None, Gives, Target()])
def test_no_strategy(thing: Any) -> None:
    with pytest.raises(StrategyError, match="expected an object with adapt"):
        adopt(thing, scripted_controller, "mine")


def test_an_error_of_the_users_code_is_shown_as_it_is(support: SupportSet, points: np.ndarray) -> None:
    def broken(points: np.ndarray) -> Any:
        raise ZeroDivisionError("in my own code")

    with pytest.raises(ZeroDivisionError) as caught:
        adapted(broken, support).target(points)
    assert caught.value.__notes__ == ["in target of strategy 'mine'"]
