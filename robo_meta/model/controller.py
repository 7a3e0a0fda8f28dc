"""The learned controller: a small network from the hand's state and the grasp to the next action, cloned from recorded
steps.

The planar error is turned to point along +x before the network and the action turned back after it, so that every
heading is the same to it. Errors come at several scales: far away centimetres matter, at the grasp millimetres do.
Axis letters: M steps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from torch import Tensor
from torch.nn import functional

from robo_meta.model import action_head
from robo_meta.model.dense import two_layers
from sim.frames import heading_turn
from sim.robot import GripperConfig

CLOSING_SPREAD = np.array([0.0018, 0.0018, 0.0012, 0.025])
CLOSED_SPREAD = np.array([0.006, 0.006, 0.002, 0.1])
"""m, m, m, rad: how far training moves the targets of steps that begin to close, and of those after it."""
INPUTS = 18
OUTPUTS = 5


def shapes(hidden: int) -> dict[str, tuple[int, ...]]:
    """Name → shape of the parameters."""
    return two_layers(INPUTS, hidden, OUTPUTS)


def hand_inputs(hand: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Network inputs (M, 18) and the unit planar directions (M, 2) they are turned to.

    The divisors are scales of errors, part of the trained network and no numbers of the robot: 0.3 rad and 0.05 m/s are
    not an action's reach. The opening alone is measured by the gripper's.

    Args:
        hand: (M, 7): x, y, z (m), yaw (rad), opening (m), opening rate (m/s), last command.
        target: (M, 4): grasp x, y, z, yaw, the same frame.
    """
    offset = np.asarray(target, dtype=np.float64)[:, :3] - hand[:, :3]
    turn = heading_turn(hand[:, 3], target[:, 3])
    planar = np.hypot(offset[:, 0], offset[:, 1])
    direction = np.where(planar[:, None] > 1e-6, offset[:, :2] / np.maximum(planar, 1e-6)[:, None], [[1.0, 0.0]])
    up = offset[:, 2]
    columns = [
        planar / 0.1,
        np.minimum(planar / 0.03, 2),
        np.minimum(planar / 0.01, 2),
        np.minimum(planar / 0.004, 2),
        up / 0.1,
        np.clip(up / 0.03, -2, 2),
        np.clip(up / 0.01, -2, 2),
        np.clip(up / 0.004, -2, 2),
        turn,
        np.clip(turn / 0.3, -2, 2),
        np.clip(turn / 0.06, -2, 2),
        np.clip(np.abs(turn) / 0.06, 0, 2),
        hand[:, 4] / (GripperConfig.open_width / 2) - 1,
        np.clip(hand[:, 4] / 0.003, 0, 2),
        np.clip(hand[:, 5] / 0.05, -2, 2),
        np.clip(np.abs(hand[:, 5]) / 0.006, 0, 2),
        hand[:, 6],
        np.where(hand[:, 6] < 0, -1.0, 1.0),
    ]
    return np.stack(columns, -1), direction


def spread_targets(hand: np.ndarray, target: np.ndarray, actions: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Targets (M, 4) moved about where the label is to close, and more so once the fingers are closing.

    By hindsight the hand closes exactly at its target, because that is where it closed. Aiming at a target it misses by
    some millimetres, and a hand that has never seen such an error while closing or lifting waits, or lets go.

    Args:
        hand: (M, 7).
        target: (M, 4) by hindsight.
        actions: (M, 5) labels.
        noise: (M, 4) standard normal.
    """
    closing, closed = actions[:, 4:] < 0, hand[:, 6:] < 0
    deviation = np.where(closed, CLOSED_SPREAD, np.where(closing, CLOSING_SPREAD, 0.0))
    return target + deviation * noise


def turned(actions: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Actions (M, 5) with their planar part seen along and across `direction` (M, 2)."""
    result = np.array(actions, dtype=np.float64)
    x, y = actions[:, 0], actions[:, 1]
    result[:, 0] = x * direction[:, 0] + y * direction[:, 1]
    result[:, 1] = y * direction[:, 0] - x * direction[:, 1]
    return result


def loss(omega: Mapping[str, Tensor], inputs: Tensor, wanted: Tensor) -> Tensor:
    """(M,) squared errors of motion plus the logistic loss of the gripper command; `wanted` (M, 5) is turned."""
    x = functional.silu(inputs @ omega["in.weight"] + omega["in.bias"])
    x = functional.silu(x @ omega["middle.weight"] + omega["middle.bias"])
    out = x @ omega["out.weight"] + omega["out.bias"]
    return action_head.losses(out, wanted)


def step_inputs(hand: np.ndarray, target: np.ndarray) -> tuple[list[float], float, float]:
    """`hand_inputs` of one hand (7,) and one target (4,), float64, to the last bit: of so few numbers Python makes
    short work, and NumPy none. The direction comes as two numbers."""
    x, y, z, yaw, opening, rate, command = hand.tolist()
    at_x, at_y, at_z, heading = target.tolist()
    x, y, up = at_x - x, at_y - y, at_z - z
    turn = (heading - yaw + math.pi / 2) % math.pi - math.pi / 2
    # That of `math` rounds differently.
    planar = float(np.hypot(x, y))
    cosine, sine = (x / planar, y / planar) if planar > 1e-6 else (1.0, 0.0)
    inputs = [
        planar / 0.1,
        min(planar / 0.03, 2.0),
        min(planar / 0.01, 2.0),
        min(planar / 0.004, 2.0),
        up / 0.1,
        min(max(up / 0.03, -2.0), 2.0),
        min(max(up / 0.01, -2.0), 2.0),
        min(max(up / 0.004, -2.0), 2.0),
        turn,
        min(max(turn / 0.3, -2.0), 2.0),
        min(max(turn / 0.06, -2.0), 2.0),
        min(abs(turn) / 0.06, 2.0),
        opening / (GripperConfig.open_width / 2) - 1,
        min(max(opening / 0.003, 0.0), 2.0),
        min(max(rate / 0.05, -2.0), 2.0),
        min(abs(rate) / 0.006, 2.0),
        command,
        -1.0 if command < 0 else 1.0,
    ]
    return inputs, cosine, sine


class LearnedController:
    """Runs the network in NumPy: called at every control step, it must not cost what a tensor library does.

    Args:
        omega: parameters by name, arrays.
    """

    whose = "learned"

    def __init__(self, omega: Mapping[str, np.ndarray]) -> None:
        names = [f"{layer}.{what}" for layer in ("in", "middle", "out") for what in ("weight", "bias")]
        self._layers = [np.asarray(omega[name], dtype=np.float64) for name in names]

    def __call__(self, hand: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Action (5,) float32 in [−1, 1] for hand (7,) and grasp (4,)."""
        first, first_bias, second, second_bias, last, last_bias = self._layers
        inputs, c, s = step_inputs(np.asarray(hand, dtype=np.float64), np.asarray(target, dtype=np.float64))
        x = _silu(np.array([inputs]) @ first + first_bias)
        x = _silu(x @ second + second_bias)
        along, across, up, turn, command = (x @ last + last_bias)[0].tolist()
        motion = [along * c - across * s, along * s + across * c, up, turn]
        clipped = [min(max(part, -1.0), 1.0) for part in motion]
        return np.array([*clipped, 1.0 if command > 0 else -1.0], dtype=np.float32)


def _silu(x: np.ndarray) -> np.ndarray:
    return x / (1 + np.exp(np.minimum(-x, 60)))
