"""A closed surface around what open triangles enclose: by counting crossings along lines through a grid of cells.

Along a line through a closed surface every point is inside as often as the surface was entered and not yet left. With
holes that fails on the lines through them, so lines along all three axes vote, and those that don't add up count less.
"""

from __future__ import annotations

import numpy as np

from robo_meta.objects.libraries import mesh_library

CELLS = 200
"""Along the longest side."""
LEAST_PITCH = 0.0008
"""m: cells are no smaller."""
MOST_CELLS = 8_000_000
DOUBTFUL = 0.25
"""Weight of a line on which entries and exits don't add up; 1 of one where they do."""


def closed_surface(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Vertices (V', 3), m, and faces (F', 3) around the cells that most lines call inside; None where there are none.

    Args:
        vertices: (V, 3), m.
        faces: (F, 3), outward where it is known.
    """
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    sides = np.maximum(high - low, 1e-9)
    pitch = max(float(sides.max()) / CELLS, LEAST_PITCH, float((sides.prod() / MOST_CELLS) ** (1 / 3)))
    counts = np.ceil(sides / pitch).astype(int) + 4
    # A little off, so that no line meets an edge of a mesh that was made on a grid.
    start = low - 2 * pitch + pitch * np.array([0.4137, 0.4681, 0.5219])
    votes, weights = np.zeros(counts, dtype=np.float32), np.zeros(counts, dtype=np.float32)
    for axis in range(3):
        inside, weight = _along(vertices[faces], axis, start, pitch, counts)
        votes += inside * weight
        weights += weight
    filled = votes > 0.5 * weights
    if not filled.any():
        return None
    measure = mesh_library("skimage.measure")
    # Half a cell of blur rounds the steps off, and padding keeps the surface off the border.
    level = _blurred(np.pad(filled, 2).astype(np.float32))
    points, triangles, _, _ = measure.marching_cubes(level, 0.5, gradient_direction="ascent")
    return start + (points - 2) * pitch, np.asarray(triangles, dtype=np.int64)


def _along(
    triangles: np.ndarray, axis: int, start: np.ndarray, pitch: float, counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Inside or not (X, Y, Z) by the lines along an axis, and the lines' weights, of the same shape."""
    across = [other for other in range(3) if other != axis]
    length = counts[axis]
    # How the number of surfaces entered changes at each cell, by line.
    change = np.zeros((counts[across[0]], counts[across[1]], length + 1), dtype=np.int16)
    flat = (triangles[:, :, across] - start[across]) / pitch
    depth = (triangles[:, :, axis] - start[axis]) / pitch
    first, second = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    # The two other axes in rising order are a left-handed pair for y.
    handed = -1 if axis == 1 else 1
    lows = np.maximum(np.ceil(flat.min(axis=1)).astype(int), 0)
    highs = np.minimum(np.floor(flat.max(axis=1)).astype(int), np.array([counts[a] for a in across]) - 1)
    for number in np.flatnonzero((np.abs(area) > 1e-12) & (lows <= highs).all(axis=1)):
        i = np.arange(lows[number, 0], highs[number, 0] + 1)[:, None]
        j = np.arange(lows[number, 1], highs[number, 1] + 1)[None, :]
        x, y = i - flat[number, 0, 0], j - flat[number, 0, 1]
        along_first = (x * second[number, 1] - y * second[number, 0]) / area[number]
        along_second = (first[number, 0] * y - first[number, 1] * x) / area[number]
        hit = (along_first >= 0) & (along_second >= 0) & (along_first + along_second <= 1)
        if not hit.any():
            continue
        at = depth[number, 0] + along_first * (depth[number, 1] - depth[number, 0])
        at = at + along_second * (depth[number, 2] - depth[number, 0])
        rows, columns = np.nonzero(hit)
        cells = np.clip(np.ceil(at[rows, columns]).astype(int), 0, length)
        # A face that looks back along the line is where the line enters.
        np.add.at(
            change, (rows + lows[number, 0], columns + lows[number, 1], cells), -handed * int(np.sign(area[number]))
        )
    depth_inside = np.cumsum(change, axis=2)
    certain = depth_inside[:, :, -1] == 0
    # Where they don't add up, a cell is inside if both ends of the line say so.
    from_start, from_end = depth_inside[:, :, :-1], depth_inside[:, :, :-1] - depth_inside[:, :, -1:]
    inside = (from_start != 0) & (from_end != 0)
    weight = np.where(certain, 1.0, DOUBTFUL)[:, :, None] * np.ones(length)
    return np.moveaxis(inside, 2, axis).astype(np.float32), np.moveaxis(weight, 2, axis).astype(np.float32)


def _blurred(level: np.ndarray) -> np.ndarray:
    for axis in range(3):
        level = 0.5 * level + 0.25 * (np.roll(level, 1, axis) + np.roll(level, -1, axis))
    return level
