"""Where a gripper fits on a scanned object: closing direction, width, height, and snapping to a graspable place.

Everything is estimated from noisy points alone. Lengths that a scan doesn't blur are the robot's own, of `sim.robot`;
where a number differs from the one there, the docstring says so: it is this estimate's own, and results rest on it.
Axis letters: P points, C candidate places, A closing directions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robo_meta.strategies.baselines.compiled_grasps import closed_extents, joined, lonely
from sim.frames import wrap_heading
from sim.robot import Fingers, GripperConfig, Workspace

OPEN_HALF = GripperConfig.open_width / 2
"""m: from the grasp point to either pad when the gripper is fully open."""
FINGER_INNER, FINGER_OUTER = 0.036, Fingers.outer_reach
"""m: from the grasp point to either side of an open finger, errors included; what lies there blocks the descent. The
inner one is its own, 1 mm more than `Fingers.inner_reach`."""
CLEAR_HALF = 0.013
"""m: half the width of the strip in which an open finger comes down; its own, 1 mm less than
`Fingers.clear_half_width`."""
PAD_HALF = 0.011
"""m: half a pad's width, perpendicular to the closing direction; its own, 1.5 mm more than
`Fingers.pad_half_width`."""
LARGEST_WIDTH = Fingers.max_width
"""m: widest place that the gripper takes with clearance for errors."""
SUPPORT_RADIUS = 0.010
"""m: a place with no scanned point this near is taken for a hole."""
STRIPS = (0.8 * PAD_HALF, PAD_HALF, 2 * PAD_HALF)
"""m: half widths of the strips over which a closing direction is refined."""
SAME_PAINT, SAME_HEIGHT, LINK = 0.35, 0.007, 0.022
"""RGB units, m, m: points of one piece differ by less, and neighbours in it are no farther apart."""
SLIM = 1.3
"""Ratio of spreads from which a piece's longer axis tells its heading."""
SIDE_COST = 0.08
"""Penalty, in metres of width, for closing at 45° to the sides of the part."""
WIDTH_COST = 0.35
"""m that a metre of width counts as: narrow places are held more surely."""
HEADING_COST = 0.006
"""m that a closing direction across the preferred one counts as."""
YAWS = np.arange(36) * (np.pi / 36) - np.pi / 2
"""(A,), rad: closing directions tried, modulo π."""
TRIED_AMONG = 128
"""Points, in random order, among which the nearest are tried as places."""
SMALLEST_Z, LARGEST_Z = Workspace.low[2], 0.022
"""m: the hand keeps off the table, and its palm off the object."""


@dataclass(frozen=True)
class Closings:
    """What the fingers would meet at C places along A closing directions."""

    width: np.ndarray
    """(C, A), m: extent of the points between the open pads."""
    shift: np.ndarray
    """(C, A), m along the closing direction: from the place to the middle of that extent."""
    blocked: np.ndarray
    """(C, A), bool: points lie where an open finger would come down."""


def closings(points: np.ndarray, places: np.ndarray, yaws: np.ndarray, half: float = PAD_HALF) -> Closings:
    """Measure the object between the open fingers.

    Args:
        points: (P, ≥2), m, object frame.
        places: (C, 2), m, object frame.
        yaws: (A,), rad: closing directions.
        half: m: half the width of the strip that is looked at.
    """
    return closings_in_strips(points, places, yaws, (half,))[0]


def closings_in_strips(
    points: np.ndarray, places: np.ndarray, yaws: np.ndarray, halves: Sequence[float]
) -> list[Closings]:
    """`closings` in strips of several half widths, m."""
    sizes = np.array([OPEN_HALF, FINGER_INNER, FINGER_OUTER, CLEAR_HALF], dtype=np.float32)
    turned = np.stack([np.cos(yaws), np.sin(yaws)]).astype(np.float32)
    xy = np.ascontiguousarray(points[:, :2], dtype=np.float64)
    asked = np.ascontiguousarray(places, dtype=np.float64)
    width, shift, blocked = closed_extents(xy, asked, turned, np.array(halves, dtype=np.float32), sizes)
    return [Closings(width[k], shift[k], blocked[k]) for k in range(len(halves))]


def half_height(points: np.ndarray, place: np.ndarray) -> float:
    """z to grasp at, m: half the height of the points about `place` (2,), within what the hand can reach."""
    distance = np.hypot(points[:, 0] - place[0], points[:, 1] - place[1])
    near = points[distance <= max(0.012, float(np.sort(distance)[2]) + 1e-9), 2]
    return float(np.clip(np.median(near) / 2, SMALLEST_Z, LARGEST_Z))


def smooth_widths(points: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, Closings]:
    """(C, A) widths averaged over a pad-wide and a broader strip, and the pad-wide closings.

    The extent of a dozen points is a rough measure; a strip twice as broad sees more points and turns faster from the
    narrow direction, but runs over the ends of short parts, so the two are averaged.
    """
    narrow, broad = closings_in_strips(points, places, YAWS, (PAD_HALF, 2 * PAD_HALF))
    return (narrow.width + broad.width) / 2, narrow


def piece_at(points: np.ndarray, place: np.ndarray) -> np.ndarray:
    """(P,) bool: points joined to the one nearest to `place` (2,) through neighbours of its paint and height."""
    start = int(np.argmin(np.hypot(*(points[:, :2] - place).T)))
    near = np.hypot(*(points[:, :2] - points[start, :2]).T) < 0.015
    paint = np.linalg.norm(points[:, 3:6] - points[start, 3:6], axis=1) < SAME_PAINT
    height = float(np.median(points[near & paint, 2]))
    alike = paint & (np.abs(points[:, 2] - height) < SAME_HEIGHT)
    alike[start] = True
    return joined(np.ascontiguousarray(points[:, :2]), alike, start, np.float32(LINK**2))


def side_heading(xy: np.ndarray) -> tuple[float, float]:
    """Heading of a convex piece's sides, rad modulo π/2, and how sure that is, in [0, 1].

    Slim pieces show it by their spread, squat ones by the rectangle that fits them tightest; a disc has none.
    """
    if len(xy) < 8:
        return 0.0, 0.0
    values, vectors = np.linalg.eigh(np.cov(xy.T))
    elongation = float(np.sqrt(values[1] / max(values[0], 1e-9)))
    if elongation > SLIM:
        return float(np.arctan2(vectors[1, 1], vectors[0, 1])), 1.0
    angles = np.arange(45) * (np.pi / 90)
    axes = np.stack([np.cos(angles), np.sin(angles)])
    sides = np.ptp(xy @ axes, axis=0) * np.ptp(xy @ np.stack([-axes[1], axes[0]]), axis=0)
    return float(angles[np.argmin(sides)]), 0.5


def refine_yaw(points: np.ndarray, place: np.ndarray, rough: float) -> float:
    """Closing direction, rad in (−π/2, π/2], near a rough one: square to the sides of the piece that is held."""
    yaws = rough + np.arange(-22, 23) * (np.pi / 180)
    widths = np.mean([found.width[0] for found in closings_in_strips(points, place[None], yaws, STRIPS)], axis=0)
    heading, sure = side_heading(points[piece_at(points, place), :2].astype(np.float64))
    cost = widths - widths.min() + sure * SIDE_COST * np.sin(2 * (yaws - heading)) ** 2
    weight = np.exp(-(cost - cost.min()) / 0.002)
    return float(wrap_heading((weight * yaws).sum() / weight.sum()))


def snap(
    points: np.ndarray,
    wanted: np.ndarray,
    *,
    plain: bool = False,
    prefer: np.ndarray | None = None,
    heading: float | None = None,
) -> np.ndarray:
    """The graspable place nearest to a wanted one, with closing direction and height.

    Distance along the closing direction counts for less, unless `plain`: the fingers centre the object there anyway,
    and an object balances wherever the line between the pads passes under its centre of mass.

    Args:
        points: (P, ≥3), m, object frame.
        wanted: (2,), m, object frame.
        plain: count both directions alike.
        prefer: (P,), m: what choosing a place at each point costs extra (another colour, another height).
        heading: rad: a closing direction to keep to where the widths leave it open.

    Returns:
        (4,) x, y, z, yaw: m, m, m, rad.
    """
    places = np.vstack([wanted[None], points[:TRIED_AMONG, :2]])
    distance = np.hypot(*(places - wanted).T)
    nearest = np.argsort(distance, kind="stable")[:40]
    places = places[nearest]
    extra = np.zeros(len(places))
    if prefer is not None:
        # The wanted place itself costs what its nearest point does.
        dx, dy = (places[:, k, None] - points[:, k] for k in range(2))
        owner = np.argmin(dx * dx + dy * dy, axis=1)
        extra = prefer[owner]
    widths, found = smooth_widths(points, places)
    closing = np.stack([np.cos(YAWS), np.sin(YAWS)], axis=-1)
    centred = places[:, None] + found.shift[..., None] * closing
    error = centred - wanted
    along = (error * closing).sum(-1)
    across = error[..., 1] * closing[:, 0] - error[..., 0] * closing[:, 1]
    cost = np.abs(across) + (0.9 if plain else 0.25) * np.abs(along) + WIDTH_COST * widths + extra[:, None]
    cost = cost + 0.10 * found.blocked + 3.0 * (found.width - LARGEST_WIDTH).clip(0)
    near = points[np.hypot(*(points[:, :2] - wanted).T) < distance[nearest].max() + OPEN_HALF + SUPPORT_RADIUS]
    cost = cost + 0.04 * lonely(centred, near[:, :2].astype(np.float64), np.float32(SUPPORT_RADIUS**2))
    if heading is not None:
        cost = cost + HEADING_COST * np.abs(np.sin(YAWS - heading))
    place, direction = np.unravel_index(int(np.argmin(cost)), cost.shape)
    target = centred[place, direction]
    yaw = refine_yaw(points, target, float(YAWS[direction]))
    return np.array([target[0], target[1], half_height(points, target), yaw])
