"""From the place where a person wants the hand to the environment's actions, a tenth of a second each."""

from __future__ import annotations

import numpy as np

from sim.frames import heading_turn
from sim.robot import Workspace

SPACE = Workspace()
NEAR, TURNED = 0.0015, 0.015
"""m and rad: closer than this the hand is there."""
PROGRESS = 0.0005
"""m: a step that comes no nearer than this leads nowhere, as against the table."""
STILL, EMPTY = 0.006, 0.003
"""m/s under which fingers have closed on something, and m of opening under which it was nothing."""
LIFT_START, LIFT_STEP, LIFT_GAIN = 0.008, 0.02, 0.6
"""m of the first lifting action, of one at full speed, and of what each metre lifted adds: a jerk shakes heavy objects
loose."""


def wanted(x: float, y: float, z: float, heading: float) -> np.ndarray:
    """(4,) x, y, z (m) and heading (rad) of the hand, kept inside the workspace."""
    place = np.clip([x, y, z], SPACE.low, SPACE.high)
    return np.array([*place, np.clip(heading, -SPACE.yaw_limit, SPACE.yaw_limit)])


def gap(state: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    """m and rad between the hand of a `state` (14,) and a target (4,), world frame."""
    turn = float(heading_turn(float(state[3]), target[3]))
    return float(np.linalg.norm(target[:3] - state[:3])), abs(turn)


def towards(state: np.ndarray, target: np.ndarray, closed: bool) -> np.ndarray:
    """(5,) float32: the action that brings the hand straight towards a target (4,), all axes at one pace."""
    offset = (target[:3] - np.asarray(state[:3], dtype=np.float64)) / SPACE.reach
    turn = float(heading_turn(float(state[3]), target[3])) / SPACE.turn
    pace = max(1.0, float(np.abs(offset).max()), abs(turn))
    return np.array([*(offset / pace), turn / pace, -1.0 if closed else 1.0], dtype=np.float32)


def still(closed: bool) -> np.ndarray:
    """(5,) float32: the action that moves the fingers alone."""
    return np.array([0, 0, 0, 0, -1.0 if closed else 1.0], dtype=np.float32)


def upwards(lifted: float, closed: bool) -> np.ndarray:
    """(5,) float32: the next action of lifting, from the m lifted so far."""
    rise = min(LIFT_STEP, LIFT_START + LIFT_GAIN * max(0.0, lifted))
    return np.array([0, 0, rise / SPACE.reach, 0, -1.0 if closed else 1.0], dtype=np.float32)
