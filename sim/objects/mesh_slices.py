"""Slices of meshes at several heights, and where lines in the plane cross them.

A line crosses few of the segments, so crossings are a list and no table. Axis letters: H heights, S segments of the
slices, L lines, X crossings, N edges of triangles, P meshes, M places. Object frame, m.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from sim.objects.meshes import TriangleMesh

SIMPLIFY = 0.0002
"""m by which a slice's outline may differ from the mesh's."""
AT_ONCE = 2048
"""Places that are looked at at once: what bounds the memory."""


class Slices:
    """Slices of an object's closed meshes at some heights."""

    def __init__(self, row: np.ndarray, part: np.ndarray, ends: np.ndarray, count: int) -> None:
        self.row, self.part, self.ends = row, part, ends
        """(S,) and (S,): number of the height and of the mesh of each segment; (S, 2, 2), m: x, y of its ends."""
        self.count = count
        """H: heights, those included at which no mesh is."""
        self._one, self._other = np.ascontiguousarray(ends[:, 0].T), np.ascontiguousarray(ends[:, 1].T)

    @classmethod
    def of(cls, meshes: Sequence[TriangleMesh], heights: np.ndarray) -> Slices:
        """The meshes' slices at `heights` (H,)."""
        found = [slices(mesh, heights) for mesh in meshes]
        part = np.concatenate([np.full(len(rows), number) for number, (rows, _) in enumerate(found)])
        row, ends = (np.concatenate(values) for values in zip(*found, strict=True))
        return cls(row, part, ends, len(heights))

    def every(self, few: int) -> Slices:
        """Those at one of so many heights."""
        chosen = self.row % few == 0
        return Slices(self.row[chosen] // few, self.part[chosen], self.ends[chosen], -(-self.count // few))

    def crossings(self, points: np.ndarray, yaws: np.ndarray) -> Crossings:
        """Where the lines through `points` (L, 2) along headings `yaws` (L,), rad, cross the slices."""
        u = np.stack([np.cos(yaws), np.sin(yaws)], axis=1)
        v = np.stack([-u[:, 1], u[:, 0]], axis=1)
        middle = (points * v).sum(axis=1)
        _, first, group = np.unique(yaws, return_index=True, return_inverse=True)
        # How far along v the segments' ends are is the same for all lines of a heading.
        ones, others = v[first] @ self._one, v[first] @ self._other
        order = np.lexsort((middle, group))
        bounds = np.searchsorted(group[order], np.arange(len(first) + 1))
        lines, segments, shares = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0)]
        for number, (one, other) in enumerate(zip(ones, others, strict=True)):
            some = order[bounds[number] : bounds[number + 1]]
            along = middle[some]
            # A corner exactly on the line belongs to one of the two segments that meet there.
            low, high = np.searchsorted(along, np.minimum(one, other)), np.searchsorted(along, np.maximum(one, other))
            times = high - low
            crossed = np.flatnonzero(times)
            times, low = times[crossed], low[crossed]
            segment = np.repeat(crossed, times)
            at = np.arange(len(segment)) + np.repeat(low - (np.cumsum(times) - times), times)
            above, below = one[segment] - along[at], other[segment] - along[at]
            lines.append(some[at])
            segments.append(segment)
            shares.append(above / (above - below))
        line, segment, share = np.concatenate(lines), np.concatenate(segments), np.concatenate(shares)[:, None]
        ends = self.ends[segment]
        place = ends[:, 0] + share * (ends[:, 1] - ends[:, 0])
        t = ((place - points[line]) * u[line]).sum(axis=1)
        return Crossings(t, line, self.row[segment], self.part[segment], (len(points), self.count))

    def covered(self, places: np.ndarray, own: np.ndarray) -> np.ndarray:
        """(M,) bool: whether meshes `own` (P,) bool lie at `places` (M, 2) at any height."""
        inside = np.zeros(len(places), dtype=bool)
        for first in range(0, len(places), AT_ONCE):
            some = places[first : first + AT_ONCE]
            found = self.crossings(some, np.zeros(len(some)))
            inside[first : first + AT_ONCE] = found.odd((found.t > 0) & own[found.part]).any(axis=1)
        return inside


@dataclass(frozen=True)
class Crossings:
    """Where lines cross slices."""

    t: np.ndarray
    """(X,), m along the line."""
    line: np.ndarray
    """(X,): number of the line."""
    row: np.ndarray
    """(X,): number of the height."""
    part: np.ndarray
    """(X,): number of the mesh."""
    shape: tuple[int, int]
    """L, H."""

    @property
    def cell(self) -> np.ndarray:
        """(X,): number of the line and the height in a table of all."""
        return self.line * self.shape[1] + self.row

    def outermost(self, reach: float) -> tuple[np.ndarray, np.ndarray]:
        """(L, H) each, m: the first and the last within `reach` m; +inf and −inf where none is."""
        within = np.abs(self.t) < reach
        low, high = np.full(self.shape, np.inf), np.full(self.shape, -np.inf)
        cell, t = self.cell[within], self.t[within]
        np.minimum.at(low.reshape(-1), cell, t)
        np.maximum.at(high.reshape(-1), cell, t)
        return low, high

    def odd(self, chosen: np.ndarray) -> np.ndarray:
        """(L, H) bool: whether an odd number of crossings is `chosen` (X,) bool."""
        count = np.bincount(self.cell[chosen], minlength=self.shape[0] * self.shape[1])
        return (count % 2 == 1).reshape(self.shape)

    def odd_before(self, place: float) -> np.ndarray:
        """(L, H) bool: whether an odd number lies at or before `place` m, so that the line is inside there."""
        return self.odd(self.t <= place)

    def solid(self, middle: np.ndarray, half: float) -> np.ndarray:
        """(L, H) bool: whether a line meets the solid within `half` m of `middle` (L,) m along it."""
        off = self.t - middle[self.line]
        inside = self.odd(off <= -half)
        inside.reshape(-1)[self.cell[np.abs(off) < half]] = True
        return inside


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
