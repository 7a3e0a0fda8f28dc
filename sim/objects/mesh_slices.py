"""Slices of meshes at several heights, and where lines in the plane cross them.

Axis letters: H heights, S segments of the slices, L lines, N queries of several lines or edges of triangles, P meshes,
M places. Object frame, m.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from sim.objects.meshes import TriangleMesh

SIMPLIFY = 0.0002
"""m by which a slice's outline may differ from the mesh's."""
AT_ONCE = 2048
"""Places that are looked at at once: what bounds the memory."""


class Slices:
    """Slices of an object's closed meshes at some heights; segments in order of height."""

    def __init__(self, meshes: Sequence[TriangleMesh], heights: np.ndarray) -> None:
        found = [slices(mesh, heights) for mesh in meshes]
        row = np.concatenate([rows for rows, _ in found])
        # A height without any segment would spoil `reduceat`, so one far away is put in.
        missing = np.setdiff1d(np.arange(len(heights)), row)
        row = np.concatenate([row, missing])
        part = np.concatenate([*(np.full(len(rows), n) for n, (rows, _) in enumerate(found)), np.zeros_like(missing)])
        ends = np.concatenate([*(ends for _, ends in found), np.full((len(missing), 2, 2), 1e3)])
        order = np.argsort(row, kind="stable")
        self.row, self.part, self.ends = row[order], part[order], ends[order]
        """(S,) and (S,): number of the height and of the mesh of each segment; (S, 2, 2), m: x, y of its ends."""
        self.start = np.searchsorted(self.row, np.arange(len(heights)))
        """(H,): the first segment of each height."""

    def every(self, few: int) -> tuple[np.ndarray, np.ndarray]:
        """Ends (S', 2, 2) of the segments at one of so many heights, and the first (H',) of each."""
        chosen = self.row % few == 0
        return self.ends[chosen], np.searchsorted(self.row[chosen], np.arange(0, len(self.start), few))

    def crossings(self, points: np.ndarray, u: np.ndarray) -> np.ndarray:
        """(L, S): see `crossings`."""
        return crossings(self.ends, points, u)

    def solid(self, t: np.ndarray, middle: np.ndarray, half: float) -> np.ndarray:
        """(N, L, H) bool: whether a line meets the solid within `half` m of `middle` (N,) m along it.

        Args:
            t: (N, L, S) crossings of the lines.
            middle: m.
            half: m.
        """
        off = t - middle[:, None, None]
        inside = np.logical_or.reduceat(np.abs(off) < half, self.start, axis=-1)
        return inside | odd_before(off, -half, self.start)

    def covered(self, places: np.ndarray, own: np.ndarray) -> np.ndarray:
        """(M,) bool: whether meshes `own` (P,) bool lie at `places` (M, 2) at any height."""
        mine, inside = own[self.part], np.zeros(len(places), dtype=bool)
        for first in range(0, len(places), AT_ONCE):
            some = places[first : first + AT_ONCE]
            t = self.crossings(some, np.tile([1.0, 0.0], (len(some), 1)))
            beyond = np.isfinite(t) & (t > 0) & mine
            odd = np.add.reduceat(beyond.astype(np.int64), self.start, axis=1) % 2 == 1
            inside[first : first + AT_ONCE] = odd.any(axis=1)
        return inside


def outermost(t: np.ndarray, reach: float, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(…, H) each: the first and the last of the crossings `t` (…, S) within `reach` m; +inf and −inf where none is."""
    within = np.abs(t) < reach
    low = np.minimum.reduceat(np.where(within, t, np.inf), start, axis=-1)
    return low, np.maximum.reduceat(np.where(within, t, -np.inf), start, axis=-1)


def odd_before(t: np.ndarray, place: float, start: np.ndarray) -> np.ndarray:
    """(…, H) bool: whether an odd number of the crossings `t` (…, S) lies at or before `place` m, so that the line is
    inside the solid there. Infinite crossings are none, and lie beyond."""
    return np.add.reduceat((t <= place).astype(np.int64), start, axis=-1) % 2 == 1


def crossings(ends: np.ndarray, points: np.ndarray, u: np.ndarray) -> np.ndarray:
    """(L, S) m along `u` (L, 2) from `points` (L, 2) to where segments with `ends` (S, 2, 2) cross the line; infinite
    where they don't."""
    v = np.stack([-u[:, 1], u[:, 0]], axis=1)
    one, other = np.ascontiguousarray(ends[:, 0].T), np.ascontiguousarray(ends[:, 1].T)
    middle = (points * v).sum(axis=1)[:, None]
    first, second = v @ one - middle, v @ other - middle
    found = np.full(first.shape, np.inf)
    # A corner exactly on the line belongs to one of the two segments that meet there.
    line, segment = np.nonzero((first > 0) != (second > 0))
    above, below = first[line, segment], second[line, segment]
    share = (above / (above - below))[:, None]
    place = ends[segment, 0] + share * (ends[segment, 1] - ends[segment, 0])
    found[line, segment] = ((place - points[line]) * u[line]).sum(axis=1)
    return found


def slices(mesh: TriangleMesh, heights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cross-sections of a mesh with the planes z = `heights` (H,), to within `SIMPLIFY`.

    Returns:
        (S,) row of `heights` and (S, 2, 2) x, y of the ends of every segment.
    """
    z = mesh.vertices[mesh.faces, 2]
    rows, ends = [np.zeros(0, dtype=np.int64)], [np.zeros((0, 2, 2))]
    for row, height in enumerate(heights):
        above = z > height
        cut = np.flatnonzero(above.any(axis=1) & ~above.all(axis=1))
        if not len(cut):
            continue
        corner, over = mesh.faces[cut], above[cut]
        # The corner that is alone on its side of the plane comes first.
        alone = np.where(over.sum(axis=1) == 1, over.argmax(axis=1), (~over).argmax(axis=1))
        a, b, c = np.take_along_axis(corner, (alone[:, None] + np.arange(3)) % 3, axis=1).T
        segments = np.stack([_edge_at(mesh.vertices, a, b, height), _edge_at(mesh.vertices, a, c, height)], axis=1)
        rings = shapely.get_parts(shapely.line_merge(shapely.multilinestrings([segments]))).ravel()
        for ring in shapely.simplify(rings, SIMPLIFY, preserve_topology=False):
            points = shapely.get_coordinates(ring)
            rows.append(np.full(len(points) - 1, row))
            ends.append(np.stack([points[:-1], points[1:]], axis=1))
    return np.concatenate(rows), np.concatenate(ends)


def _edge_at(vertices: np.ndarray, one: np.ndarray, other: np.ndarray, height: float) -> np.ndarray:
    """(N, 2) where edges between vertices `one` and `other` (N,) meet the plane z = `height`.

    An edge gives the same point, to the last bit, in either direction, so that neighbouring faces' segments join.
    """
    a, b = vertices[np.minimum(one, other)], vertices[np.maximum(one, other)]
    return a[:, :2] + ((height - a[:, 2]) / (b[:, 2] - a[:, 2]))[:, None] * (b[:, :2] - a[:, :2])
