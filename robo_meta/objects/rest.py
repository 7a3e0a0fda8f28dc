"""How an object comes to rest on the table, and whether it stays there: by physics, on its convex pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull

from robo_meta.objects.libraries import mesh_library
from robo_meta.objects.moments import volume_moments
from robo_meta.objects.settling import MOST_TURN, Motion, SettlingBody, drawn_in
from sim.errors import InputError
from sim.objects.meshes import TriangleMesh
from sim.physics.bodies import HULL_MARGIN
from sim.records import Record

DENSITY = 600.0
"""kg/m³ while the pose at rest is looked for."""
FRICTION = 0.9
"""Lateral, of the object, while the pose at rest is looked for."""
CANDIDATES, FURTHER = 24, 8
"""Poses tried at most: of the stable ones, and of those that it rolls into with another load."""
FLAT_ENOUGH = 1.6
"""Times the least height of all poses: one that stands higher is not tried, unless it is as `up` says."""
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


@dataclass(frozen=True, eq=False)
class Load(Record):
    """How an object's weight is spread."""

    mass: float
    """kg."""
    centre: np.ndarray
    """(3,), m, file frame: of mass."""
    inertia: np.ndarray
    """(3, 3), kg m², about that centre, axes of the file."""

    @staticmethod
    def of(meshes: Sequence[TriangleMesh], ratios: Sequence[float]) -> Load:
        """Closed meshes of relative densities `ratios`; on the whole as heavy as if all were of `DENSITY`."""
        found = [volume_moments(mesh) for mesh in meshes]
        volumes = np.array([volume for volume, _, _ in found])
        weights = np.array(ratios) * volumes
        scale = DENSITY * volumes.sum() / weights.sum()
        centre = np.average([middle for _, middle, _ in found], axis=0, weights=weights)
        inertia = np.zeros((3, 3))
        for ratio, (volume, middle, about) in zip(ratios, found, strict=True):
            off = middle - centre
            inertia += ratio * (about + volume * (off @ off * np.eye(3) - np.outer(off, off)))
        return Load(DENSITY * float(volumes.sum()), centre, scale * inertia)


def find_rest(pieces: Sequence[np.ndarray], loads: Sequence[Load], up: str | None) -> Rest:
    """A pose in which the object lies still: as `up` says if one does, else lying, the most probable first.

    Args:
        pieces: each (C, 3), m, file frame.
        loads: the first as it is where nothing is known; the pose must be one of rest with it, and is, where there is
            such a pose among those tried, one with all the others too, so that materials don't decide how it lies.
        up: which axis of the file points up, e.g. `-x`.

    Raises:
        RestError: none of the poses tried is one of rest.
    """
    bodies = [SettlingBody.of(pieces, load.mass, load.centre, load.inertia, FRICTION) for load in loads]
    try:
        turned = _turned_at_rest(bodies, _candidates(pieces, loads[0].centre, up))
    finally:
        for body in bodies:
            body.close()
    return _frame(pieces, turned)


def _turned_at_rest(bodies: Sequence[SettlingBody], candidates: Sequence[np.ndarray]) -> np.ndarray:
    """(3, 3) how the object is turned in a pose of rest; see `find_rest`.

    Where an object rolls over with another load, the pose that it rolls into is tried as well.
    """
    usual, others = bodies[0], bodies[1:]
    waiting, fallback, worst = [(turned, True) for turned in candidates], None, None
    for _ in range(CANDIDATES + FURTHER):
        if not waiting:
            break
        turned, first = waiting.pop(0)
        if first:
            usual.stand(turned)
            turned = usual.settle()
        turned, motion = _watched(usual, turned)
        if not motion.still:
            worst = motion if worst is None or motion.turn < worst.turn else worst
            continue
        rolled = []
        for body in others:
            body.stand(turned)
            if not body.watch().still:
                rolled.append(body.settle())
        if not rolled:
            return turned
        fallback = turned if fallback is None else fallback
        if first:
            waiting[:0] = [(other, False) for other in rolled]
    if fallback is None:
        assert worst is not None
        raise RestError(told(worst))
    return fallback


def _watched(body: SettlingBody, turned: np.ndarray) -> tuple[np.ndarray, Motion]:
    """How it is turned and moves after it was put down so; what creeps into a better place gets a second look there."""
    body.stand(turned)
    motion = body.watch()
    if motion.still:
        return turned, motion
    turned = body.rotation()
    body.stand(turned)
    return turned, body.watch()


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
    body = SettlingBody.of(pieces, mass, centre, inertia, friction)
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

    heights = [float(np.ptp(corners @ rotation[2])) for rotation in rotations]
    # A plate on its edge lies still as well, but nobody would put it down so.
    flat = [n for n in range(len(rotations)) if heights[n] <= FLAT_ENOUGH * min(heights) or not rank(n)[0]]
    return [rotations[number] for number in sorted(flat, key=rank)[:CANDIDATES]]


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
    return min(float(drawn_in(piece)[:, 2].min()) for piece in pieces) - HULL_MARGIN


def _turn(angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
