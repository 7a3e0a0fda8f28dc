"""Where top-down fingers can close on an object: cross-sections of its footprint in a pad-wide strip.

Axis letters: N queries (a point and a closing heading each), L lines across the pads, P parts, V outline edges,
K candidate headings, E outer ends. Object frame, m and rad. A *closing heading* is the direction `u` along which the
fingers close, modulo π; `v` is perpendicular to it, along the pads' width.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sim.objects import ObjectSpec


@dataclass(frozen=True)
class Fingers:
    """What the hand needs to come down, close and hold; lengths in m."""

    pad_half_width: float = 0.0095
    """Along v: half of the pad that must meet the part."""
    clear_half_width: float = 0.014
    """Along v: half of the strip in which the open fingers come down (half a finger and the pose noise)."""
    min_width: float = 0.008
    max_width: float = 0.065
    """Graspable widths along u; the opening is 0.08."""
    inner_reach: float = 0.035
    """Along u from the grasp point: where an open finger may begin, noise taken off."""
    outer_reach: float = 0.058
    """Along u from the grasp point: where an open finger may end (opening ÷ 2, thickness and noise)."""
    max_spread: float = 0.004
    """How far either face may recede across the pad: nearly parallel surface."""
    min_height: float = 0.015
    """Lowest part that the pads can hold."""
    max_overhead: float = 0.033
    """How far the object may stand above the grasp point before it meets the palm."""
    end_inset: float = 0.012
    """From a part's very end to its outer grasp point."""


FINGERS = Fingers()
MERGE_GAP = 0.001  # m: parts closer than this are one solid for the fingers
EQUALLY_FAR, APART = 0.003, 0.03  # m: outer ends this equal in distance and this far apart are both right


class Footprint:
    """The half-planes of an object's parts, padded to one array so that many sections are cut at once."""

    def __init__(self, spec: ObjectSpec) -> None:
        sides = max(len(part.outline) for part in spec.parts)
        self.spec = spec
        self.normals = np.empty((len(spec.parts), sides, 2))
        self.offsets = np.empty((len(spec.parts), sides))
        self.heights = np.array([part.height for part in spec.parts])
        normals = []
        for row, part in enumerate(spec.parts):
            edges = np.roll(part.outline, -1, axis=0) - part.outline
            lengths = np.hypot(edges[:, 0], edges[:, 1])
            normal = np.stack([edges[:, 1], -edges[:, 0]], axis=1) / lengths[:, None]
            offset = np.einsum("vi,vi->v", normal, part.outline)
            pad = np.minimum(np.arange(sides), len(normal) - 1)
            self.normals[row], self.offsets[row] = normal[pad], offset[pad]
            if part.kind == "cylinder":
                # Every second of a disc's sides: 30° steps are enough, because any diameter serves.
                normals.append(normal[: len(normal) // 2 : 2])
            else:
                normals.append(normal[lengths > 0.015])
        self.headings = _candidate_headings(normals)


def _candidate_headings(normals: list[np.ndarray]) -> np.ndarray:
    """(K,) headings worth trying: the sides' normals, and the bisector of a tapering part's two sides."""
    found: list[float] = []
    for group in normals:
        angles = np.arctan2(group[:, 1], group[:, 0])
        gaps = (angles[:, None] - angles[None, :] + np.pi / 2) % np.pi - np.pi / 2
        rows, columns = np.nonzero(np.triu(np.abs(gaps) < 0.45))
        found.extend(angles[rows] - gaps[rows, columns] / 2)
    kept: list[float] = []
    for angle in found:
        if all(abs((angle - other + np.pi / 2) % np.pi - np.pi / 2) > 0.02 for other in kept):
            kept.append(angle)
    return wrap_heading(np.array(kept))


def wrap_heading(yaw: np.ndarray) -> np.ndarray:
    """The same closing heading in (−π/2, π/2]."""
    return np.pi / 2 - (np.pi / 2 - yaw) % np.pi


def heading_gap(first: np.ndarray | float, second: np.ndarray | float) -> np.ndarray:
    """Angle between closing headings, rad in [0, π/2]."""
    return np.abs((np.asarray(first) - second + np.pi / 2) % np.pi - np.pi / 2)


@dataclass(frozen=True)
class Sections:
    """What the fingers would find at N places; rows where `graspable` is false hold no meaning elsewhere."""

    graspable: np.ndarray
    """(N,) bool."""
    shift: np.ndarray
    """(N,), m along u: from the query point to the middle of the solid, where the hand should centre itself."""
    width: np.ndarray
    """(N,), m: widest distance between the faces under the pads."""
    spread: np.ndarray
    """(N,), m: how far a face recedes across the pad."""
    height: np.ndarray
    """(N,), m: the lowest part between the pads."""
    held: np.ndarray
    """(N, P) bool: parts between the pads."""


def cut(footprint: Footprint, points: np.ndarray, yaws: np.ndarray, fingers: Fingers = FINGERS) -> Sections:
    """Cut the footprint at `points` (N, 2) along closing headings `yaws` (N,)."""
    pad, clear = fingers.pad_half_width, fingers.clear_half_width
    lines = np.array([0.0, -pad, -pad / 2, pad / 2, pad, -clear, clear])
    u = np.stack([np.cos(yaws), np.sin(yaws)], axis=-1)
    v = np.stack([-u[:, 1], u[:, 0]], axis=-1)
    along_u = np.einsum("pvi,ni->npv", footprint.normals, u)[:, None]
    along_v = np.einsum("pvi,ni->npv", footprint.normals, v)[:, None]
    slack = (footprint.offsets - np.einsum("pvi,ni->npv", footprint.normals, points))[:, None]
    slack = slack - lines[None, :, None, None] * along_v
    crossing = np.where(np.abs(along_u) < 1e-9, 1e-9, along_u)
    reach = slack / crossing
    high = np.where(along_u > 1e-9, reach, np.inf).min(axis=-1)
    low = np.where(along_u < -1e-9, reach, -np.inf).max(axis=-1)
    outside = ((np.abs(along_u) <= 1e-9) & (slack < 0)).any(axis=-1)
    empty = outside | (high <= low)  # (N, L, P)
    low, high = np.where(empty, np.inf, low), np.where(empty, -np.inf, high)

    # Grow one solid per line from the part nearest to the query point until no neighbour touches it.
    distance = np.where(empty, np.inf, np.maximum(np.maximum(low, -high), 0.0))
    first = distance.argmin(axis=-1)[..., None]
    solid_low = np.take_along_axis(low, first, axis=-1)
    solid_high = np.take_along_axis(high, first, axis=-1)
    for _ in range(low.shape[-1]):
        joined = (low <= solid_high + MERGE_GAP) & (high >= solid_low - MERGE_GAP)
        solid_low = np.where(joined, low, np.inf).min(axis=-1, keepdims=True)
        solid_high = np.where(joined, high, -np.inf).max(axis=-1, keepdims=True)
    pads = slice(0, 5)
    pad_low, pad_high = solid_low[:, pads, 0], solid_high[:, pads, 0]
    full = np.isfinite(pad_low).all(axis=-1) & np.isfinite(pad_high).all(axis=-1)
    pad_low = np.where(full[:, None], pad_low, 0.0)
    pad_high = np.where(full[:, None], pad_high, 0.0)
    left, right = pad_low.min(axis=-1), pad_high.max(axis=-1)
    shift, width = (left + right) / 2, right - left
    spread = np.maximum(np.ptp(pad_low, axis=-1), np.ptp(pad_high, axis=-1))

    # Nothing may stand where the open fingers come down, nor between them beside the solid.
    middle = shift[:, None, None]
    apart = ~empty & ~joined
    blocked = (apart[:, pads] & (high[:, pads] > middle - fingers.outer_reach)
                   & (low[:, pads] < middle + fingers.outer_reach)).any(axis=(-1, -2))  # fmt: skip
    for start, stop in ((fingers.inner_reach, fingers.outer_reach), (-fingers.outer_reach, -fingers.inner_reach)):
        blocked |= (~empty & (high > middle + start) & (low < middle + stop)).any(axis=(-1, -2))
    held = (joined & ~empty)[:, pads].any(axis=1)
    height = np.where(held, footprint.heights, np.inf).min(axis=-1)
    overhead = footprint.heights.max() - grasp_height(height)
    graspable = (
        full
        & ~blocked
        & (spread <= fingers.max_spread)
        & (width >= fingers.min_width)
        & (width <= fingers.max_width)
        & (height >= fingers.min_height)
        & (overhead <= fingers.max_overhead)
    )
    return Sections(graspable, shift, width, spread, height, held)


def grasp_height(local_height: np.ndarray | float) -> np.ndarray:
    """z of the grasp point, m, on a part that is `local_height` tall: half way up, the fingertips off the table."""
    return np.clip(0.5 * np.asarray(local_height), 0.010, 0.022)


MAX_SHIFT = 0.02  # m: how far off the solid's middle a point may sit along the closing direction


def headings_at(footprint: Footprint, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Try every candidate heading at `points` (M, 2).

    Returns:
        cost (M, K), lower is better, infinite where not graspable: narrow, centred, parallel faces are preferred;
        grasp points (M, K, 2) re-centred along u; their heights z (M, K).
    """
    count, candidates = len(points), len(footprint.headings)
    yaws = np.tile(footprint.headings, count)
    where = np.repeat(points, candidates, axis=0)
    sections = cut(footprint, where, yaws)
    u = np.stack([np.cos(yaws), np.sin(yaws)], axis=-1)
    # A disc is as wide in every direction: closing across the line to the object's origin breaks the tie.
    radial = np.abs((where * u).sum(-1)) / (np.linalg.norm(where, axis=-1) + 0.01)
    cost = sections.width + 0.5 * np.abs(sections.shift) + sections.spread + 0.003 * radial
    cost = np.where(sections.graspable & (np.abs(sections.shift) <= MAX_SHIFT), cost, np.inf)
    grasp = where + sections.shift[:, None] * u
    shape = (count, candidates)
    return cost.reshape(shape), grasp.reshape(*shape, 2), grasp_height(sections.height).reshape(shape)


def best_yaw(footprint: Footprint, point: np.ndarray) -> float | None:
    """Closing heading of the most robust grasp through `point` (2,), or None where the fingers find none."""
    cost, _, _ = headings_at(footprint, np.asarray(point, dtype=np.float64)[None, :2])
    best = int(cost[0].argmin())
    return float(footprint.headings[best]) if np.isfinite(cost[0, best]) else None


def grasp_at(footprint: Footprint, point: np.ndarray) -> np.ndarray | None:
    """Grasp (4,) x, y, z, yaw through `point` (2,), re-centred along the closing direction, or None."""
    cost, grasp, height = headings_at(footprint, np.asarray(point, dtype=np.float64)[None, :2])
    best = int(cost[0].argmin())
    if not np.isfinite(cost[0, best]):
        return None
    return np.array([*grasp[0, best], height[0, best], footprint.headings[best]])


def outer_grasps(spec: ObjectSpec, colour: str) -> np.ndarray:
    """Grasps (E, 4) x, y, z, yaw at the outer end of `colour`: its graspable point farthest from the origin.

    Symmetric objects have several ends equally far: all are returned, in order of heading from the origin. E is 0
    where no point of that colour can be grasped.
    """
    key = tuple((part.kind, part.outline.tobytes(), part.height, part.colour) for part in spec.parts)
    return _outer_grasps(_ByKey(key, spec), colour)


def outer_ends(spec: ObjectSpec, colour: str) -> np.ndarray:
    """Points (E, 3) of `outer_grasps`: where the pads' middle must be for the verdict of *part*."""
    return outer_grasps(spec, colour)[:, :3]


class _ByKey:
    """An object that hashes by its geometry: equal records share one cache entry."""

    def __init__(self, key: tuple, spec: ObjectSpec) -> None:
        self.key, self.spec = key, spec

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByKey) and self.key == other.key


@lru_cache(maxsize=512)
def _outer_grasps(keyed: _ByKey, colour: str) -> np.ndarray:
    grasps, costs = _slide_along_parts(Footprint(keyed.spec), colour)
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
        grasps = grasps[sorted(ends, key=lambda end: np.arctan2(grasps[end, 1], grasps[end, 0]))]
    grasps.setflags(write=False)
    return grasps


def _slide_along_parts(footprint: Footprint, colour: str) -> tuple[np.ndarray, np.ndarray]:
    """Grasps (N, 4) and costs (N,) on `colour` alone, found by sliding along its parts in 5 mm steps."""
    points, yaws, own = [], [], np.array([part.colour == colour for part in footprint.spec.parts])
    for part in (part for part in footprint.spec.parts if part.colour == colour):
        for yaw in footprint.headings:
            u, v = np.array([np.cos(yaw), np.sin(yaw)]), np.array([-np.sin(yaw), np.cos(yaw)])
            across, along = part.outline @ u, part.outline @ v
            start, stop = along.min() + FINGERS.end_inset, along.max() - FINGERS.end_inset
            if start > stop or np.ptp(across) > 0.2:
                continue
            steps = np.linspace(start, stop, max(2, int((stop - start) / 0.005)))
            points.append(steps[:, None] * v + (across.max() + across.min()) / 2 * u)
            yaws.append(np.full(len(steps), yaw))
    if not points:
        return np.zeros((0, 4)), np.zeros(0)
    where, heading = np.concatenate(points), np.concatenate(yaws)
    sections = cut(footprint, where, heading)
    u = np.stack([np.cos(heading), np.sin(heading)], axis=-1)
    grasp = where + sections.shift[:, None] * u
    radial = np.abs((where * u).sum(-1)) / (np.linalg.norm(where, axis=-1) + 0.01)
    cost = sections.width + sections.spread + 0.003 * radial
    good = sections.graspable & ~(sections.held & ~own).any(axis=-1)
    grasps = np.column_stack([grasp, grasp_height(sections.height), heading])
    return grasps[good], cost[good]
