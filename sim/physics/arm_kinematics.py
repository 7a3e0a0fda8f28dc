"""Inverse kinematics of the arm: which joint angles bring the hand to a place, pointing down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import cos, pi, sin

import numpy as np

from sim.physics.world import World, pybullet

LOWER = (-2.9671, -1.8326, -2.9671, -3.1416, -2.9671, -0.0873, -2.9671)
UPPER = (2.9671, 1.8326, 2.9671, 0.0, 2.9671, 3.8223, 2.9671)
"""rad: limits of the joints."""
MOST_ITERATIONS = 60
RESIDUAL = 1e-6
"""m: nearer to the place than this it stops."""


class ArmKinematics:
    """The Panda's chain of links, read from the physics once, to be asked for joint angles.

    Args:
        world: where the arm is.
        body: the arm.
        hand: the link that is brought to places.

    Raises:
        ValueError: another number of joints turns on the way to it.
    """

    def __init__(self, world: World, body: int, hand: int) -> None:
        from sim.physics.compiled_kinematics import JOINTS, matrix_of, solve_chain

        self._solve_chain: Callable[..., tuple[float, ...]] = solve_chain
        client, link, rows, turns = world.client, hand, [], []
        while link >= 0:
            joint = pybullet.getJointInfo(body, link, physicsClientId=client)
            kind, pivot, quat_xyzw, parent = joint[2], joint[14], joint[15], joint[16]
            if parent >= 0:
                # PyBullet tells where the joint is from the parent's centre of mass; the chain wants it from the
                # parent's own joint. The base has none: its frame is in the centre of mass.
                centre = pybullet.getDynamicsInfo(body, parent, physicsClientId=client)[3]
                pivot = [a + b for a, b in zip(pivot, centre, strict=True)]
            rows.append([*matrix_of(quat_xyzw), *pivot])
            turns.append(kind == pybullet.JOINT_REVOLUTE)
            link = parent
        self._chain, self._turns = np.array(rows[::-1]), np.array(turns[::-1])
        if self._turns.sum() != JOINTS:
            raise ValueError(f"{self._turns.sum()} joints turn between base and link {hand}; expected {JOINTS}")
        # World to base: the base's joint is at the origin, its centre of mass isn't.
        self._base = pybullet.getDynamicsInfo(body, -1, physicsClientId=client)[3]

    def solve(self, position: np.ndarray, yaw: float, near: Sequence[float]) -> tuple[float, ...]:
        """Angles (7,), rad, within the joints' limits, for the hand at a place, pointing down.

        Args:
            position: (3,), m, world.
            yaw: rad: heading of its closing direction.
            near: (7,), rad, where to start looking.
        """
        # The hand's y axis is its closing direction; half a turn about x points it down.
        half = yaw / 2 + pi / 4
        x, y, z = [at - base for at, base in zip(np.asarray(position).tolist(), self._base, strict=True)]
        down = (cos(half), sin(half), 0.0, 0.0)
        solution = self._solve_chain(self._chain, self._turns, (x, y, z), down, tuple(near), MOST_ITERATIONS, RESIDUAL)
        # The solution comes first, so that what is no number stays none.
        return tuple([min(max(q, low), high) for q, low, high in zip(solution, LOWER, UPPER, strict=True)])
