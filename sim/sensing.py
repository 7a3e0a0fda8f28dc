"""What may be observed of an object: points as a depth-and-colour camera sees them, and a noisy pose.

Everything here follows from geometry, colours, pose and random numbers; materials are no argument, so they cannot leak.
Axis letters: R rays, P points.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.frames import Place, PlainPose, Pose, QuatXyzw, plain_quat, quat_from_yaw, quat_product
from sim.light import DAYLIGHT, Light
from sim.objects.prisms import Met, Prism, half_spaces, meeting
from sim.objects.spec import ObjectSpec
from sim.palette import PALETTE
from sim.tasks.scenes import Noise

CAMERA_IN_WORLD = np.array([0.5, 0.0, 0.8])
"""(3,), m: the pinhole, straight above the workspace centre."""
PIXEL_PITCH = 0.003
"""m: distance between the centres of neighbouring pixels, measured on the table."""
POINT_COUNT = 512
"""Points kept of a scan."""
RAYS_AT_ONCE = 512
MOST_BATCHES = 400


class SensingError(ValueError):
    """An object that the camera cannot see."""


@dataclass(frozen=True)
class PoseBias:
    """What perception gets wrong about the object's pose: constant through an episode, applied at every step."""

    offset: np.ndarray
    """(3,), m, world axes."""
    yaw: float
    """rad, about the world's z through the object's origin."""

    def __post_init__(self) -> None:
        offset = np.array(self.offset, dtype=np.float64).reshape(3)
        offset.setflags(write=False)
        object.__setattr__(self, "offset", offset)

    @staticmethod
    def draw(noise: Noise, rng: np.random.Generator) -> PoseBias:
        """Draw an episode's bias: `noise.position` m on each axis, `noise.yaw` rad of heading."""
        return PoseBias(noise.position * rng.standard_normal(3), float(noise.yaw * rng.standard_normal()))

    def apply(self, object_to_world: Pose) -> Pose:
        """The pose perceived when the true one is `object_to_world`."""
        return self.apply_plain(PlainPose.of(object_to_world)).pose

    def apply_plain(self, object_to_world: PlainPose) -> PlainPose:
        """As `apply`, in plain numbers."""
        (x, y, z), (off_x, off_y, off_z) = object_to_world.position, self._offset
        return PlainPose((x + off_x, y + off_y, z + off_z), quat_product(self._turn, object_to_world.quat_xyzw))

    @cached_property
    def _offset(self) -> Place:
        x, y, z = self.offset.tolist()
        return x, y, z

    @cached_property
    def _turn(self) -> QuatXyzw:
        return plain_quat(quat_from_yaw(self.yaw))


def cast(spec: ObjectSpec, origin: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nearest hit of rays from one origin outside the object.

    Args:
        spec: the object.
        origin: (3,), m, object frame.
        directions: (R, 3), object frame, any length.

    Returns:
        Distance (R,) in lengths of the direction, infinite where the ray misses, and the number (R,) of the part hit.
    """
    return caster(spec, origin)(directions)


def caster(spec: ObjectSpec, origin: np.ndarray) -> Met:
    """`cast` from one origin, for many batches of directions."""
    prisms = [part for part in spec.parts if isinstance(part, Prism)]
    if len(prisms) == len(spec.parts):
        return meeting(half_spaces(prisms), origin)

    def nearest_of_parts(directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        nearest, hit_part = np.full(len(directions), np.inf), np.zeros(len(directions), dtype=np.int64)
        for number, part in enumerate(spec.parts):
            distance = part.cast(origin, directions)
            closer = distance < nearest
            nearest[closer] = distance[closer]
            hit_part[closer] = number
        return nearest, hit_part

    return nearest_of_parts


def scan(
    spec: ObjectSpec,
    object_to_world: Pose,
    noise: Noise,
    rng: np.random.Generator,
    count: int = POINT_COUNT,
    light: Light = DAYLIGHT,
) -> np.ndarray:
    """Points of the object that the camera sees, in random order.

    Pixels of the object's window are looked through in random order, each ray jittered inside its pixel, until `count`
    have hit; that is a uniform draw among all hits at a fraction of the rays. Were there fewer hits than `count`, the
    window is looked through again with fresh jitter.

    Args:
        spec: the object.
        object_to_world: its true pose.
        noise: `points` m and `colour` standard deviations are used.
        rng: the only source of randomness.
        count: how many points, P.
        light: in which paints are seen; the camera's noise comes on top.

    Returns:
        (P, 6) float32: x, y, z in m, true object frame, then r, g, b in [0, 1]. As objects lie flat, z is height above
        the table.

    Raises:
        SensingError: no ray meets the object.
    """
    first, shape = _window(spec, object_to_world)
    world_to_object = object_to_world.inverse()
    origin = world_to_object.apply(CAMERA_IN_WORLD)
    to_object, meet = world_to_object.rotation.T, caster(spec, origin)
    hits, parts, found, order = [], [], 0, np.empty(0, dtype=np.int64)
    for _ in range(MOST_BATCHES):
        if not len(order):
            order = rng.permutation(shape[0] * shape[1])
        pixels, order = order[:RAYS_AT_ONCE], order[RAYS_AT_ONCE:]
        jitter, directions = rng.random((len(pixels), 2)), np.empty((len(pixels), 3))
        # Column by column, as a row of two is too short for numpy to be quick.
        for axis, cells in enumerate(np.divmod(pixels, shape[1])):
            directions[:, axis] = first[axis] + PIXEL_PITCH * (cells + jitter[:, axis]) - CAMERA_IN_WORLD[axis]
        directions[:, 2] = -CAMERA_IN_WORLD[2]
        directions = directions @ to_object
        distance, part = meet(directions)
        seen = np.flatnonzero(np.isfinite(distance))
        hits.append(origin + distance[seen, None] * directions[seen])
        parts.append(part[seen])
        found += len(seen)
        if found >= count:
            break
    else:
        raise SensingError(f"the camera sees {found} points of a {spec.family!r}; expected {count}")
    colours = light.on(np.array([PALETTE[part.colour] for part in spec.parts]))
    positions = np.concatenate(hits)[:count] + noise.points * rng.standard_normal((count, 3))
    painted = colours[np.concatenate(parts)[:count]] + noise.colour * rng.standard_normal((count, 3))
    return np.concatenate([positions, painted.clip(0.0, 1.0)], axis=1).astype(np.float32)


def _window(spec: ObjectSpec, object_to_world: Pose) -> tuple[np.ndarray, tuple[int, int]]:
    """Lowest corner (2,), m, and pixel counts of the part of the table that the object hides from the camera."""
    corners = object_to_world.apply(np.concatenate([part.corners for part in spec.parts])) - CAMERA_IN_WORLD
    on_table = CAMERA_IN_WORLD[:2] - corners[:, :2] * (CAMERA_IN_WORLD[2] / corners[:, 2:])
    low, high = on_table.min(axis=0), on_table.max(axis=0)
    counts = np.maximum(np.ceil((high - low) / PIXEL_PITCH), 1).astype(int)
    return low, (int(counts[0]), int(counts[1]))
