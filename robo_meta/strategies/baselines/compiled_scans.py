"""Loops over pairs of points, and over points and cells of the plane, of `colour_clusters`, compiled; and how rough a
scan is."""

from __future__ import annotations

import math

import numpy as np

from sim.compiling import compiled


@compiled
def _insert(values: np.ndarray, count: int, most: int, value: float) -> int:
    """Put `value` into the first `count` of `values`, which ascend; the largest falls out where there are `most`."""
    if count == most:
        if not value < values[count - 1]:
            return count
        count -= 1
    at = count
    while at > 0 and values[at - 1] > value:
        values[at] = values[at - 1]
        at -= 1
    values[at] = value
    return count + 1


@compiled
def tops(points: np.ndarray, owner: np.ndarray, radius: float, share: float) -> tuple[np.ndarray, np.ndarray]:
    """(P,) m: how high the part about each point is, and the distance to the third nearest of the other points.

    Args:
        points: (P, 3), m, float64.
        owner: (P,) which part each is on.
        radius: m: how far about a point others of its part are looked at.
        share: of these, how many lie below what is taken for the top.
    """
    count = len(points)
    top, third = np.empty(count), np.empty(count)
    heights, nearest = np.empty(count), np.empty(4)
    for i in range(count):
        near, found = 0, 0
        for j in range(count):
            dx, dy = points[i, 0] - points[j, 0], points[i, 1] - points[j, 1]
            square = dx * dx + dy * dy
            near = _insert(nearest, near, 4, square)
            if square < radius * radius and owner[i] == owner[j]:
                found = _insert(heights, found, count, points[j, 2])
        top[i] = heights[round(share * (found - 1))]
        third[i] = math.sqrt(nearest[near - 1])
    return top, third


def nearest_points(cells: np.ndarray, points: np.ndarray, reach: float) -> np.ndarray:
    """(C,) number of the point (P, ≥2) nearest to each cell (C, 2), −1 where it is farther than `reach`, m."""
    # Points in order of x: those of a strip about the cell are enough. The slack is far above rounding. Numpy's sort is
    # as fast as a compiled one, which takes a second to compile.
    order = np.argsort(points[:, 0], kind="stable")
    x = points[order, 0]
    first = np.searchsorted(x, cells[:, 0] - reach - 1e-9)
    found = np.full(len(cells), -1)
    _nearest(cells, points, reach, order, x, first, found)
    return found


@compiled
def _nearest(
    cells: np.ndarray,
    points: np.ndarray,
    reach: float,
    order: np.ndarray,
    x: np.ndarray,
    first: np.ndarray,
    found: np.ndarray,
) -> None:
    """Fill `found`, −1 before, as `nearest_points` does.

    Args:
        cells, points, reach: as there.
        order, x: (P,), numbers of the points in the order of their x, and these.
        first: (C,), place in that order at which the strip about each cell begins.
        found: (C,).
    """
    for k in range(len(cells)):
        best, most = reach * reach, cells[k, 0] + reach + 1e-9
        for i in range(first[k], len(x)):
            if x[i] > most:
                break
            j = order[i]
            dx, dy = cells[k, 0] - points[j, 0], cells[k, 1] - points[j, 1]
            square = dx * dx + dy * dy
            # Of those equally near, the first.
            if square < best or (square == best and (found[k] < 0 or j < found[k])):
                best, found[k] = square, j


@compiled
def neighbours_of_colour(points: np.ndarray, separation: float, wanted: int) -> np.ndarray:
    """(P, `wanted`) numbers of the nearest other points; points of another colour come after all of the same.

    Args:
        points: (P, 6) float64.
        separation: RGB units: colours farther apart are different ones.
        wanted: how many; P is more than that.
    """
    count = len(points)
    numbers, distances = np.empty((count, wanted), np.int64), np.empty(wanted + 1)
    order = np.empty(wanted + 1, np.int64)
    for i in range(count):
        filled = 0
        for j in range(count):
            dx, dy = points[i, 0] - points[j, 0], points[i, 1] - points[j, 1]
            square = dx * dx + dy * dy
            # The lengths of scans are below a metre, which another colour counts as.
            if filled > wanted and not square < distances[wanted] * distances[wanted]:
                continue
            dr, dg, db = points[i, 3] - points[j, 3], points[i, 4] - points[j, 4], points[i, 5] - points[j, 5]
            other = math.sqrt(dr * dr + dg * dg + db * db) > separation
            distance = math.sqrt(square) + (1.0 if other else 0.0)
            if filled > wanted and not distance < distances[wanted]:
                continue
            at = min(filled, wanted)
            while at > 0 and distances[at - 1] > distance:
                distances[at], order[at] = distances[at - 1], order[at - 1]
                at -= 1
            distances[at], order[at] = distance, j
            filled = min(filled + 1, wanted + 1)
        # The nearest of all is the point itself.
        for k in range(wanted):
            numbers[i, k] = order[k + 1]
    return numbers
