"""The policy's view: what an environment shows and wants, in the object's planar frame."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.frames import Pose, planar_to_object, turn_displacement
from sim.physics.panda import fold_yaw

HAND_FIELDS = ("x", "y", "z", "yaw", "opening", "opening_rate", "gripper_command")
"""Rows of `hand`: m, m, m above the table, rad in (−π/2, π/2], m, m/s, ±1; object frame."""


def perceived_object(state: np.ndarray) -> Pose:
    """Object frame to world as perceived, from a `state` observation (14,)."""
    return Pose(state[7:10], state[10:14] / np.linalg.norm(state[10:14]))


def hand_in_object(state: np.ndarray, object_to_world: Pose) -> np.ndarray:
    """(7,) `hand` of a world-frame `state` (14,), seen from `object_to_world`."""
    hand = np.array(state[:7], dtype=np.float64)
    hand[:3] = planar_to_object(hand[:3], object_to_world)
    hand[3] = fold_yaw(hand[3] - object_to_world.yaw)
    return hand


def observe(observation: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """An environment's observation as policies see it: `points` (P, 6) and `hand` (7,), object frame."""
    state = np.asarray(observation["state"], dtype=np.float64)
    hand = hand_in_object(state, perceived_object(state))
    return {"points": observation["points"], "hand": hand.astype(np.float32)}


def action_to_world(action: np.ndarray, observation: Mapping[str, np.ndarray]) -> np.ndarray:
    """A policy's action (5,), displacements along the object's axes, as the environment takes it."""
    yaw = perceived_object(np.asarray(observation["state"], dtype=np.float64)).yaw
    return turn_displacement(action, yaw).astype(np.float32)


def action_to_object(action: np.ndarray, observation: Mapping[str, np.ndarray]) -> np.ndarray:
    """Inverse of `action_to_world`."""
    yaw = perceived_object(np.asarray(observation["state"], dtype=np.float64)).yaw
    return turn_displacement(action, -yaw).astype(np.float32)
