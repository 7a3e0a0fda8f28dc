"""The loops of `scan_grasps` over places, closing directions and points, compiled.

What is decided is decided in float32, as extents are: a pair of points 1e-9 m apart makes no difference to a gripper,
but would to whoever compares two runs. Axis letters as there; S strips.
"""

from __future__ import annotations

import numpy as np

from sim.compiling import compiled


@compiled
def _nearby(xy: np.ndarray, place: np.ndarray, far: float, offset: np.ndarray) -> int:
    """How many points (P, 2) lie within `far` m of a place (2,); their offsets from it go into `offset` (2, P)."""
    count = 0
    for j in range(len(xy)):
        dx, dy = xy[j, 0] - place[0], xy[j, 1] - place[1]
        if dx * dx + dy * dy < far * far:
            offset[0, count], offset[1, count] = np.float32(dx), np.float32(dy)
            count += 1
    return count


@compiled
def closed_extents(
    xy: np.ndarray, places: np.ndarray, turned: np.ndarray, halves: np.ndarray, sizes: np.ndarray, far: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(S, C, A) widths and shifts of `scan_grasps.Closings`, m, and what is blocked, of strips of several half widths.

    Args:
        xy, places: (P, 2) and (C, 2), m, float64.
        turned: (2, A) float32: cosines and sines of the closing directions.
        halves: (S,) float32, m.
        sizes: (4,) float32, m: `OPEN_HALF`, `FINGER_INNER`, `FINGER_OUTER`, `CLEAR_HALF`.
        far: m: points farther from a place matter to it no more.
    """
    strips, count, ways = len(halves), len(places), turned.shape[1]
    width, shift = np.zeros((strips, count, ways)), np.zeros((strips, count, ways))
    blocked = np.zeros((strips, count, ways), np.bool_)
    offset = np.empty((2, len(xy)), np.float32)
    along, across = np.empty(len(xy), np.float32), np.empty(len(xy), np.float32)
    reach, inner, outer, clear = sizes[0], sizes[1], sizes[2], sizes[3]
    widest = max(halves.max(), clear)
    for place in range(count):
        near = _nearby(xy, places[place], far, offset)
        for way in range(ways):
            c, s = turned[0, way], turned[1, way]
            # Few of the points lie in the widest strip; only those are gone through for each.
            beside = 0
            for j in range(near):
                off = abs(offset[1, j] * c - offset[0, j] * s)
                along[beside], across[beside] = offset[0, j] * c + offset[1, j] * s, off
                beside += off <= widest
            for strip in range(strips):
                half = halves[strip]
                high, low, some = -reach, reach, False
                for j in range(beside):
                    if across[j] <= half and abs(along[j]) <= reach:
                        high, low, some = max(high, along[j]), min(low, along[j]), True
                middle = np.float32(0.0)
                if some:
                    width[strip, place, way] = np.float64(high) - np.float64(low)
                    shift[strip, place, way] = (np.float64(high) + np.float64(low)) / 2
                    middle = np.float32(shift[strip, place, way])
                # The hand will come down centred on the extent, so that is where fingers are looked for.
                wide = max(half, clear)
                for j in range(beside):
                    if across[j] <= wide and inner < abs(along[j] - middle) < outer:
                        blocked[strip, place, way] = True
                        break
    return width, shift, blocked


@compiled
def joined(xy: np.ndarray, alike: np.ndarray, start: int, link: np.float32) -> np.ndarray:
    """(P,) bool: points joined to number `start` through neighbours among those that are `alike` (P,).

    Args:
        xy: (P, 2) float32, m.
        alike: (P,) bool; it holds for `start`.
        start: a number.
        link: m², float32: neighbours are nearer than its root.
    """
    count = len(xy)
    found, waiting, filled = np.zeros(count, np.bool_), np.empty(count, np.int64), 1
    found[start], waiting[0] = True, start
    while filled > 0:
        filled -= 1
        own = waiting[filled]
        for j in range(count):
            if alike[j] and not found[j]:
                dx, dy = xy[own, 0] - xy[j, 0], xy[own, 1] - xy[j, 1]
                if dx * dx + dy * dy < link:
                    found[j], waiting[filled] = True, j
                    filled += 1
    return found


@compiled
def lonely(places: np.ndarray, xy: np.ndarray, square: np.float32) -> np.ndarray:
    """(C, A) bool: whether no point (P, 2) lies as near as the root of `square`, m², to places (C, A, 2), m."""
    rows, ways, _ = places.shape
    found = np.ones((rows, ways), np.bool_)
    for row in range(rows):
        for way in range(ways):
            for j in range(len(xy)):
                dx = np.float32(places[row, way, 0] - xy[j, 0])
                dy = np.float32(places[row, way, 1] - xy[j, 1])
                if dx * dx + dy * dy <= square:
                    found[row, way] = False
                    break
    return found
