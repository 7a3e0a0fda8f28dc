"""The loops of `scan_grasps` over places, closing directions and points, compiled.

What is decided is decided in float32, as extents are: a pair of points 1e-9 m apart makes no difference to a gripper,
but would to whoever compares two runs. Axis letters as there; S strips.
"""

from __future__ import annotations

import numpy as np

from sim.compiling import compiled

PAIRS = 64
"""Pairs of a place and a closing direction in a block."""


@compiled
def _ends(
    xy: np.ndarray, at: np.ndarray, turn: np.ndarray, half: np.float32, reach: np.float32, ends: np.ndarray
) -> None:
    """Fill in how far the points in a strip go along it, m: the highest of each pair, then the lowest.

    Args:
        xy: (P, 2), m.
        at: (2 · `PAIRS`,) m: x of each pair's place, then y.
        turn: (2 · `PAIRS`,) float32: cosines of each pair's closing direction, then sines.
        half, reach: m: half the strip's width and half its length.
        ends: (2 · `PAIRS`,) float32. Where no point lies in the strip, highest is below lowest.
    """
    for n in range(PAIRS):
        ends[n], ends[PAIRS + n] = -reach, reach
    for j in range(len(xy)):
        x, y = xy[j, 0], xy[j, 1]
        for n in range(PAIRS):
            dx, dy, c, s = np.float32(x - at[n]), np.float32(y - at[PAIRS + n]), turn[n], turn[PAIRS + n]
            along = dx * c + dy * s
            inside = (abs(dy * c - dx * s) <= half) & (abs(along) <= reach)
            ends[n] = max(ends[n], along if inside else -reach)
            ends[PAIRS + n] = min(ends[PAIRS + n], along if inside else reach)


@compiled
def _hits(
    xy: np.ndarray,
    at: np.ndarray,
    turn: np.ndarray,
    middle: np.ndarray,
    wide: np.float32,
    inner: np.float32,
    outer: np.float32,
    hit: np.ndarray,
) -> None:
    """Fill in 1 where a point lies in the way of open fingers, else 0.

    Args:
        xy, at, turn: of `_ends`.
        middle: (`PAIRS`,) float32, m: along the strip, where the hand is centred.
        wide: m: half the width of what is looked at.
        inner, outer: m: `FINGER_INNER` and `FINGER_OUTER`.
        hit: (`PAIRS`,) float32.
    """
    for n in range(PAIRS):
        hit[n] = 0.0
    for j in range(len(xy)):
        x, y = xy[j, 0], xy[j, 1]
        for n in range(PAIRS):
            dx, dy, c, s = np.float32(x - at[n]), np.float32(y - at[PAIRS + n]), turn[n], turn[PAIRS + n]
            away = abs(dx * c + dy * s - middle[n])
            met = (abs(dy * c - dx * s) <= wide) & (inner < away) & (away < outer)
            hit[n] = np.float32(1.0) if met else hit[n]


@compiled
def closed_extents(
    xy: np.ndarray, places: np.ndarray, turned: np.ndarray, halves: np.ndarray, sizes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(S, C, A) widths and shifts of `scan_grasps.Closings`, m, and what is blocked, of strips of several half widths.

    Pairs of a place and a direction are gone through in blocks, as what is done for many alike is done at once.

    Args:
        xy, places: (P, 2) and (C, 2), m, float64.
        turned: (2, A) float32: cosines and sines of the closing directions.
        halves: (S,) float32, m.
        sizes: (4,) float32, m: `OPEN_HALF`, `FINGER_INNER`, `FINGER_OUTER`, `CLEAR_HALF`.
    """
    strips, count, ways = len(halves), len(places), turned.shape[1]
    width, shift = np.zeros((strips, count, ways)), np.zeros((strips, count, ways))
    blocked = np.zeros((strips, count, ways), np.bool_)
    at, turn, ends = np.zeros(2 * PAIRS), np.zeros(2 * PAIRS, np.float32), np.zeros(2 * PAIRS, np.float32)
    middle, hit = np.zeros(PAIRS, np.float32), np.zeros(PAIRS, np.float32)
    for first in range(0, count * ways, PAIRS):
        some = min(PAIRS, count * ways - first)
        for n in range(some):
            place, way = (first + n) // ways, (first + n) % ways
            at[n], at[PAIRS + n] = places[place, 0], places[place, 1]
            turn[n], turn[PAIRS + n] = turned[0, way], turned[1, way]
        for strip in range(strips):
            _ends(xy, at, turn, halves[strip], sizes[0], ends)
            for n in range(some):
                place, way = (first + n) // ways, (first + n) % ways
                high, low = np.float64(ends[n]), np.float64(ends[PAIRS + n])
                if high >= low:
                    width[strip, place, way], shift[strip, place, way] = high - low, (high + low) / 2
                # The hand will come down centred on the extent, so that is where fingers are looked for.
                middle[n] = shift[strip, place, way]
            _hits(xy, at, turn, middle, max(halves[strip], sizes[3]), sizes[1], sizes[2], hit)
            for n in range(some):
                blocked[strip, (first + n) // ways, (first + n) % ways] = hit[n] > 0
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
