"""The dense reward rises with reaching, gripping and lifting, and says nothing else."""

from collections.abc import Iterator

import numpy as np
import pytest

from demos.expert.scripted_controller import scripted_controller
from sim.env import GraspEnv
from sim.frames import hand_in_object, turn_displacement
from sim.shaping import GRIP, LIFT, REACH
from sim.tasks.scenes import PART, Scene
from tests.sim.objects.bars import HEIGHT, LENGTH, bar_scene

OPEN = np.array([0, 0, 0, 0, 1], dtype=np.float32)


@pytest.fixture(scope="module")
def dense() -> Iterator[GraspEnv]:
    environment = GraspEnv(reward="dense")
    yield environment
    environment.close()


def grasp(env: GraspEnv, scene: Scene, x: float, seed: int = 0) -> tuple[list[float], list[np.ndarray], bool]:
    """Rewards, states and success of a scripted grasp of a bar at `x`, m, object frame."""
    observation, _ = env.reset(seed=seed, options={"scene": scene})
    rewards, states = [], [observation["state"]]
    while True:
        hand = hand_in_object(observation["state"].astype(np.float64), env.object_to_world)
        action = scripted_controller(hand, np.array([x, 0.0, HEIGHT / 2, np.pi / 2]))
        action = np.clip(turn_displacement(action, env.object_to_world.yaw), -1, 1)
        observation, reward, terminated, truncated, info = env.step(action)
        rewards.append(float(reward))
        states.append(observation["state"])
        if terminated or truncated:
            return rewards, states, info["is_success"]


def test_a_success_earns_nearly_all_there_is(dense: GraspEnv) -> None:
    scene = bar_scene()
    rewards, _, success = grasp(dense, scene, scene.mass_properties.centre[0])
    assert success and min(rewards) >= 0
    assert rewards[-1] >= 1
    assert 1.85 < sum(rewards) <= 1 + REACH + GRIP + LIFT == 2


def test_the_shares_in_their_order(dense: GraspEnv) -> None:
    """A grasp far from the balance point is lifted, and not reached: its reach falls short, and no success."""
    scene = bar_scene()
    centre = scene.mass_properties.centre[0]
    rewards, _, success = grasp(dense, scene, centre - 0.06)
    assert not success
    assert GRIP + 0.5 * LIFT < sum(rewards) < 0.95
    dense.reset(seed=0, options={"scene": scene})
    assert sum(float(dense.step(OPEN)[1]) for _ in range(45)) < 0.05


def test_part_is_reached_at_the_wanted_colours_end(dense: GraspEnv) -> None:
    left = -LENGTH / 2 + 0.015
    earned = {}
    for wanted in ("red", "blue"):
        scene = bar_scene(mass=0.035, intention=PART, part_colour=wanted)
        rewards, _, success = grasp(dense, scene, left)
        earned[wanted] = sum(rewards) - success
    assert earned["red"] > earned["blue"] + 0.1


def test_the_reward_changes_neither_observations_nor_success(dense: GraspEnv, env: GraspEnv) -> None:
    scene = bar_scene()
    centre = scene.mass_properties.centre[0]
    with_dense, states, success = grasp(dense, scene, centre, seed=4)
    sparse, same_states, same_success = grasp(env, scene, centre, seed=4)
    assert success == same_success
    assert np.array_equal(states, same_states)
    assert set(sparse[:-1]) == {0.0} and sparse[-1] == float(success)
    assert sum(with_dense) > sum(sparse)
