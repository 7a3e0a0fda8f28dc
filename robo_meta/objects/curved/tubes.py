"""Closed bodies with round cross-sections along a path in the plane: capsules, bent tubes, bottles, rings.

Axis letters: R stations along the path, S sides of a cross-section. m.
"""

from __future__ import annotations

import numpy as np

from robo_meta.objects.curved.body import Body

SIDES, COARSE_SIDES = 20, 16
"""Of a cross-section: of the surface, and of the convex pieces."""
FINE, COARSE = 0.0003, 0.0009
"""m by which stations that are left out may lie off the line between their neighbours: surface, and pieces."""


def tube(path: np.ndarray, halves: np.ndarray, *, closed: bool = False) -> Body:
    """The body whose cross-sections are ellipses across a path.

    Args:
        path: (R, 3), m: their middles, all at one height; dense, as those that a straight line tells are left out.
        halves: (R, 2), m, more than 0: half widths in the plane and upright.
        closed: the path goes on from its last station to its first, which differs from it.
    """
    ahead = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0) if closed else np.gradient(path, axis=0)
    across = np.stack([-ahead[:, 1], ahead[:, 0], np.zeros(len(path))], axis=1)
    across /= np.linalg.norm(across, axis=1)[:, None]

    def rings(tolerance: float, sides: int) -> np.ndarray:
        kept = _telling(np.concatenate([path, halves], axis=1), tolerance, closed)
        angles = np.arange(sides) * 2 * np.pi / sides
        # As large in area as the ellipse itself, so that volumes are those of round bodies.
        size = np.sqrt(np.pi / (sides / 2 * np.sin(2 * np.pi / sides)))
        a, b = size * halves[kept].T
        flat = a[:, None, None] * np.cos(angles)[:, None] * across[kept][:, None]
        upright = b[:, None, None] * np.sin(angles)[:, None] * np.array([0.0, 0.0, 1.0])
        return np.asarray(path[kept][:, None] + flat + upright)

    coarse = rings(COARSE, COARSE_SIDES)
    following = [*coarse[1:], coarse[0]] if closed else coarse[1:]
    pieces = tuple(np.concatenate(pair) for pair in zip(coarse, following, strict=False))
    return Body(*skin(rings(FINE, SIDES), closed), pieces)


def skin(rings: np.ndarray, closed: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and outward faces of the closed surface over rings (R, S, 3), each joined to the next; the last and the
    first joined too where `closed`, else each filled by a fan."""
    count, sides, _ = rings.shape
    vertices = rings.reshape(-1, 3)
    j = np.arange(sides)
    k = (j + 1) % sides
    faces = []
    for ring in range(count if closed else count - 1):
        a, b = ring * sides, (ring + 1) % count * sides
        faces += [np.stack([a + j, b + j, b + k], axis=1), np.stack([a + j, b + k, a + k], axis=1)]
    if not closed:
        first, last, end = len(vertices), len(vertices) + 1, (count - 1) * sides
        vertices = np.concatenate([vertices, rings[[0, -1]].mean(axis=1)])
        faces.append(np.stack([np.full(sides, first), j, k], axis=1))
        faces.append(np.stack([np.full(sides, last), end + k, end + j], axis=1))
    found = np.concatenate(faces)
    a, b, c = np.moveaxis(vertices[found], 1, 0)
    inside_out = np.einsum("fi,fi->", a, np.cross(b, c)) < 0
    return vertices, found[:, ::-1] if inside_out else found


def straight(profile: np.ndarray, flatness: float = 1.0) -> Body:
    """A body of revolution about x, or one whose cross-sections are all as flat.

    Args:
        profile: (R, 2), m: x, rising, and radius in the plane.
        flatness: upright half width ÷ that in the plane.
    """
    path = np.column_stack([profile[:, 0], np.zeros((len(profile), 2))])
    return tube(path, np.outer(profile[:, 1], [1.0, flatness]))


def rounded(along: np.ndarray, radii: np.ndarray, first: float, last: float) -> np.ndarray:
    """`radii` (R,) at places `along` (R,), m, drawn in to elliptic ends that are `first` and `last` m long."""
    found = radii.copy()
    for depth, from_end in ((first, along - along[0]), (last, along[-1] - along)):
        if depth > 0:
            share = np.clip(1 - from_end / depth, 0.0, 1.0)
            found = found * np.sqrt(np.maximum(1 - share**2, 0.0))
    # A tip of a point would leave slivers.
    return np.maximum(found, 0.0015)


def stations(length: float, ends: float = 0.0) -> np.ndarray:
    """(R,), m: places along a path, dense at both ends where `ends` m of it are round."""
    inner = np.linspace(ends, length - ends, 121)
    round_end = ends * (1 - np.cos(np.linspace(0, np.pi / 2, 25)))
    return np.unique(np.concatenate([inner, round_end, length - round_end]))


def _telling(points: np.ndarray, tolerance: float, closed: bool) -> np.ndarray:
    """Rows of `points` (R, …) without which lines would leave them by more than `tolerance` (Douglas and Peucker)."""
    if closed:
        half = len(points) // 2
        first, second = _telling(points[: half + 1], tolerance, False), _telling(points[half:], tolerance, False)
        # The way back to the first station is about as long as each of those before.
        return np.concatenate([first[:-1], second + half])
    keep, waiting = {0, len(points) - 1}, [(0, len(points) - 1)]
    while waiting:
        start, stop = waiting.pop()
        if stop - start < 2:
            continue
        way = points[stop] - points[start]
        off = points[start + 1 : stop] - points[start]
        share = np.clip(off @ way / max(float(way @ way), 1e-12), 0.0, 1.0)
        apart = np.linalg.norm(off - share[:, None] * way, axis=1)
        if apart.max() > tolerance:
            worst = start + 1 + int(apart.argmax())
            keep.add(worst)
            waiting += [(start, worst), (worst, stop)]
    return np.array(sorted(keep))
