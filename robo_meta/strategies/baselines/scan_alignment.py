"""Lay one scanned object over another, so that a demonstration can be replayed on an object that differs.

Object frames are turned and mirrored at random, so nothing but geometry and colour says which end is which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from robo_meta.strategies.baselines import compiled_alignment
from robo_meta.strategies.scan_memory import remembered

COLOUR_METRES = 0.03
"""m per RGB unit: how far a wrong colour counts as; chosen on validation families."""
HEIGHT_METRES = 1.0
"""m per m of height difference."""

ASKED = 128
"""Number of points per scan used for nearest-neighbour matching."""
MOVES = ((0.2, 0, 0), (-0.2, 0, 0), (0, 0.01, 0), (0, -0.01, 0), (0, 0, 0.01), (0, 0, -0.01))
"""rad, m, m: turns and shifts tried while refining."""
TURNS = np.array(
    [np.diag(signs) @ swap for swap in (np.eye(2), np.eye(2)[::-1]) for signs in product((1, -1), repeat=2)]
)
"""(8, 2, 2) ways to lay two axes on two others."""
LEAST_GAIN = 1e-6
"""m by which a turn or shift has to fit better."""
REFINED = 3
"""Candidates, the best ones, that are refined."""

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


@remembered
def principal_frames(points: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], ...]:
    """(axes (2, 2) with one axis a column, middle (2,), extents (2,)): by covariance, and by the smallest rectangle.

    The rectangle is the better guess for bent shapes, the covariance for slim ones; a caller tries both.
    """
    xy = points[:, :2].astype(np.float64)
    frames = []
    angles = np.arange(90) * (np.pi / 180)
    c, s = np.cos(angles), np.sin(angles)
    # A row a direction, and one array a side: columns, and fresh memory for both, take many times as long.
    long, wide = (np.ptp(np.stack(sides, axis=1) @ xy.T, axis=1) for sides in ((c, s), (-s, c)))
    smallest = angles[np.argmin(long * wide)]
    spread = np.linalg.eigh(np.cov(xy.T))[1][:, 1]
    for heading in (np.arctan2(spread[1], spread[0]), smallest):
        axes = np.array([[np.cos(heading), -np.sin(heading)], [np.sin(heading), np.cos(heading)]])
        local = xy @ axes
        if np.ptp(local[:, 1]) > np.ptp(local[:, 0]):
            axes = axes[:, ::-1] * np.array([1.0, -1.0])
            local = xy @ axes
        low, high = local.min(axis=0), local.max(axis=0)
        frames.append((axes, axes @ (low + high) / 2, high - low))
    return tuple(frames)


def features(points: np.ndarray) -> np.ndarray:
    """(P, 6) float64 coordinates in which nearness means the same place, height and paint; all in m."""
    scale = np.array([1, 1, HEIGHT_METRES, COLOUR_METRES, COLOUR_METRES, COLOUR_METRES])
    return np.ascontiguousarray(points * scale, dtype=np.float64)


@dataclass(frozen=True)
class Overlay:
    """Two scans, one of which is to be laid over the other."""

    demo: np.ndarray
    """(P, 6), of `features`."""
    query: np.ndarray
    """(P, 6), of `features`."""

    @cached_property
    def _floors(self) -> np.ndarray:
        return compiled_alignment.floors(self.demo, self.query, ASKED)

    @cached_property
    def _grid(self) -> compiled_alignment.Grid:
        frame, cells, starts = np.empty(3), np.empty(2, np.int64), np.empty(compiled_alignment.MOST + 1, np.int64)
        order = np.empty(len(self.query), np.int64)
        compiled_alignment.fill_grid(self.query, frame, cells, starts, order)
        return frame, cells, starts, order

    @cached_property
    def _seeds(self) -> np.ndarray:
        """(2, R) points that were nearest to those asked under the last map."""
        return np.zeros((2, ASKED), np.int64)

    def mismatch(self, matrix: np.ndarray, offset: np.ndarray, most: float = np.inf) -> float:
        """m: symmetric root mean square distance to the nearest point under a map; infinity where it is more than
        `most`, which takes less time to find out."""
        placed = np.concatenate([matrix.reshape(4), offset])
        return float(
            compiled_alignment.mismatch(
                self.demo, self.query, placed, self._grid, self._floors, self._seeds, float(most)
            )
        )

    def least_mismatch(self, maps: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
        """m: the smallest `mismatch` of several maps."""
        least = np.inf
        for matrix, offset in maps:
            least = min(least, self.mismatch(matrix, offset, least))
        return least

    def refined(self, matrix: np.ndarray, offset: np.ndarray, cost: float) -> Alignment:
        """Coordinate descent from a map that costs `cost`, m."""
        placed = np.concatenate([matrix.reshape(4), offset])
        cost = float(
            compiled_alignment.refined(
                self.demo,
                self.query,
                placed,
                self._grid,
                self._floors,
                self._seeds,
                float(cost),
                np.array(MOVES),
                LEAST_GAIN,
            )
        )
        return Alignment(placed[:4].reshape(2, 2), placed[4:], cost)


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
    scans = Overlay(features(demo_points), features(query_points))
    candidates = candidate_maps(demo_points, query_points, scaled=scaled)
    costs = [scans.mismatch(*candidates[0])]
    if costs[0] == 0.0:
        # The very same scan.
        return Alignment(*candidates[0], 0.0)
    for candidate in candidates[1:]:
        # How badly those fit that are not refined anyway doesn't matter.
        most = np.inf if len(costs) < REFINED else sorted(costs)[REFINED - 1]
        costs.append(scans.mismatch(*candidate, most))
    best = np.argsort(costs, kind="stable")[:REFINED]
    tried = [scans.refined(candidates[k][0], candidates[k][1], costs[k]) for k in best]
    refined = min(tried, key=lambda found: found.cost)
    # On the demonstrated object itself refining would only follow the chance of where the points lie.
    return Alignment(*candidates[0], costs[0]) if costs[0] < SAME_FRAME * refined.cost else refined


def candidate_maps(
    demo_points: np.ndarray, query_points: np.ndarray, *, scaled: bool
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Matrices (2, 2) and offsets (2,), m, of the maps of a demo's scan onto a query's that are worth a try; the first
    is the identity. See `align`."""
    candidates = [(np.eye(2), np.zeros(2))]
    query_frames = principal_frames(query_points)
    for demo_axes, demo_middle, demo_extents in principal_frames(demo_points):
        for query_axes, query_middle, query_extents in query_frames:
            longest = np.maximum(np.stack([demo_extents, demo_extents[::-1]]), 1e-3)
            scale = (query_extents / longest if scaled else np.ones((2, 2))).repeat(len(TURNS) // 2, axis=0)
            matrices = query_axes @ (scale[:, :, None] * TURNS) @ demo_axes.T
            # Frames have their origin in the layout's middle, up to how even the two layouts are.
            for matrix, offset in zip(matrices, query_middle - matrices @ demo_middle, strict=True):
                candidates += [(matrix, offset), (matrix, np.zeros(2))]
    return candidates
