"""Which points of a scan lie about each place, compiled: what is measured of a neighbourhood goes through these alone.

Nothing branches on whether a point is near, as no processor guesses that of points in random order. Lists hold numbers
only, one after the other: memory that is fresh takes longer than working out a distance again. Axis letters as in
`point_features`; R reaches.
"""

from __future__ import annotations

import numpy as np

from sim.compiling import compiled

Near = tuple[np.ndarray, np.ndarray]
"""Where the list of each place begins and ends, (Q + 1,), in what comes second: numbers of points."""


def neighbours(points: np.ndarray, places: int, reaches: np.ndarray) -> Near:
    """The points nearer to each place than each reach, in the scan's order: (R, Q + 1) beginnings and ends of lists,
    and the lists.

    Args:
        points: (6, P) float64, m.
        places: Q.
        reaches: (R,) m, descending.
    """
    starts = np.empty((len(reaches), places + 1), dtype=np.int64)
    # The most that may be needed; no more is touched than is.
    numbers = np.empty(starts[:, 1:].size * points.shape[1] + 1, dtype=np.uint32)
    _listed(points, reaches, starts, numbers)
    return starts, numbers


@compiled
def _listed(points: np.ndarray, reaches: np.ndarray, starts: np.ndarray, numbers: np.ndarray) -> None:
    """Fill in what `neighbours` returns."""
    x, y, places, at = points[0], points[1], starts.shape[1] - 1, 0
    for r in range(len(reaches)):
        most = reaches[r] * reaches[r]
        for q in range(places):
            starts[r, q] = at
            # A narrower list is made from the wider one.
            first, last = (starts[r - 1, q], starts[r - 1, q + 1]) if r else (0, points.shape[1])
            for i in range(first, last):
                j = numbers[i] if r else np.uint32(i)
                dx, dy = x[j] - x[q], y[j] - y[q]
                numbers[at] = j
                at += dx * dx + dy * dy < most
        starts[r, places] = at
