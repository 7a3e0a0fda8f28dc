"""Grasps of someone who sees the geometry exactly but knows nothing of the materials: what must fail on *balance*.

Axis letters: R density ratios. Object frame, m.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.objects.balance_points import balance_points, colour_moments, density_grid
from sim.objects.cross_sections import MAX_SHIFT
from sim.objects.graspable import footprint_of, grasp_at
from sim.objects.spec import ObjectSpec
from sim.tasks.sampling import RATIO_RANGE

HOLDS = 0.0225
"""m off the centre of mass, across the closing direction, up to which a grasp is taken to hold when rules are ranked;
their success is then measured in the physics."""
STEP = 0.004
"""m between the places that a point without a grasp is snapped to."""
RATIOS = 24
"""Steps of a density ratio that a rule guards against."""

Rule = Callable[[ObjectSpec], np.ndarray]


def _two(spec: ObjectSpec) -> tuple[np.ndarray, np.ndarray]:
    """Volumes (2,) and centroids (2, 2) of the colours, the one with more volume first."""
    volumes, centroids = colour_moments(spec)
    order = np.argsort(-volumes)
    return volumes[order], centroids[order]


def middle(spec: ObjectSpec) -> np.ndarray:
    """The geometric middle: the object's origin."""
    return np.zeros(2)


def assumed_ratio(ratio: float) -> Rule:
    """The balance point if the colour with more volume were `ratio` times as dense as the other."""
    return lambda spec: balance_points(*_two(spec), np.array([[ratio, 1.0]]))[0]


def between(share: float) -> Rule:
    """On the line between the colours' centroids; 0 is that of the colour with more volume."""
    return lambda spec: (1 - share) * _two(spec)[1][0] + share * _two(spec)[1][1]


def along(share: float) -> Rule:
    """`share` of the object's length away from its middle, along its long axis, to the bulkier side."""

    def place(spec: ObjectSpec) -> np.ndarray:
        corners = np.concatenate([part.outline for part in spec.parts])
        gaps = corners[:, None] - corners[None]
        axis = gaps.reshape(-1, 2)[(gaps**2).sum(-1).argmax()]
        equal = assumed_ratio(1.0)(spec)
        return share * axis * (1.0 if equal @ axis >= 0 else -1.0)

    return place


def likeliest(spec: ObjectSpec) -> np.ndarray:
    """The possible balance point that is near enough under the largest share of the ratios that tasks draw."""
    volumes, centroids = _two(spec)
    points = balance_points(volumes, centroids, density_grid(2, *RATIO_RANGE, RATIOS))
    attempts = np.linspace(points[0], points[-1], 2 * RATIOS)
    near = np.hypot(*np.moveaxis(attempts[:, None] - points[None], -1, 0)) < HOLDS
    return attempts[int(near.sum(axis=1).argmax())]


RULES: dict[str, Rule] = {
    "likeliest": likeliest,
    **{f"larger colour {ratio:g}× as dense": assumed_ratio(ratio) for ratio in (0.1, 0.18, 0.3, 0.5, 2, 3.3, 5.5, 10)},
    **{f"between colours {share:g}": between(share) for share in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)},
    **{f"along the axis {share:g}": along(share) for share in (-0.3, -0.2, -0.1, 0.1, 0.2, 0.3)},
}
"""Material-blind rules that the best is chosen from; the middle and equal densities are judged by themselves."""
EQUAL: Rule = assumed_ratio(1.0)
"""The centre of mass if everything weighed the same."""


def grasp_near(spec: ObjectSpec, point: np.ndarray) -> np.ndarray | None:
    """Grasp (4,) through `point` (2,), or through the nearest place of the object that the fingers can hold."""
    footprint = footprint_of(spec)
    grasp = grasp_at(footprint, point)
    if grasp is not None:
        return grasp
    corners = np.concatenate([part.outline for part in spec.parts])
    axes = [np.arange(low, high, STEP) for low, high in zip(corners.min(axis=0), corners.max(axis=0), strict=True)]
    places = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    places = places[np.hypot(*(places - point).T).argsort()]
    # Nearest first, a few at a time: most often the first few hold one.
    for start in range(0, len(places), 64):
        cost, grasps, heights = footprint.weigh(places[start : start + 64])
        found = np.flatnonzero(np.isfinite(cost.min(axis=1)))
        if len(found):
            row, best = found[0], int(cost[found[0]].argmin())
            return np.array([*grasps[row, best], heights[row, best], footprint.headings[best]])
    return None


def grasp_beside(spec: ObjectSpec, grasp: np.ndarray, offset: float) -> np.ndarray | None:
    """`grasp` moved by `offset` m across its closing direction and re-centred, or None where nothing can be held."""
    across = np.array([-np.sin(grasp[3]), np.cos(grasp[3])])
    point = grasp[:2] + offset * across
    section = footprint_of(spec).cut(point[None], grasp[3:4])
    if not section.graspable[0] or abs(section.shift[0]) > MAX_SHIFT:
        return None
    closing = np.array([np.cos(grasp[3]), np.sin(grasp[3])])
    return np.array([*(point + section.shift[0] * closing), float(section.grasp_z[0]), grasp[3]])


def across_offset(grasp: np.ndarray, centre: np.ndarray) -> float:
    """m from `centre` (≥2,) to a grasp (4,), across its closing direction: what tips the object."""
    error = grasp[:2] - centre[:2]
    return float(abs(error[1] * np.cos(grasp[3]) - error[0] * np.sin(grasp[3])))
