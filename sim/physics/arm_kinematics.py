"""Inverse kinematics of the arm: which joint angles bring the hand to a place, pointing down.

PyBullet solves it on a body by damped least squares, whose time grows with the body's links and joints. Asked of an arm
without fingers, without shapes and in a world of its own, it gives the same angles to the last bit in three quarters
of the time: nothing that the fingers do moves the hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakValueDictionary

import numpy as np

from sim.physics.arm_model import load_arm
from sim.physics.world import World, pybullet

GRASP_LINK = 9
"""The hand's frame between the finger tips, of the arm without fingers."""
LOWER = (-2.9671, -1.8326, -2.9671, -3.1416, -2.9671, -0.0873, -2.9671)
UPPER = (2.9671, 1.8326, 2.9671, 0.0, 2.9671, 3.8223, 2.9671)
"""rad: limits of the joints."""
MOST_ITERATIONS = 60
RESIDUAL = 1e-6
"""m: nearer to the place than this it stops."""


class ArmKinematics:
    """The arm alone, to be asked for joint angles; one serves all environments of a process (`arm_kinematics`)."""

    def __init__(self) -> None:
        self._world = World()
        self._body = load_arm(self._world, visible=False, solid=False, fingers=False)
        # PyBullet's inverse kinematics works from the base link's centre of mass, not from its frame.
        self._base = tuple(pybullet.getDynamicsInfo(self._body, -1, physicsClientId=self._world.client)[3])

    def solve(self, position: np.ndarray, yaw: float, near: Sequence[float]) -> tuple[float, ...]:
        """Angles (7,), rad, within the joints' limits, for the hand at a place, pointing down.

        Args:
            position: (3,), m, world.
            yaw: rad: heading of its closing direction.
            near: (7,), rad, where to start looking.
        """
        # The hand's y axis is its closing direction; half a turn about x points it down.
        half = yaw / 2 + np.pi / 4
        solution = pybullet.calculateInverseKinematics(
            self._body,
            GRASP_LINK,
            [at - base for at, base in zip(np.asarray(position).tolist(), self._base, strict=True)],
            [np.cos(half), np.sin(half), 0.0, 0.0],
            currentPositions=near,
            maxNumIterations=MOST_ITERATIONS,
            residualThreshold=RESIDUAL,
            physicsClientId=self._world.client,
        )
        # The solution comes first, so that what is no number stays none.
        return tuple([min(max(q, low), high) for q, low, high in zip(solution, LOWER, UPPER, strict=True)])


_shared: WeakValueDictionary[str, ArmKinematics] = WeakValueDictionary()


def arm_kinematics() -> ArmKinematics:
    """The one that all arms of the process share; it goes with the last of them."""
    found = _shared.get("arm")
    if found is None:
        found = _shared["arm"] = ArmKinematics()
    return found
