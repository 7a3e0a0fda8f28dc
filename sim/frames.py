"""Poses and the conversions between world, object and end-effector frames.

A pose named `a_to_b` maps coordinates in frame a to coordinates in frame b. Quaternions are xyzw, unit length.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from sim.records import Record

Place = tuple[float, float, float]
"""x, y, z, m, in Python's floats."""
QuatXyzw = tuple[float, float, float, float]
"""A unit quaternion in Python's floats."""


@dataclass(frozen=True, eq=False)
class Pose(Record):
    """A rigid motion `a_to_b`: `x_in_b = R(quat_xyzw) x_in_a + position`."""

    position: np.ndarray
    """(3,), m."""
    quat_xyzw: np.ndarray
    """(4,), unit quaternion."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "position", _kept(self.position, 3))
        object.__setattr__(self, "quat_xyzw", _kept(self.quat_xyzw, 4))

    @cached_property
    def rotation(self) -> np.ndarray:
        """(3, 3) rotation matrix, read-only."""
        matrix = matrix_from_quat(self.quat_xyzw)
        matrix.setflags(write=False)
        return matrix

    @cached_property
    def yaw(self) -> float:
        """Heading of the frame's x axis about the world's z, rad in (−π, π]."""
        x_axis = self.rotation[:, 0]
        return float(np.arctan2(x_axis[1], x_axis[0]))

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Map points (..., 3) in frame a to frame b."""
        return points @ self.rotation.T + self.position

    def compose(self, other: Pose) -> Pose:
        """`b_to_c.compose(a_to_b)` is `a_to_c`."""
        return Pose(self.apply(other.position), quat_multiply(self.quat_xyzw, other.quat_xyzw))

    def inverse(self) -> Pose:
        """`a_to_b.inverse()` is `b_to_a`."""
        conjugate = self.quat_xyzw * np.array([-1.0, -1.0, -1.0, 1.0])
        return Pose(-(matrix_from_quat(conjugate) @ self.position), conjugate)


def _kept(values: np.ndarray, size: int) -> np.ndarray:
    """A read-only copy (size,) in float64."""
    kept = np.array(values, dtype=np.float64)
    if kept.shape != (size,):
        kept = kept.reshape(size)
    kept.setflags(write=False)
    return kept


class PlainPose(NamedTuple):
    """A `Pose` in Python's floats, in which poses are read at every step of an episode: a fifth of the time."""

    position: Place
    quat_xyzw: QuatXyzw

    @staticmethod
    def of(pose: Pose) -> PlainPose:
        """A pose of arrays in plain numbers."""
        x, y, z = pose.position.tolist()
        return PlainPose((x, y, z), plain_quat(pose.quat_xyzw))

    @property
    def pose(self) -> Pose:
        """In arrays."""
        return Pose(np.array(self.position), np.array(self.quat_xyzw))

    def apply(self, point: Place) -> Place:
        """Map a point in frame a to frame b.

        `Pose.apply` leaves its sums to BLAS, whose last bits depend on the processor. Where a body is put at reset is
        worked out by `Pose` all the same, as its last bits decide over an episode and are those of recorded ones.
        """
        (x, y, z), (u, v, w) = point, self.position
        (a, b, c), (d, e, f), (g, h, i) = _rotation_rows(self.quat_xyzw)
        return a * x + b * y + c * z + u, d * x + e * y + f * z + v, g * x + h * y + i * z + w

    def compose(self, other: PlainPose) -> PlainPose:
        """`b_to_c.compose(a_to_b)` is `a_to_c`."""
        return PlainPose(self.apply(other.position), quat_product(self.quat_xyzw, other.quat_xyzw))

    @property
    def z_axis(self) -> Place:
        """Where frame a's z axis points in frame b: a unit vector."""
        (_, _, x), (_, _, y), (_, _, z) = _rotation_rows(self.quat_xyzw)
        return x, y, z


def plain_quat(quat_xyzw: np.ndarray) -> QuatXyzw:
    """A quaternion (4,) in plain numbers."""
    x, y, z, w = np.asarray(quat_xyzw, dtype=np.float64).tolist()
    return x, y, z, w


def quat_product(left: QuatXyzw, right: QuatXyzw) -> QuatXyzw:
    """Hamilton product: rotate by `right`, then by `left`."""
    (x1, y1, z1, w1), (x2, y2, z2, w2) = left, right
    return (
        w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
        w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
        w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
        w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
    )


def quat_multiply(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """`quat_product` of arrays (4,)."""
    return np.array(quat_product(plain_quat(left), plain_quat(right)))


def nearest_sign(quat_xyzw: QuatXyzw, reference: QuatXyzw) -> QuatXyzw:
    """Of a quaternion and its negative, which are one rotation, the one nearer to `reference`."""
    (x1, y1, z1, w1), (x2, y2, z2, w2) = quat_xyzw, reference
    return quat_xyzw if x1 * x2 + y1 * y2 + z1 * z2 + w1 * w2 >= 0 else (-x1, -y1, -z1, -w1)


def quat_from_yaw(yaw: float) -> np.ndarray:
    """xyzw quaternion of a rotation by `yaw` rad about z."""
    return np.array([0.0, 0.0, np.sin(yaw / 2), np.cos(yaw / 2)])


def matrix_from_quat(quat_xyzw: np.ndarray) -> np.ndarray:
    """(3, 3) rotation matrix of a unit xyzw quaternion."""
    return np.array(_rotation_rows(plain_quat(quat_xyzw)))


def _rotation_rows(quat_xyzw: QuatXyzw) -> tuple[Place, Place, Place]:
    """Rows of the rotation matrix of a unit quaternion."""
    x, y, z, w = quat_xyzw
    return (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )


def quat_from_matrix(matrix: np.ndarray) -> np.ndarray:
    """Unit xyzw quaternion, w ≥ 0, of a (3, 3) rotation matrix (Bar-Itzhack, 2000: the dominant eigenvector)."""
    m = matrix
    k = np.array(
        [
            [m[0, 0] - m[1, 1] - m[2, 2], m[0, 1] + m[1, 0], m[0, 2] + m[2, 0], m[2, 1] - m[1, 2]],
            [m[0, 1] + m[1, 0], m[1, 1] - m[0, 0] - m[2, 2], m[1, 2] + m[2, 1], m[0, 2] - m[2, 0]],
            [m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], m[2, 2] - m[0, 0] - m[1, 1], m[1, 0] - m[0, 1]],
            [m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], np.trace(m)],
        ]
    )
    quat = np.linalg.eigh(k)[1][:, -1]
    return quat if quat[3] >= 0 else -quat


def planar_to_object(points_in_world: np.ndarray, object_to_world: Pose) -> np.ndarray:
    """World xy(z) points (..., 2 or 3) in the object's planar frame: its yaw and xy; z stays height above the table.

    Policies see the hand in this frame, so that lifting or tilting the object does not move the table.
    """
    c, s = np.cos(object_to_world.yaw), np.sin(object_to_world.yaw)
    moved = np.array(points_in_world, dtype=np.float64)
    offset = moved[..., :2] - object_to_world.position[:2]
    moved[..., 0] = c * offset[..., 0] + s * offset[..., 1]
    moved[..., 1] = -s * offset[..., 0] + c * offset[..., 1]
    return moved


def planar_to_world(points_in_object: np.ndarray, object_to_world: Pose) -> np.ndarray:
    """Inverse of `planar_to_object`."""
    c, s = np.cos(object_to_world.yaw), np.sin(object_to_world.yaw)
    moved = np.array(points_in_object, dtype=np.float64)
    x, y = moved[..., 0].copy(), moved[..., 1].copy()
    moved[..., 0] = c * x - s * y + object_to_world.position[0]
    moved[..., 1] = s * x + c * y + object_to_world.position[1]
    return moved


def turn_displacement(displacement: np.ndarray, yaw: float) -> np.ndarray:
    """Rotate the xy part of displacements (..., ≥2) by `yaw` rad; the rest is kept."""
    turned = np.array(displacement, dtype=np.float64)
    c, s = np.cos(yaw), np.sin(yaw)
    x, y = turned[..., 0].copy(), turned[..., 1].copy()
    turned[..., 0], turned[..., 1] = c * x - s * y, s * x + c * y
    return turned


def wrap_heading(yaw: np.ndarray | float) -> np.ndarray:
    """The same closing heading in (−π/2, π/2]: the fingers close alike after half a turn."""
    return np.pi / 2 - (np.pi / 2 - np.asarray(yaw)) % np.pi


def heading_turn(start: np.ndarray | float, end: np.ndarray | float) -> np.ndarray:
    """Shortest turn from one closing heading to another, rad in [−π/2, π/2)."""
    return (np.asarray(end) - start + np.pi / 2) % np.pi - np.pi / 2


def heading_gap(first: np.ndarray | float, second: np.ndarray | float) -> np.ndarray:
    """Angle between closing headings, rad in [0, π/2]."""
    return np.abs(heading_turn(second, first))


HAND_FIELDS = ("x", "y", "z", "yaw", "opening", "opening_rate", "gripper_command")
"""Rows of `hand`: m, m, m above the table, rad in (−π/2, π/2], m, m/s, ±1; object frame."""


def perceived_object(state: np.ndarray) -> Pose:
    """Object frame to world as perceived, from a `state` observation (14,)."""
    return Pose(state[7:10], state[10:14] / np.linalg.norm(state[10:14]))


def hand_in_object(state: np.ndarray, object_to_world: Pose) -> np.ndarray:
    """(7,) `hand` of a world-frame `state` (14,), seen from `object_to_world`."""
    hand = np.array(state[:7], dtype=np.float64)
    hand[:3] = planar_to_object(hand[:3], object_to_world)
    hand[3] = wrap_heading(hand[3] - object_to_world.yaw)
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


HEADINGS = 180
"""Headings, 1° apart, among which an object's long axis is looked for."""


def long_axis(xy: np.ndarray) -> np.ndarray:
    """(2,) unit vector along the longer side of the smallest rectangle about places (N, 2), to a degree."""
    angles = np.arange(HEADINGS) * np.pi / HEADINGS
    axes = np.stack([np.cos(angles), np.sin(angles)])
    along, across = np.ptp(xy @ axes, axis=0), np.ptp(xy @ np.stack([-axes[1], axes[0]]), axis=0)
    # Of the two headings of one rectangle, the one along its longer side.
    return axes[:, int(np.argmin(np.where(along >= across, along * across, np.inf)))]
