"""Convex pieces drawn in, so that Bullet's padding brings them back to their own size."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog
from scipy.spatial import ConvexHull, HalfspaceIntersection, QhullError

from sim.errors import InputError

MOST_OF_INRADIUS = 0.4
"""Share of the radius of the largest ball inside a piece by which it is drawn in at most: thin ones stay bodies."""
_SAME = 1e-7
"""Unit normals and m: half-spaces and corners closer than this are one."""


class HullError(InputError):
    """Points that span no convex body."""


def inset(corners: np.ndarray, distance: float) -> np.ndarray:
    """Corners of a convex piece whose faces are all moved inwards by the same distance.

    Args:
        corners: (C, 3), m.
        distance: m; less for thin pieces, see `MOST_OF_INRADIUS`.

    Returns:
        (C', 3), m, in an order that depends on `corners` alone.

    Raises:
        HullError: the corners span no body.
    """
    limits = half_spaces(corners)
    centre, radius = largest_ball(limits)
    moved = limits + np.array([0, 0, 0, min(distance, MOST_OF_INRADIUS * radius)])
    try:
        found = HalfspaceIntersection(moved, centre).intersections
        found = found[np.isfinite(found).all(axis=1)]
        found = found[np.sort(_distinct(found))]
        return found[np.sort(ConvexHull(found).vertices)]
    except (QhullError, ValueError) as error:
        raise HullError("a convex piece too thin to be drawn in") from error


def half_spaces(corners: np.ndarray) -> np.ndarray:
    """(H, 4) distinct faces of the hull of `corners` (C, 3): outward unit normal n and d, with n · x + d ≤ 0 inside.

    Raises:
        HullError: the corners span no body.
    """
    try:
        equations = ConvexHull(np.asarray(corners, dtype=np.float64)).equations
    except (QhullError, ValueError) as error:
        raise HullError(f"{len(corners)} points that span no body") from error
    return equations[np.sort(_distinct(equations))]


def outward_faces(corners: np.ndarray) -> np.ndarray:
    """(F, 3) triangles of the hull of `corners` (C, 3), rows of it, counter-clockwise from outside.

    Raises:
        HullError: the corners span no body.
    """
    try:
        hull = ConvexHull(np.asarray(corners, dtype=np.float64))
    except (QhullError, ValueError) as error:
        raise HullError(f"{len(corners)} points that span no body") from error
    a, b, c = (hull.points[hull.simplices[:, k]] for k in range(3))
    inward = np.einsum("ij,ij->i", np.cross(b - a, c - a), hull.equations[:, :3]) < 0
    return np.where(inward[:, None], hull.simplices[:, ::-1], hull.simplices)


def largest_ball(limits: np.ndarray) -> tuple[np.ndarray, float]:
    """Centre (3,) and radius, m, of a largest ball within half-spaces (H, 4).

    Raises:
        HullError: there is none.
    """
    scale = max(float(np.abs(limits[:, 3]).max()), 1e-9)
    rows = np.hstack([limits[:, :3], np.ones((len(limits), 1))])
    bounds = [(None, None)] * 3 + [(0, None)]
    found = linprog([0, 0, 0, -1], A_ub=rows, b_ub=-limits[:, 3] / scale, bounds=bounds, method="highs-ds")
    if found.status != 0 or found.x[3] <= 0:
        raise HullError("a convex piece without inside")
    return found.x[:3] * scale, float(found.x[3] * scale)


def _distinct(rows: np.ndarray) -> np.ndarray:
    """Numbers of the rows that repeat no earlier one."""
    return np.unique(np.round(rows / _SAME).astype(np.int64), axis=0, return_index=True)[1]
