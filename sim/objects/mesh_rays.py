"""Rays from one point against triangles.

Seen from the point, faces and rays are points and triangles of a picture, so a grid over that picture says which few
faces a ray can meet. Axis letters: F faces, R rays, N pairs of a ray and a face that it may meet.
"""

from __future__ import annotations

import numpy as np

CELL = 0.004
"""Side of a grid's cell, in lengths at unit distance from the point."""
GRAZING = 1e-12
"""Of a triple product: a ray in the plane of a face misses it."""


def meet(triangles: np.ndarray, origin: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Nearest hits of rays, once; see `Picture`."""
    return Picture(triangles, origin).meet(directions)


class Picture:
    """Triangles as they are seen from one point, for rays from there.

    Args:
        triangles: (F, 3, 3), m.
        origin: (3,), m: where all rays start; higher than every triangle.
    """

    def __init__(self, triangles: np.ndarray, origin: np.ndarray) -> None:
        self._corners = corners = triangles - origin
        seen = corners[..., :2] / -corners[..., 2:]
        self._low = low = seen.min(axis=(0, 1))
        first = np.floor((seen.min(axis=1) - low) / CELL).astype(np.int64)
        last = np.floor((seen.max(axis=1) - low) / CELL).astype(np.int64)
        self._size = size = last.max(axis=0) + 1
        # Faces listed by cell: those of cell c are `listed[start[c]:start[c + 1]]`.
        spans = last - first + 1
        counts = spans.prod(axis=1)
        listed = np.repeat(np.arange(len(triangles)), counts)
        within = np.arange(len(listed)) - np.repeat(counts.cumsum() - counts, counts)
        wide = spans[listed, 1]
        cells = (first[listed, 0] + within // wide) * size[1] + first[listed, 1] + within % wide
        order = np.argsort(cells, kind="stable")
        self._listed = listed[order]
        self._start = np.searchsorted(cells[order], np.arange(size.prod() + 1))

    def meet(self, directions: np.ndarray) -> np.ndarray:
        """Nearest hits.

        Args:
            directions: (R, 3), any length, downwards.

        Returns:
            (R,) distance in lengths of the direction, infinite where a ray misses (Möller and Trumbore, 1997).
        """
        found = np.full(len(directions), np.inf)
        corners, listed, start, size = self._corners, self._listed, self._start, self._size
        rays = directions[:, :2] / -directions[:, 2:]
        cell = np.floor((rays - self._low) / CELL).astype(np.int64)
        inside = np.flatnonzero(((cell >= 0) & (cell < size)).all(axis=1))
        if not len(inside):
            return found
        own = cell[inside, 0] * size[1] + cell[inside, 1]
        number = start[own + 1] - start[own]
        ray = np.repeat(inside, number)
        face = listed[np.arange(len(ray)) - np.repeat(number.cumsum() - number, number) + np.repeat(start[own], number)]
        corner, direction = corners[face, 0], directions[ray]
        one, two = corners[face, 1] - corner, corners[face, 2] - corner
        across = np.cross(direction, two)
        volume = np.einsum("ni,ni->n", one, across)
        usable = np.abs(volume) > GRAZING * np.linalg.norm(direction, axis=1)
        scale = 1 / np.where(usable, volume, 1.0)
        u = -np.einsum("ni,ni->n", corner, across) * scale
        turned = np.cross(-corner, one)
        v = np.einsum("ni,ni->n", direction, turned) * scale
        distance = np.einsum("ni,ni->n", two, turned) * scale
        hit = usable & (u >= 0) & (v >= 0) & (u + v <= 1) & (distance > 0)
        np.minimum.at(found, ray[hit], distance[hit])
        return found
