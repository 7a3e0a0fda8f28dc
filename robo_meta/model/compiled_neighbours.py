"""Which points of a scan lie about each place, compiled: what is measured of a neighbourhood goes through these alone.

Nothing branches on whether a point is near, as no processor guesses that of points in random order. Axis letters as in
`point_features`; R reaches.
"""

from __future__ import annotations

import numpy as np

from sim.compiling import compiled

Near = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Of `neighbours`, of one reach: numbers (Q, P), squared distances (Q, P), m², and counts (Q,)."""


@compiled
def neighbours(points: np.ndarray, places: int, reaches: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers (R, Q, P) of the points nearer to each place than a reach, in the scan's order; their squared distances
    in the plane (R, Q, P), m²; and how many they are (R, Q). What stands beyond these is undefined.

    Args:
        points: (6, P) float64.
        places: Q.
        reaches: (R,) m, ascending.
    """
    count, last = points.shape[1], len(reaches) - 1
    numbers = np.empty((len(reaches), places, count), np.uint32)
    squares, counts = np.empty((len(reaches), places, count)), np.empty((len(reaches), places), np.int64)
    x, y = points[0], points[1]
    for q in range(places):
        own, square, found, most = numbers[last, q], squares[last, q], 0, reaches[last] * reaches[last]
        for j in range(count):
            dx, dy = x[j] - x[q], y[j] - y[q]
            own[found], square[found] = j, dx * dx + dy * dy
            found += square[found] < most
        counts[last, q] = found
        for r in range(last - 1, -1, -1):
            wider, wider_square, among, most = own, square, found, reaches[r] * reaches[r]
            own, square, found = numbers[r, q], squares[r, q], 0
            for i in range(among):
                own[found], square[found] = wider[i], wider_square[i]
                found += wider_square[i] < most
            counts[r, q] = found
    return numbers, squares, counts
