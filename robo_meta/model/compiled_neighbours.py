"""Which points of a scan lie about each place, compiled: what is measured of a neighbourhood goes through these alone.

Nothing branches on whether a point is near, as no processor guesses that of points in random order. Lists hold numbers
only, as short as they can be: memory that is fresh takes longer than working out a distance again. Axis letters as in
`point_features`; N points in all lists together.
"""

from __future__ import annotations

import numpy as np

from sim.compiling import compiled

Near = tuple[np.ndarray, np.ndarray]
"""Where the list of each place begins and ends, (Q + 1,), and the lists one after the other, (N + 1,): numbers of
points in the scan's order. The last one is undefined."""


@compiled
def neighbours(points: np.ndarray, places: int, reach: float) -> Near:
    """The points nearer than `reach`, m, to each of the first `places`.

    Args:
        points: (6, P) float64, m.
        places: Q.
        reach: m.
    """
    x, y, count, most = points[0], points[1], points.shape[1], reach * reach
    starts = np.zeros(places + 1, np.int64)
    for q in range(places):
        found = 0
        for j in range(count):
            dx, dy = x[j] - x[q], y[j] - y[q]
            found += dx * dx + dy * dy < most
        starts[q + 1] = starts[q] + found
    numbers = np.empty(starts[places] + 1, np.uint32)
    for q in range(places):
        at = starts[q]
        for j in range(count):
            dx, dy = x[j] - x[q], y[j] - y[q]
            numbers[at] = j
            at += dx * dx + dy * dy < most
    return starts, numbers


@compiled
def nearer(points: np.ndarray, near: Near, reach: float) -> Near:
    """Those of `near` that are nearer than `reach`, m, to their place."""
    (starts, numbers), x, y, most = near, points[0], points[1], reach * reach
    found, own, at = np.zeros(len(starts), np.int64), np.empty(len(numbers), np.uint32), 0
    for q in range(len(starts) - 1):
        for i in range(starts[q], starts[q + 1]):
            j = numbers[i]
            dx, dy = x[j] - x[q], y[j] - y[q]
            own[at] = j
            at += dx * dx + dy * dy < most
        found[q + 1] = at
    return found, own
