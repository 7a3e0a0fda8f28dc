"""The scripted action in the world: what the demonstrator does next, who sees the object's true pose."""

from __future__ import annotations

import numpy as np

from demos.expert.episode import Act, Observation
from demos.expert.scripted_controller import scripted_controller
from sim.env import GraspEnv
from sim.frames import hand_in_object, turn_displacement


def demonstrator_action(env: GraspEnv, observation: Observation, target: np.ndarray, speed: float = 1.0) -> np.ndarray:
    """The next action towards and through a grasp.

    Args:
        env: whose true object pose the demonstrator reads.
        observation: the environment's.
        target: (4,) grasp x, y, z (m) and closing heading (rad), object frame.
        speed: scales free motion, in (0, 1].

    Returns:
        (5,) float32 in [−1, 1], world frame.
    """
    object_to_world = env.object_to_world
    hand = hand_in_object(np.asarray(observation["state"], dtype=np.float64), object_to_world)
    action = turn_displacement(scripted_controller(hand, target, speed), object_to_world.yaw)
    return np.clip(action, -1, 1).astype(np.float32)


def demonstrator(env: GraspEnv, target: np.ndarray, speed: float = 1.0) -> Act:
    """An `Act` that carries a grasp (4,) out without motion noise; see `demonstrator_action`."""

    def act(observation: Observation) -> tuple[np.ndarray, np.ndarray]:
        action = demonstrator_action(env, observation, target, speed)
        return action, action

    return act
