"""Graspable places of an object for top-down fingers: the best closing heading at a point, each colour's outer end.

Axis letters: M points, K candidate headings, N queries, E outer ends. Object frame, m and rad. A *closing heading*
is the direction `u` along which the fingers close, modulo π; `v` is perpendicular to it, along the pads' width.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from sim.objects.cross_sections import MAX_SHIFT, Footprint
from sim.objects.end_map import end_map
from sim.objects.mesh_sections import MeshFootprint
from sim.objects.meshes import MeshPart
from sim.objects.prism_sections import PrismFootprint
from sim.objects.spec import ObjectSpec
from sim.objects.turned_meshes import (
    MeshesAtRest,
    TurnedFootprint,
    at_rest,
    footprint_at_rest,
    turn_of,
    turned,
    turned_grasps,
)

EQUALLY_FAR, APART = 0.003, 0.03  # m: ends this equal in distance and this far apart are both outer ends
_NONE = np.zeros((0, 4))


def footprint_of(spec: ObjectSpec) -> Footprint:
    """The object as the fingers meet it; of prisms of equal geometry and colours, the same one again."""
    if not isinstance(spec.parts[0], MeshPart):
        return _prism_footprint(_ByKey.of(spec))
    rest = at_rest(spec)
    return MeshFootprint(spec) if rest is None else TurnedFootprint(spec, rest)


def best_yaw(footprint: Footprint, point: np.ndarray) -> float | None:
    """Closing heading of the most robust grasp through `point` (2,), or None where the fingers find none."""
    cost, _, _ = footprint.weigh(np.asarray(point, dtype=np.float64)[None, :2])
    best = int(cost[0].argmin())
    return float(footprint.headings[best]) if np.isfinite(cost[0, best]) else None


def grasp_at(footprint: Footprint, point: np.ndarray) -> np.ndarray | None:
    """Grasp (4,) x, y, z, yaw through `point` (2,), re-centred along the closing direction, or None."""
    cost, grasp, height = footprint.weigh(np.asarray(point, dtype=np.float64)[None, :2])
    best = int(cost[0].argmin())
    if not np.isfinite(cost[0, best]):
        return None
    return np.array([*grasp[0, best], height[0, best], footprint.headings[best]])


def end_holds(spec: ObjectSpec, points: np.ndarray) -> np.ndarray:
    """(M,) bool: whether fingers can grasp an outer end at `points` (M, 2), on a section that is narrow enough and of
    one colour. It depends on shape and gripper, not on densities or intention.

    Of imported objects it is read from a map (`sim.objects.end_map`), as exact as scanned points are."""
    where, rest = np.asarray(points, dtype=np.float64)[:, :2], at_rest(spec)
    if rest is not None:
        return end_map(rest).holds(turned(where, -turn_of(spec)), MAX_SHIFT)
    return footprint_of(spec).ends_held(where)


def outer_grasps(spec: ObjectSpec, colour: str) -> np.ndarray:
    """Grasps (E, 4) x, y, z, yaw at the outer end of `colour`: its graspable point farthest from the origin.

    Symmetric objects have several ends equally far: all are returned, in order of heading from the origin. E is 0
    where no point of that colour can be grasped.
    """
    rest = at_rest(spec)
    if rest is not None:
        number = next((n for n, part in enumerate(spec.parts) if part.colour == colour), None)
        return _in_order(turned_grasps(_at_rest(rest, number), turn_of(spec))) if number is not None else _NONE
    return _outer_grasps(_ByKey.of(spec), colour)


def outer_ends(spec: ObjectSpec, colour: str) -> np.ndarray:
    """Points (E, 3) of `outer_grasps`: where the pads' middle must be for the verdict of *part*."""
    return outer_grasps(spec, colour)[:, :3]


class _ByKey:
    """An object that hashes by its geometry, so that equal objects share one cache entry."""

    def __init__(self, key: tuple, spec: ObjectSpec) -> None:
        self.key, self.spec = key, spec

    @classmethod
    def of(cls, spec: ObjectSpec) -> _ByKey:
        """The object by its geometry and colours."""
        return cls(tuple(part.key for part in spec.parts), spec)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByKey) and self.key == other.key


@lru_cache(maxsize=512)
def _at_rest(rest: MeshesAtRest, number: int) -> np.ndarray:
    """The outer grasps of mesh `number`, frame at rest."""
    footprint = footprint_at_rest(rest)
    return _ends_of(*footprint.end_grasps(footprint.spec.parts[number].colour))


@lru_cache(maxsize=64)
def _prism_footprint(keyed: _ByKey) -> PrismFootprint:
    # Drawing an object, planning a grasp for each intention and noting its outer ends ask for the same one.
    return PrismFootprint(keyed.spec)


@lru_cache(maxsize=512)
def _outer_grasps(keyed: _ByKey, colour: str) -> np.ndarray:
    return _ends_of(*footprint_of(keyed.spec).end_grasps(colour))


def _ends_of(grasps: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """Of grasps (N, 4) and their costs (N,) one at each outer end."""
    if len(grasps):
        distance = np.hypot(grasps[:, 0], grasps[:, 1])
        ends: list[int] = []
        for far in np.argsort(-distance):
            if distance[far] < distance.max() - EQUALLY_FAR:
                break
            if all(np.hypot(*(grasps[far, :2] - grasps[end, :2])) >= APART for end in ends):
                # Where several headings reach (nearly) as far, the narrowest one is the grasp.
                near = np.hypot(*(grasps[:, :2] - grasps[far, :2]).T) < 0.006
                rivals = np.flatnonzero(near & (distance >= distance[far] - 0.001))
                ends.append(int(rivals[costs[rivals].argmin()]))
        grasps = grasps[ends]
    return _in_order(grasps)


def _in_order(grasps: np.ndarray) -> np.ndarray:
    """Grasps (E, 4) in order of heading from the origin; read-only."""
    found = grasps[np.argsort(np.arctan2(grasps[:, 1], grasps[:, 0]), kind="stable")]
    found.setflags(write=False)
    return found
