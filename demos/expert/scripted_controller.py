"""The scripted controller: a memoryless controller from where the hand is to the next action, given a grasp.

It is a function of the observed hand alone, so that a network can learn it from recorded steps: everything that
decides between approaching, closing and lifting can be seen (the last gripper command, the opening and its rate).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.frames import heading_turn
from sim.robot import Workspace

REACH, TURN = Workspace.reach, Workspace.turn
"""m and rad that an action of 1 commands."""


@dataclass(frozen=True)
class ControllerConfig:
    """How the scripted controller moves the hand."""

    hover: float = 0.10
    """m over the grasp while it is not yet above it."""
    funnel: float = 10.0
    """m of hover per m of planar error beyond `entry`: the cone it descends in."""
    entry: float = 0.004
    """m of planar error at which it may be all the way down."""
    turn_weight: float = 0.02
    """m of planar error that a rad of heading error counts as."""
    at_grasp: float = 0.004
    """m of planar and of height error, each, at which it closes."""
    aligned: float = 0.06
    """rad of heading error at which it closes."""
    still: float = 0.006
    """m/s of the opening under which the fingers have closed on something."""
    empty: float = 0.003
    """m of opening under which they have closed on nothing."""
    lift_start: float = 0.008
    """m of the first lifting action: a jerk shakes heavy objects loose."""
    lift_step: float = 0.02
    """m of a lifting action at full speed."""
    descent: float = 0.04
    """m of a descending action at most."""


CONTROLLER = ControllerConfig()


def scripted_action(
    hand: np.ndarray, target: np.ndarray, speed: float = 1.0, config: ControllerConfig = CONTROLLER
) -> np.ndarray:
    """Next action towards and through a grasp.

    Args:
        hand: (7,) as `sim.frames.HAND_FIELDS`, m, rad, m/s; any planar frame.
        target: (4,) grasp x, y, z (m) and closing heading (rad), the same frame.
        speed: scales free motion, in (0, 1].
        config: distances and rates.

    Returns:
        (5,) float32 action in [−1, 1], the same frame.
    """
    offset = np.asarray(target[:3], dtype=np.float64) - hand[:3]
    turn = heading_turn(hand[3], target[3])
    planar = float(np.hypot(offset[0], offset[1]))
    opening, rate, command = hand[4], hand[5], hand[6]
    action = np.zeros(5)
    if command < 0:
        if opening < config.empty:
            action[4] = 1.0
            return action.astype(np.float32)
        action[4] = -1.0
        if abs(rate) < config.still:
            lifted = max(0.0, -offset[2])
            action[2] = min(config.lift_step, config.lift_start + 0.6 * lifted) / REACH
        return action.astype(np.float32)
    action[4] = 1.0
    if planar < config.at_grasp and abs(offset[2]) < config.at_grasp and abs(turn) < config.aligned:
        action[4] = -1.0
        return action.astype(np.float32)
    action[:2] = offset[:2] / max(planar / (REACH * speed), 1.0) / REACH
    error = planar + config.turn_weight * abs(turn)
    height = np.clip((error - config.entry) * config.funnel, 0.0, config.hover)
    action[2] = np.clip(offset[2] + height, -config.descent * speed, REACH * speed) / REACH
    action[3] = np.clip(turn / TURN, -1, 1) * min(1.0, 1.5 * speed)
    return action.astype(np.float32)


class ScriptedController:
    """`scripted_action` as an object that says which controller it is, as the learned one does."""

    whose = "scripted"

    def __call__(
        self, hand: np.ndarray, target: np.ndarray, speed: float = 1.0, config: ControllerConfig = CONTROLLER
    ) -> np.ndarray:
        """The next action; see `scripted_action`."""
        return scripted_action(hand, target, speed, config)


scripted_controller = ScriptedController()
