"""The observation: a scan made once, and a state read after every action."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np
from gymnasium import spaces

from sim.episode.action import CONTROL_HZ
from sim.errors import MachineError
from sim.frames import PlainPose, QuatXyzw, nearest_sign
from sim.physics.panda import Panda
from sim.sensing import POINT_COUNT, PoseBias

STATE_FIELDS = (
    *("hand_x", "hand_y", "hand_z", "hand_yaw", "opening", "opening_rate", "gripper_command"),
    *("object_x", "object_y", "object_z", "object_qx", "object_qy", "object_qz", "object_qw"),
)
"""Rows of the `state` observation."""


class PhysicsError(MachineError):
    """The physics left the finite numbers."""


def points_space() -> spaces.Box:
    """(512, 6): x, y, z, m, and RGB."""
    low = np.tile(np.array([-1, -1, -1, 0, 0, 0], dtype=np.float32), (POINT_COUNT, 1))
    return spaces.Box(low, np.ones((POINT_COUNT, 6), dtype=np.float32), dtype=np.float32)


def state_space() -> spaces.Box:
    """(14,): the bounds of `STATE_FIELDS`."""
    half_turn = np.pi / 2 + 1e-3
    high = np.array([2, 2, 2, half_turn, 0.1, 2, 1, 5, 5, 5, 1, 1, 1, 1], dtype=np.float32)
    low = -high
    low[4] = 0.0
    return spaces.Box(low, high, dtype=np.float32)


@dataclass
class Observer:
    """What one episode's observations are made of, besides the physics."""

    points: np.ndarray
    """(512, 6) float32: the scan of the reset."""
    bias: PoseBias
    """What perception gets wrong about the object's pose, through the whole episode."""
    space: spaces.Box
    """Bounds of the state."""
    last_opening: float
    """m between the pads when they were last observed."""
    last_quat: QuatXyzw
    """The object's true attitude when it was last observed."""

    def __post_init__(self) -> None:
        self._low, self._high = self.space.low.tolist(), self.space.high.tolist()

    def observe(self, panda: Panda, object_to_world: PlainPose, gripper_command: float) -> dict[str, np.ndarray]:
        """`points` and `state`.

        Args:
            panda: the arm.
            object_to_world: the object's true pose.
            gripper_command: the last one, −1 or 1.

        Raises:
            PhysicsError: the state is not finite.
        """
        # The sign of the physics' quaternion depends on the axes of inertia, which materials turn. A fixed convention
        # such as w ≥ 0 would leave it to the last bits where w is near 0, so the sign follows from the drawn pose on.
        self.last_quat = nearest_sign(object_to_world.quat_xyzw, self.last_quat)
        perceived = self.bias.apply_plain(PlainPose(object_to_world.position, self.last_quat))
        # The joints' own velocities are full of the solver's corrections while they press; what the opening did in the
        # last 0.1 s is not.
        opening = panda.opening()
        rate = (opening - self.last_opening) * CONTROL_HZ
        self.last_opening = opening
        state = np.array(
            [
                *panda.plain_hand_position(),
                panda.hand_yaw(),
                opening,
                rate,
                gripper_command,
                *perceived.position,
                *perceived.quat_xyzw,
            ],
            dtype=np.float32,
        )
        values = state.tolist()
        # NaN lies within no bounds, nor does infinity, as they are all finite.
        if not all(low <= value <= high for low, value, high in zip(self._low, values, self._high, strict=True)):
            if not all(map(isfinite, values)):
                raise PhysicsError("the state observed is not finite")
            state = np.clip(state, self.space.low, self.space.high)
        return {"points": self.points.copy(), "state": state}
