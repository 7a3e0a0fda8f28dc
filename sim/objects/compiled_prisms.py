"""The loops of `prism_sections` and `prisms` over queries, lines, rays and edges, compiled; equal to the bit to what
numpy gave.

Axis letters: N queries (a point and a closing heading each), L lines across the pads, P parts, V outline edges,
R rays, H half-spaces. Object frame, m.
"""

from __future__ import annotations

import math

import numpy as np

from sim.compiling import compiled

PADS = 5
"""The first lines of a query lie across the pads, the others at the edges of the strip that must be clear."""


@compiled
def _chord(normals: np.ndarray, offsets: np.ndarray, x: float, y: float, ux: float, uy: float) -> tuple[float, float]:
    """Where the line through (x, y) along (ux, uy) enters and leaves a convex part, m; +inf, −inf where it misses.

    Args:
        normals, offsets: (V, 2) and (V,), m, of the part.
        x, y, ux, uy: m and of length 1.
    """
    low, high = -math.inf, math.inf
    for edge in range(len(offsets)):
        along = normals[edge, 0] * ux + normals[edge, 1] * uy
        slack = offsets[edge] - (normals[edge, 0] * x + normals[edge, 1] * y)
        if along > 1e-9:
            high = min(high, slack / along)
        elif along < -1e-9:
            low = max(low, slack / along)
        elif abs(along) < 1e-9 and slack < 0:
            return math.inf, -math.inf
    return (math.inf, -math.inf) if high <= low else (low, high)


@compiled
def _round_chord(centre: np.ndarray, square: float, x: float, y: float, ux: float, uy: float) -> tuple[float, float]:
    """`_chord` of a circle about `centre` (2,) whose radius squared is `square`, m²."""
    dx, dy = x - centre[0], y - centre[1]
    middle = -(dx * ux + dy * uy)
    rest = square - (dx * dx + dy * dy) + middle * middle
    if rest <= 0:
        return math.inf, -math.inf
    half = math.sqrt(max(rest, 0.0))
    low, high = middle - half, middle + half
    return (math.inf, -math.inf) if high <= low else (low, high)


@compiled
def _grow(low: np.ndarray, high: np.ndarray, gap: float, joined: np.ndarray) -> tuple[float, float]:
    """One solid from the part nearest to the query point, grown until no neighbour touches it: its ends along a line.

    Args:
        low, high: (P,) m, of `_chord`.
        gap: m: parts closer than this are one solid.
        joined: (P,) bool, filled in: the parts that belong to it.
    """
    parts, first, least = len(low), 0, math.inf
    for part in range(parts):
        distance = max(max(low[part], -high[part]), 0.0) if high[part] >= low[part] else math.inf
        if distance < least:
            first, least = part, distance
    start, stop = low[first], high[first]
    for _ in range(parts):
        new_start, new_stop = math.inf, -math.inf
        for part in range(parts):
            joined[part] = low[part] <= stop + gap and high[part] >= start - gap
            if joined[part]:
                new_start, new_stop = min(new_start, low[part]), max(new_stop, high[part])
        start, stop = new_start, new_stop
    return start, stop


@compiled
def _meets(low: np.ndarray, high: np.ndarray, joined: np.ndarray, middle: float, inner: float, outer: float) -> bool:
    """Whether anything stands where the open fingers come down about `middle`, or between them beside the solid.

    Args:
        low, high, joined: (L, P), of `_chord` and `_grow`.
        middle, inner, outer: m along the line: the solid's middle; from there, an open finger's ends.
    """
    for line in range(len(low)):
        for part in range(low.shape[1]):
            one, other = low[line, part], high[line, part]
            if other < one:
                continue
            apart = line < PADS and not joined[line, part]
            if apart and other > middle - outer and one < middle + outer:
                return True
            if other > middle + inner and one < middle + outer:
                return True
            if other > middle + -outer and one < middle + -inner:
                return True
    return False


@compiled
def cut(
    points: np.ndarray,
    u: np.ndarray,
    v: np.ndarray,
    lines: np.ndarray,
    normals: np.ndarray,
    offsets: np.ndarray,
    rounds: np.ndarray,
    heights: np.ndarray,
    reaches: np.ndarray,
    limits: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Solids between the pads, and whether the fingers fit beside them, heights apart.

    Args:
        points, u, v: (N, 2), m, and unit vectors.
        lines: (L,) m along v; the first `PADS` lie across the pads, the first of all in their middle, the second and
            the fifth at their edges.
        normals, offsets: (P, V, 2) and (P, V), m.
        rounds: (P, 3): x and y of the centre and the radius squared, m and m², of cylinders, elsewhere NaN.
        heights: (P,) m.
        reaches: (3,) m: from the grasp point to the ends of an open finger, and the gap that joins parts.
        limits: (4,) m: largest spread and slant, smallest and largest width.

    Returns:
        (N, 4) shift, width, spread and height, m, as in `Sections`; (N,) bool, whether fingers fit; (N, P) bool, held.
        Where they don't fit, the others have no meaning, as the first reason found ends the search.
    """
    count, parts = len(points), len(heights)
    sizes, fits, held = np.zeros((count, 4)), np.zeros(count, np.bool_), np.zeros((count, parts), np.bool_)
    low, high = np.empty((len(lines), parts)), np.empty((len(lines), parts))
    joined = np.zeros((len(lines), parts), np.bool_)
    starts, stops = np.empty(PADS), np.empty(PADS)
    for n in range(count):
        fit = True
        for line in range(len(lines)):
            x, y = points[n, 0] + lines[line] * v[n, 0], points[n, 1] + lines[line] * v[n, 1]
            for part in range(parts):
                if math.isnan(rounds[part, 2]):
                    found = _chord(normals[part], offsets[part], x, y, u[n, 0], u[n, 1])
                else:
                    found = _round_chord(rounds[part, :2], rounds[part, 2], x, y, u[n, 0], u[n, 1])
                low[line, part], high[line, part] = found
            if line < PADS:
                starts[line], stops[line] = _grow(low[line], high[line], reaches[2], joined[line])
                fit = math.isfinite(starts[line]) and math.isfinite(stops[line])
            if line == PADS - 1 and fit:
                left, right = starts.min(), stops.max()
                width, spread = right - left, max(starts.max() - left, right - stops.min())
                slant = max(abs(starts[1] - starts[4]), abs(stops[1] - stops[4]))
                sizes[n, 0], sizes[n, 1], sizes[n, 2] = (left + right) / 2, width, spread
                fit = spread <= limits[0] and slant <= limits[1] and width >= limits[2] and width <= limits[3]
            if not fit:
                break
        if not fit:
            continue
        fits[n] = not _meets(low, high, joined, sizes[n, 0], reaches[0], reaches[1])
        sizes[n, 3] = math.inf
        for part in range(parts):
            for line in range(PADS):
                held[n, part] |= joined[line, part] and high[line, part] >= low[line, part]
            if held[n, part]:
                sizes[n, 3] = min(sizes[n, 3], heights[part])
    return sizes, fits, held


@compiled
def entered(slope: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """(R,) where rays enter a convex body: between the last half-space entered and the first one left; else infinity.

    Args:
        slope: (R, H) of the rays against the half-spaces' outward normals.
        reach: (H,) m from the rays' origin to each half-space.
    """
    found = np.full(len(slope), math.inf)
    for ray in range(len(slope)):
        enter, leave, outside = -math.inf, math.inf, False
        for side in range(len(reach)):
            tilt = slope[ray, side]
            if tilt < 0:
                enter = max(enter, reach[side] / tilt)
            elif tilt > 0:
                leave = min(leave, reach[side] / tilt)
            elif reach[side] < 0:
                outside = True
        if enter <= leave and enter > 0 and not outside:
            found[ray] = enter
    return found
