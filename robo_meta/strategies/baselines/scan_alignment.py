"""Lay one scanned object over another, so that a demonstration can be replayed on an object that differs.

Object frames are turned and mirrored at random, so nothing but geometry and colour says which end is which.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

COLOUR_METRES = 0.03
"""m per RGB unit: how far a wrong colour counts as; chosen on validation families."""
HEIGHT_METRES = 1.0
"""m per m of height difference."""

ASKED = 128
"""Number of points per scan used for nearest-neighbour matching."""
MOVES = ((0.2, 0, 0), (-0.2, 0, 0), (0, 0.01, 0), (0, -0.01, 0), (0, 0, 0.01), (0, 0, -0.01))
"""rad, m, m: turns and shifts tried while refining."""

SAME_FRAME = 1.2
"""The frames as they are will do when they fit no worse than this, compared with the best map found."""


@dataclass(frozen=True)
class Alignment:
    """An affine map of the plane, `x_in_query = matrix @ x_in_demo + offset`, and how badly the scans then differ."""

    matrix: np.ndarray
    """(2, 2): a rotation, mirrored or not, times a scale per axis where scaling is allowed."""
    offset: np.ndarray
    """(2,), m."""
    cost: float
    """m: root mean square distance to the nearest point, both ways, with height and colour as further coordinates."""

    def place(self, xy: np.ndarray) -> np.ndarray:
        """Map places (..., 2), m, from the demo's object frame to the query's."""
        return xy @ self.matrix.T + self.offset

    def heading(self, yaw: np.ndarray | float) -> np.ndarray:
        """Map headings (...,), rad."""
        turned = np.stack([np.cos(yaw), np.sin(yaw)], axis=-1) @ self.matrix.T
        return np.arctan2(turned[..., 1], turned[..., 0])


def principal_frames(points: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(axes (2, 2) with one axis a column, middle (2,), extents (2,)): by covariance, and by the smallest rectangle.

    The rectangle is the better guess for bent shapes, the covariance for slim ones; a caller tries both.
    """
    xy = points[:, :2].astype(np.float64)
    frames = []
    angles = np.arange(90) * (np.pi / 180)
    c, s = np.cos(angles), np.sin(angles)
    turned = np.stack([xy @ np.array([c, s]), xy @ np.array([-s, c])])
    area = np.ptp(turned, axis=1).prod(axis=0)
    smallest = angles[np.argmin(area)]
    spread = np.linalg.eigh(np.cov(xy.T))[1][:, 1]
    for heading in (np.arctan2(spread[1], spread[0]), smallest):
        axes = np.array([[np.cos(heading), -np.sin(heading)], [np.sin(heading), np.cos(heading)]])
        local = xy @ axes
        if np.ptp(local[:, 1]) > np.ptp(local[:, 0]):
            axes = axes[:, ::-1] * np.array([1.0, -1.0])
            local = xy @ axes
        low, high = local.min(axis=0), local.max(axis=0)
        frames.append((axes, axes @ (low + high) / 2, high - low))
    return frames


def features(points: np.ndarray) -> np.ndarray:
    """(P, 6) coordinates in which nearness means the same place, height and paint; all in m."""
    scale = np.array([1, 1, HEIGHT_METRES, COLOUR_METRES, COLOUR_METRES, COLOUR_METRES], dtype=np.float32)
    return points.astype(np.float32) * scale


def mismatch(demo: np.ndarray, query: np.ndarray, matrix: np.ndarray, offset: np.ndarray) -> float:
    """m: symmetric root mean square distance to the nearest point between `features` (P, 6) under a map."""
    moved = demo.copy()
    moved[:, :2] = demo[:, :2] @ matrix.T + offset
    there, back = _nearest(moved[:ASKED], query), _nearest(query[:ASKED], moved)
    return float(np.sqrt((there.mean() + back.mean()) / 2))


def _nearest(asking: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Squared distance from each row to the nearest row among others."""
    # |a − b|² less |a|², which does not depend on b.
    rest = (among**2).sum(1) - 2 * (asking @ among.T)
    return np.maximum(rest.min(axis=1) + (asking**2).sum(1), 0)


def align(demo_points: np.ndarray, query_points: np.ndarray, *, scaled: bool) -> Alignment:
    """The best map of a demo's scan onto a query's.

    Principal axes with both flips, both handednesses and, for shapes nearly as broad as long, both orders give the
    candidates; the identity is one too, because on the demonstrated object itself the frames already agree. The best
    few are then refined by small turns and shifts.

    Args:
        demo_points: (P, 6), the demo's object frame.
        query_points: (P, 6), the query's object frame.
        scaled: match extents along each axis; otherwise the map is rigid.
    """
    demo, query = features(demo_points), features(query_points)
    candidates = candidate_maps(demo_points, query_points, scaled=scaled)
    costs = [mismatch(demo, query, *candidate) for candidate in candidates]
    best = [candidates[k] for k in np.argsort(costs, kind="stable")[:3]]
    refined = min((_refine(demo, query, *candidate) for candidate in best), key=lambda alignment: alignment.cost)
    # On the demonstrated object itself refining would only follow the chance of where the points lie.
    return Alignment(*candidates[0], costs[0]) if costs[0] < SAME_FRAME * refined.cost else refined


def candidate_maps(
    demo_points: np.ndarray, query_points: np.ndarray, *, scaled: bool
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Matrices (2, 2) and offsets (2,), m, of the maps of a demo's scan onto a query's that are worth a try; the first
    is the identity. See `align`."""
    candidates = [(np.eye(2), np.zeros(2))]
    for demo_axes, demo_middle, demo_extents in principal_frames(demo_points):
        for query_axes, query_middle, query_extents in principal_frames(query_points):
            for swap in (np.eye(2), np.array([[0.0, 1.0], [1.0, 0.0]])):
                for signs in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
                    turn = np.diag(signs) @ swap
                    scale = query_extents / np.maximum(swap @ demo_extents, 1e-3) if scaled else np.ones(2)
                    matrix = query_axes @ np.diag(scale) @ turn @ demo_axes.T
                    # Frames have their origin in the layout's middle, up to how even the two layouts are.
                    candidates.append((matrix, query_middle - matrix @ demo_middle))
                    candidates.append((matrix, np.zeros(2)))
    return candidates


def _refine(demo: np.ndarray, query: np.ndarray, matrix: np.ndarray, offset: np.ndarray) -> Alignment:
    """Coordinate descent over turn (rad) and shift (m) about the query's middle, with halving steps."""
    middle = (query[:, :2].min(axis=0) + query[:, :2].max(axis=0)) / 2
    cost = mismatch(demo, query, matrix, offset)
    # The last step is finer than the noise of a scan could tell apart.
    for size in (1.0, 0.5, 0.25):
        for _ in range(3):
            improved = False
            for turn, shift_x, shift_y in MOVES:
                c, s = np.cos(turn * size), np.sin(turn * size)
                rotation = np.array([[c, -s], [s, c]])
                tried = rotation @ matrix
                moved = rotation @ (offset - middle) + middle + size * np.array([shift_x, shift_y])
                new_cost = mismatch(demo, query, tried, moved)
                if new_cost < cost - 1e-6:
                    matrix, offset, cost, improved = tried, moved, new_cost, True
            if not improved:
                break
    return Alignment(matrix, offset, cost)
