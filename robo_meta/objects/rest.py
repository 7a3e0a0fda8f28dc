"""How an object comes to rest on the table, and whether it stays there: by physics, on its convex pieces."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.spatial import ConvexHull

from robo_meta.objects.libraries import mesh_library
from sim.errors import InputError
from sim.frames import Pose, quat_from_matrix
from sim.physics.bodies import HULL_MARGIN
from sim.physics.hulls import inset
from sim.physics.world import PHYSICS_HZ, World, pybullet
from sim.records import Record

MOST_DRIFT = 0.001
"""m within `WATCHED` that an object at rest may move by itself."""
MOST_TURN = float(np.radians(1.0))
"""rad, likewise."""
WATCHED = 1.0
"""s."""
SETTLING = 3.0
"""s at most until it has come to rest."""
DENSITY = 600.0
"""kg/m³ while the pose at rest is looked for."""
FRICTION = 0.9
"""Lateral, of the object, while the pose at rest is looked for."""
CANDIDATES = 8
"""Poses tried at most."""
LYING = float(np.radians(30.0))
"""rad: an object whose long axis is flatter than this lies."""
ALIGNED = float(np.cos(np.radians(45.0)))


class RestError(InputError):
    """An object that does not lie still."""


@dataclass(frozen=True, eq=False)
class Rest(Record):
    """Where an object lies still."""

    rotation: np.ndarray
    """(3, 3): from the file's frame to that at rest."""
    translation: np.ndarray
    """(3,), m: added after turning."""


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


def find_rest(
    pieces: Sequence[np.ndarray], centre: np.ndarray, inertia: np.ndarray, volume: float, up: str | None
) -> Rest:
    """A pose in which the object lies still: as `up` says if one does, else lying, the most probable first.

    Args:
        pieces: each (C, 3), m, file frame.
        centre: (3,), m, file frame: of its volume.
        inertia: (3, 3), m⁵, about the centre, at a density of 1.
        volume: m³.
        up: which axis of the file points up, e.g. `-x`.

    Raises:
        RestError: none of the poses tried is one of rest.
    """
    mass = DENSITY * volume
    body = _Body.of(pieces, mass, centre, inertia * DENSITY, FRICTION)
    worst: Motion | None = None
    for turned in _candidates(pieces, centre, up):
        body.stand(turned)
        turned = body.settle()
        for _ in range(2):
            body.stand(turned)
            motion = body.watch()
            if motion.still:
                body.close()
                return _frame(pieces, turned)
            # What creeps into a better place gets a second look there.
            turned = body.rotation()
        worst = motion if worst is None or motion.turn < worst.turn else worst
    body.close()
    assert worst is not None
    raise RestError(told(worst))


def told(motion: Motion) -> str:
    """Why an object that moved so is refused."""
    if motion.turn > MOST_TURN:
        return f"does not lie still: turned {np.degrees(motion.turn):.1f}° by itself"
    return f"does not lie still: moved {motion.drift * 1000:.1f} mm by itself"


def rests_with(
    pieces: Sequence[np.ndarray], mass: float, centre: np.ndarray, inertia: np.ndarray, friction: float
) -> Motion:
    """How far an object moves by itself within `WATCHED`, put down as it is in its frame at rest.

    Args:
        pieces: each (C, 3), m, frame at rest, z = 0 on the table.
        mass: kg.
        centre: (3,), m, frame at rest: of mass.
        inertia: (3, 3), kg m², about the centre of mass, axes of the frame at rest.
        friction: lateral, of the object.

    Returns:
        drift in m and turn in rad.

    Example:
        >>> box = np.array([[x, y, z] for x in (-0.06, 0.06) for y in (-0.02, 0.02) for z in (0, 0.03)])
        >>> rests_with([box], 0.4, np.array([0.02, 0, 0.015]), np.diag([1e-4, 5e-4, 5e-4]), 0.8).still
        True
    """
    body = _Body.of(pieces, mass, centre, inertia, friction)
    body.stand(np.eye(3), drop=False)
    motion = body.watch()
    body.close()
    return motion


def _candidates(pieces: Sequence[np.ndarray], centre: np.ndarray, up: str | None) -> list[np.ndarray]:
    """(3, 3) rotations to try, the best first."""
    trimesh = mesh_library("trimesh")
    corners = np.concatenate(pieces)
    hull = trimesh.convex.convex_hull(corners)
    poses, chances = trimesh.poses.compute_stable_poses(hull, center_mass=centre, sigma=0.0, n_samples=1)
    rotations = [np.asarray(pose)[:3, :3] for pose in poses]
    long_axis = np.linalg.svd(corners - corners.mean(axis=0), full_matrices=False)[2][0]
    hint = None if up is None else (-1 if up[0] == "-" else 1) * np.eye(3)["xyz".index(up[-1])]

    def rank(number: int) -> tuple[bool, bool, float]:
        rotation = rotations[number]
        hinted = hint is not None and (rotation @ hint)[2] >= ALIGNED
        lying = abs((rotation @ long_axis)[2]) <= np.sin(LYING)
        return (not hinted, not lying, -float(chances[number]))

    return [rotations[number] for number in sorted(range(len(rotations)), key=rank)[:CANDIDATES]]


def _frame(pieces: Sequence[np.ndarray], turned: np.ndarray) -> Rest:
    """The frame at rest of an object that lies still when it is turned so.

    x is along its long axis in the plane, in the direction of the file's axis that it is nearest to.
    """
    corners = np.concatenate(pieces) @ turned.T
    plane = corners[:, :2]
    outline = plane[ConvexHull(plane).vertices]
    edges = np.roll(outline, -1, axis=0) - outline
    angles = np.arctan2(edges[:, 1], edges[:, 0])
    areas = []
    for angle in angles:
        sides = np.ptp(outline @ _turn(-angle)[:2, :2].T, axis=0)
        areas.append((sides[0] * sides[1], angle if sides[0] >= sides[1] else angle + np.pi / 2))
    rotation = _turn(-min(areas)[1]) @ turned
    along = rotation[0]
    if along[np.abs(along).argmax()] < 0:
        rotation = _turn(np.pi) @ rotation
    corners = np.concatenate(pieces) @ rotation.T
    middle = (corners[:, :2].min(axis=0) + corners[:, :2].max(axis=0)) / 2
    return Rest(rotation, -np.array([*middle, lowest([piece @ rotation.T for piece in pieces])]))


def lowest(pieces: Sequence[np.ndarray]) -> float:
    """m: z of the lowest point that touches the table, with pieces drawn in and padded as physics does."""
    return min(float(inset(piece, HULL_MARGIN)[:, 2].min()) for piece in pieces) - HULL_MARGIN


def _turn(angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])


class _Body:
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
    ) -> _Body:
        """The body in a new world."""
        moments, axes = np.linalg.eigh(inertia)
        if np.linalg.det(axes) < 0:
            axes[:, 0] = -axes[:, 0]
        world = World()
        drawn_in = [inset(piece, HULL_MARGIN) - centre for piece in pieces]
        # The body's frame is that of its principal axes, so that no frame of inertia is needed.
        with tempfile.TemporaryDirectory(prefix="robo_meta_") as folder:
            names = [_write_hull(piece @ axes, Path(folder) / f"{i}.obj") for i, piece in enumerate(drawn_in)]
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
        return cls(world, body, np.concatenate(drawn_in), centre, axes)

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


def _write_hull(corners: np.ndarray, path: Path) -> str:
    """Write a convex piece as a Wavefront mesh and return the file's name."""
    hull = ConvexHull(corners)
    centre = corners.mean(axis=0)
    lines = [f"v {x:.9g} {y:.9g} {z:.9g}" for x, y, z in corners]
    for a, b, c in hull.simplices:
        normal = np.cross(corners[b] - corners[a], corners[c] - corners[a])
        b, c = (b, c) if normal @ (corners[a] - centre) > 0 else (c, b)
        lines.append(f"f {a + 1} {b + 1} {c + 1}")
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def volume_moments(solid_mesh: Any) -> tuple[float, np.ndarray, np.ndarray]:
    """Volume m³, centre (3,) m and inertia (3, 3) m⁵ about it, at a density of 1, of a closed mesh."""
    vertices, faces = solid_mesh.vertices, solid_mesh.faces
    origin = vertices.mean(axis=0)
    a, b, c = np.moveaxis((vertices - origin)[faces], 1, 0)
    volumes = np.einsum("ij,ij->i", a, np.cross(b, c)) / 6
    volume = float(volumes.sum())
    centre = (volumes[:, None] * (a + b + c)).sum(axis=0) / 4 / volume
    total = a + b + c
    second = sum(np.einsum("n,ni,nj->ij", volumes, p, p) for p in (a, b, c, total)) / 20
    second = second - volume * np.outer(centre, centre)
    return volume, centre + origin, np.trace(second) * np.eye(3) - second
