"""Convex pieces in a physics of their own: put down, let settle, and watched for how far they move by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sim.frames import Pose, quat_from_matrix
from sim.physics.bodies import HULL_MARGIN
from sim.physics.hulls import inset, outward_faces
from sim.physics.wavefront import MeshFiles
from sim.physics.world import PHYSICS_HZ, World, pybullet

MOST_DRIFT = 0.001
"""m within `WATCHED` that an object at rest may move by itself."""
MOST_TURN = float(np.radians(1.0))
"""rad, likewise."""
WATCHED = 1.0
"""s."""
SETTLING = 3.0
"""s at most until it has come to rest."""


class Motion(NamedTuple):
    """How far an object moved by itself."""

    drift: float
    """m: of its centre of mass, or of the point of it that moved sideways most where it turned."""
    turn: float
    """rad."""

    @property
    def still(self) -> bool:
        """Whether it stayed as good as where it was."""
        return self.drift <= MOST_DRIFT and self.turn <= MOST_TURN


class SettlingBody:
    """Convex pieces in a world of their own, about their centre of mass."""

    place = (0.5, 0.0)
    """m, world: where it stands, in the middle of the table."""

    def __init__(self, world: World, body: int, corners: np.ndarray, centre: np.ndarray, axes: np.ndarray) -> None:
        self.world, self.body = world, body
        self.corners = corners
        """(C, 3): of the drawn-in pieces, from the centre of mass, frame given."""
        self.centre, self.axes = centre, axes
        self.start = np.zeros(3)

    @classmethod
    def of(
        cls, pieces: Sequence[np.ndarray], mass: float, centre: np.ndarray, inertia: np.ndarray, friction: float
    ) -> SettlingBody:
        """The body in a new world."""
        moments, axes = np.linalg.eigh(inertia)
        if np.linalg.det(axes) < 0:
            axes[:, 0] = -axes[:, 0]
        world = World()
        moved = [drawn_in(piece) - centre for piece in pieces]
        # The body's frame is that of its principal axes, so that no frame of inertia is needed.
        with MeshFiles() as files:
            hulls = [piece @ axes for piece in moved]
            names = files.pieces([(hull, outward_faces(hull)) for hull in hulls])
            count, none = len(names), [0.0, 0.0, 0.0]
            shape = pybullet.createCollisionShapeArray(
                shapeTypes=[pybullet.GEOM_MESH] * count,
                halfExtents=[none] * count,
                fileNames=names,
                collisionFramePositions=[none] * count,
                collisionFrameOrientations=[[0.0, 0.0, 0.0, 1.0]] * count,
                physicsClientId=world.client,
            )
            body = pybullet.createMultiBody(mass, shape, -1, [0.5, 0, 1], physicsClientId=world.client)
        pybullet.changeDynamics(
            body,
            -1,
            localInertiaDiagonal=list(moments),
            lateralFriction=friction,
            spinningFriction=0.0,
            rollingFriction=0.0,
            linearDamping=0.0,
            angularDamping=0.0,
            activationState=pybullet.ACTIVATION_STATE_DISABLE_SLEEPING,
            physicsClientId=world.client,
        )
        return cls(world, body, np.concatenate(moved), centre, axes)

    def stand(self, rotation: np.ndarray, drop: bool = True) -> None:
        """Put it down turned so, at rest: its lowest point on the table, or as its frame says where not `drop`."""
        height = HULL_MARGIN - (self.corners @ rotation.T)[:, 2].min() if drop else (rotation @ self.centre)[2]
        self.start = np.array([*self.place, height])
        quat = quat_from_matrix(rotation @ self.axes)
        pybullet.resetBasePositionAndOrientation(
            self.body, list(self.start), list(quat), physicsClientId=self.world.client
        )
        pybullet.resetBaseVelocity(self.body, [0, 0, 0], [0, 0, 0], physicsClientId=self.world.client)

    def settle(self) -> np.ndarray:
        """(3, 3): how it is turned once it has come to rest."""
        self._damp(0.3)
        for _ in range(int(SETTLING * 4)):
            self.world.step(PHYSICS_HZ // 4)
            linear, angular = pybullet.getBaseVelocity(self.body, physicsClientId=self.world.client)
            if np.linalg.norm(linear) < 1e-4 and np.linalg.norm(angular) < 1e-3:
                break
        self._damp(0.0)
        return self.rotation()

    def watch(self) -> Motion:
        """How far it moves by itself within `WATCHED`."""
        before_position, before = self._pose()
        self.world.step(int(WATCHED * PHYSICS_HZ))
        position, after = self._pose()
        gap = after @ before.T
        # By the antisymmetric part: the trace is blind to small angles.
        sine = np.linalg.norm([gap[2, 1] - gap[1, 2], gap[0, 2] - gap[2, 0], gap[1, 0] - gap[0, 1]]) / 2
        turn = float(np.arctan2(sine, (np.trace(gap) - 1) / 2))
        return Motion(float(np.linalg.norm(position - before_position)), turn)

    def rotation(self) -> np.ndarray:
        """(3, 3): from the frame given to the world."""
        return self._pose()[1] @ self.axes.T

    def close(self) -> None:
        """Free its world."""
        self.world.close()

    def _damp(self, amount: float) -> None:
        pybullet.changeDynamics(
            self.body, -1, linearDamping=amount, angularDamping=amount, physicsClientId=self.world.client
        )

    def _pose(self) -> tuple[np.ndarray, np.ndarray]:
        position, quat = pybullet.getBasePositionAndOrientation(self.body, physicsClientId=self.world.client)
        return np.array(position), Pose(np.zeros(3), np.array(quat)).rotation


def drawn_in(piece: np.ndarray) -> np.ndarray:
    """(C', 3): the corners of a piece (C, 3) as physics holds them, m; kept, as a piece is put down again and again."""
    return _drawn_in(np.ascontiguousarray(piece, dtype=np.float64).tobytes())


@lru_cache(maxsize=256)
def _drawn_in(corners: bytes) -> np.ndarray:
    found = inset(np.frombuffer(corners).reshape(-1, 3), HULL_MARGIN)
    found.setflags(write=False)
    return found
