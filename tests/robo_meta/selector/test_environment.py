"""`RoboMeta/Select-v1` keeps Gymnasium's contract and pays what it says."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from dataclasses import replace

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import robo_meta  # noqa: F401  (registers the environment)
from robo_meta.selector.environment import SelectEnv, SelectError
from robo_meta.selector.learner.prices import PriceError, Prices
from robo_meta.selector.matrix.file import save_matrix
from robo_meta.selector.matrix.matrix import MatrixError
from tests.robo_meta.selector.selector_matrices import made_up, with_retry


def paired(scenes: int = 8, **changes):
    """Every even scene has one demonstration less than the odd one after it."""
    following = np.where(np.arange(scenes) % 2 == 0, np.arange(scenes) + 1, -1)
    chances = np.tile([[1.0, 0.0, 0.5]], (scenes, 1))
    return made_up(chances, following=following, features={"shots": np.arange(scenes) % 2 + 1.0}, **changes)


def test_check_env_passes_with_warnings_as_errors(tmp_path) -> None:
    file = save_matrix(tmp_path / "m.safetensors", paired())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gymnasium.make("RoboMeta/Select-v1", matrix=str(file))
        check_env(env.unwrapped, skip_render_check=True)


class IgnoresItsSeed(SelectEnv):
    """A broken double."""

    def reset(self, *, seed=None, options=None):
        return super().reset(seed=None if seed is None else int.from_bytes(os.urandom(4), "big"), options=options)


def test_check_env_bites() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(AssertionError):
        check_env(IgnoresItsSeed(made_up(rng.random((200, 3)), features={"length": rng.normal(size=200)})))


def test_rewards_and_ends() -> None:
    env = SelectEnv(paired(), Prices(attempt=0.1, failure=0.3, demo=0.2, second=1.0, attempts=2))
    first, _ = env.reset(seed=0, options={"scene": 0})
    seen, reward, terminated, truncated, info = env.step(1)
    assert (
        reward == pytest.approx(-0.1 - 0.02 - 0.3) and not terminated and not truncated and info == {"success": False}
    )
    size, features = 3, first.size - 9
    assert seen[features + 1] == pytest.approx(0.5) and seen[-3] == pytest.approx(0.5) and seen[-2:].tolist() == [1, 0]
    seen, reward, terminated, _, info = env.step(size)
    assert reward == pytest.approx(-0.2) and not terminated and info == {} and not seen[-2:].any()
    assert seen[0] > first[0] and seen[features + 1] == pytest.approx(0.5)  # a shot more, the failure still known
    assert env.step(size)[1] == pytest.approx(-0.2)  # none left to be had: the price is lost
    _, reward, terminated, _, info = env.step(0)
    assert reward == pytest.approx(1 - 0.1 - 0.01) and terminated and info == {"success": True}
    with pytest.raises(RuntimeError, match=r"call reset\(\)"):
        env.step(0)
    env.reset(options={"scene": 1})
    assert env.step(size + 2)[1:4] == (0.0, True, False)
    env.reset(options={"scene": 0})
    assert not env.step(1)[2] and env.step(1)[2]  # the last attempt ends it


@pytest.mark.parametrize("action", [-1, 6, 10**30, 1.0, 0.5, True, None, "1", [0, 1], [0, [1]], float("nan")])
def test_actions_that_do_not_exist_are_refused_and_change_nothing(action) -> None:
    env, other = SelectEnv(paired()), SelectEnv(paired())
    for each in (env, other):
        each.reset(seed=3, options={"scene": 0})
    with pytest.raises(SelectError, match=r"action .*; expected a whole number from 0 to 5") as caught:
        env.step(action)
    assert "\n" not in str(caught.value)
    for allowed in (np.int64(2), np.array(2), 2):
        assert env.step(allowed)[1] == other.step(2)[1]
        for each in (env, other):
            each.reset(seed=3, options={"scene": 0})


@pytest.mark.parametrize(
    "options, line",
    [
        ({"scene": -1}, "scene -1; expected a whole number from 0 to 7"),
        ({"scene": 8}, "scene 8; expected a whole number from 0 to 7"),
        ({"scene": 1.5}, "scene 1.5; expected a whole number from 0 to 7"),
        ({"scene": "first"}, "scene 'first'; expected a whole number from 0 to 7"),
        ({"scene": True}, "scene True; expected a whole number from 0 to 7"),
        ({"Scene": 1}, "reset option 'Scene'; expected 'scene' or none"),
        ({"scene": 1, "push": 0.1}, "reset option 'push'; expected 'scene' or none"),
    ],
)
def test_scenes_and_options_that_do_not_exist_are_refused(options: dict, line: str) -> None:
    with pytest.raises(SelectError) as caught:
        SelectEnv(paired()).reset(options=options)
    assert str(caught.value) == line


def test_dithering_is_cut_off() -> None:
    env = SelectEnv(paired(), Prices(attempts=2))
    env.reset(seed=0)
    ends = [env.step(3)[2:4] for _ in range(4)]
    assert ends == [(False, False)] * 3 + [(False, True)]


def test_a_demonstration_on_the_object_has_a_price_and_a_scene_of_its_own() -> None:
    """Scene 0 leads to 1 with one more of any, and to 2 with one on the object; only there something works."""
    chances = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    matrix = made_up(chances, following=np.array([1, -1, -1]), on_object=np.array([2, -1, -1]))
    env = SelectEnv(matrix, Prices(demo=0.1, own_demo=0.2))
    seen, _ = env.reset(seed=0)  # only scenes as they are met are drawn
    assert seen[-2:].tolist() == [1, 1]
    seen, reward, *_ = env.step(3)
    assert reward == pytest.approx(-0.2) and not seen[-2:].any()
    assert env.step(0)[4]["success"]
    env.reset(seed=0)
    assert env.step(2)[1] == pytest.approx(-0.1) and not env.step(0)[4]["success"]


def test_strategies_that_cannot_be_taken_fail_and_are_told() -> None:
    names = ("maml", "contrast", "retry")
    matrix = made_up(np.ones((2, 3)), strategies=names, failed=np.array([0, 1]))
    env = SelectEnv(matrix)
    for scene, allowed in ((0, [1, 0, 0]), (1, [1, 1, 0])):
        seen, _ = env.reset(seed=0, options={"scene": scene})
        assert seen[-6:-3].tolist() == allowed
        assert [env.reset(options={"scene": scene}) and env.step(a)[4]["success"] for a in range(3)] == [
            bool(can) for can in allowed
        ]


def test_rollouts_are_drawn_without_repetition() -> None:
    chances = np.tile([[0.5, 0.5, 0.5]], (30, 1))
    matrix = made_up(chances, rollouts=4)
    env = SelectEnv(matrix, Prices(attempts=4))
    for scene in range(30):
        env.reset(seed=scene, options={"scene": scene})
        outcomes = []
        while not (outcomes and outcomes[-1]) and len(outcomes) < 4:
            outcomes.append(env.step(0)[4]["success"])
        assert any(outcomes) == bool(matrix.success[scene, 0].any())


def test_registration_is_light() -> None:
    code = "import sys, robo_meta; print([m for m in ('torch', 'pybullet', 'sklearn', 'sim.env') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "changes, line",
    [
        ({"gamma": 0.0}, "gamma 0.0; expected more than 0 and at most 1"),
        ({"gamma": 1.5}, "gamma 1.5; expected more than 0 and at most 1"),
        ({"gamma": float("nan")}, "gamma nan; expected more than 0 and at most 1"),
        ({"attempt": float("nan")}, "price of attempt nan; expected a number of 0 or more"),
        ({"demo": float("inf")}, "price of demo inf; expected a number of 0 or more"),
        ({"own_demo": -0.1}, "price of own_demo -0.1; expected a number of 0 or more"),
        ({"failure": "much"}, "price of failure 'much'; expected a number of 0 or more"),
        ({"second": -1.0}, "price of second -1.0; expected a number of 0 or more"),
        ({"attempts": 0}, "attempts 0; expected 1 to 5"),
    ],
)
def test_prices_that_make_no_sense(changes: dict, line: str) -> None:
    with pytest.raises(PriceError) as caught:
        Prices(**changes)
    assert str(caught.value) == line


def test_no_matrix(tmp_path) -> None:
    with pytest.raises(MatrixError, match="no matrix; play one with robo-meta select matrix"):
        SelectEnv(tmp_path / "none.safetensors")


def test_retry_learns_from_the_attempt_that_failed_last() -> None:
    """`replay` always fails, and `retry` succeeds after it alone; it can't be taken beforehand."""
    success = np.zeros((1, 3, 4), dtype=np.int8)
    retried = np.zeros((1, 3, 4), dtype=np.int8)
    retried[:, 1] = 1
    matrix = replace(with_retry(1, rollouts=4), success=success, retried=retried)
    env = SelectEnv(matrix)
    for first, done in ((0, False), (1, True), (2, False)):
        env.reset(seed=0, options={"scene": 0})
        assert not env.step(first)[4]["success"]
        assert env.step(2)[4]["success"] is done
