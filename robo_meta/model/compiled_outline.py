"""`outline_features` for one scan on the CPU, compiled; see `compiled_points`.

Bands are decided as there: directions and lines in float64, lines then kept and compared in float32.
"""

from __future__ import annotations

import math

import numpy as np

from sim.compiling import compiled


@compiled
def _direction(
    points: np.ndarray, same: np.ndarray, height: float, q: int, radius: float, rise_most: float, lone: float
) -> tuple[float, float]:
    """Unit vector of the part about place q, one way or the other."""
    x, y = points[q, 0], points[q, 1]
    mass, mx, my, xx, xy, yy = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(len(points)):
        px, py = points[j, 0], points[j, 1]
        dx, dy = px - x, py - y
        near = 1 - (dx * dx + dy * dy) * (1 / (radius * radius))
        if near > 0:
            rise = points[j, 2] - height
            level = 1 - rise * rise * (1 / (rise_most * rise_most))
            if level > 0:
                weight = near * near * same[q, j] * level
                mass += weight
                mx += weight * px
                my += weight * py
                xx += weight * (px * px)
                xy += weight * (px * py)
                yy += weight * (py * py)
    mass = max(mass, 1e-6)
    mx, my = mx / mass, my / mass
    distance = max(math.sqrt(x * x + y * y), 1e-3)
    ox, oy = x / distance, y / distance
    xx = xx / mass - mx * mx + lone * (ox * ox)
    xy = xy / mass - mx * my + lone * ox * oy
    yy = yy / mass - my * my + lone * (oy * oy)
    angle = math.atan2(2 * xy, xx - yy) / 2
    return math.cos(angle), math.sin(angle)


@compiled
def views(
    points: np.ndarray, same: np.ndarray, heights: np.ndarray, radius: float, rise_most: float, lone: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lines (2, Q, P) float32, axes (2, Q, 2) and turned (2, Q) of `outline_features.Views`.

    Args:
        points: (P, 6) float64.
        same: (Q, P).
        heights: (Q,), m.
        radius, rise_most: m, `PIECE_RADIUS` and `PIECE_HEIGHT`.
        lone: m², `LONE_SPREAD`.
    """
    places, count = same.shape
    lines, axes = np.empty((2, places, count), np.float32), np.empty((2, places, 2))
    turned = np.empty((2, places))
    for q in range(places):
        x, y = points[q, 0], points[q, 1]
        c, s = _direction(points, same, heights[q], q, radius, rise_most, lone)
        # Along points outwards; the side that the object's middle lies on counts as positive.
        outwards = -1.0 if c * x + s * y < 0 else 1.0
        inwards = -1.0 if c * y - s * x < 0 else 1.0
        axes[0, q, 0], axes[0, q, 1] = c * outwards, s * outwards
        axes[1, q, 0], axes[1, q, 1] = -s * inwards, c * inwards
        distance = max(math.sqrt(x * x + y * y), 1e-3)
        for way in range(2):
            ax, ay = axes[way, q, 0], axes[way, q, 1]
            turned[way, q] = (ax * x + ay * y) / distance
            for j in range(count):
                lines[way, q, j] = np.float32(ax * (points[j, 0] - x) + ay * (points[j, 1] - y))
    return lines, axes, turned


@compiled
def _members(
    along: np.ndarray,
    across: np.ndarray,
    half: np.float32,
    cell: np.float32,
    bands: np.ndarray,
    own: np.ndarray,
    band: np.ndarray,
) -> int:
    """How many points lie in bands; their numbers go into `own`, and the bands into `band`.

    Args:
        along, across: (P,) float32, m.
        half: m, `HALF`.
        cell: 1/m, of `CELL`.
        bands: (cells,) the band of each cell from the first edge on.
    """
    found, first, cells = 0, len(bands) // 2, len(bands)
    for j in range(len(along)):
        number = np.int64(math.floor(along[j] * cell)) + first
        if abs(across[j]) <= half and number >= 0 and number < cells:
            own[found], band[found] = j, bands[number]
            found += 1
    return found


@compiled
def _edges(
    rise: np.ndarray,
    same: np.ndarray,
    across: np.ndarray,
    own: np.ndarray,
    band: np.ndarray,
    members: int,
    half: float,
    sums: np.ndarray,
) -> None:
    """Sums over each band: its number of points, mean, rise, likeness, mean square in units of `half`, and its upper
    and lower edge, m.

    Args:
        rise, same, across: (P,), m, 1, m.
        own, band, members: of `_members`.
        half: m.
        sums: (7, B), filled in.
    """
    count = sums.shape[1]
    for k in range(count):
        for row in range(7):
            sums[row, k] = 0.0
    for i in range(members):
        j, k = own[i], band[i]
        sums[0, k] += 1
        sums[1, k] += across[j]
        sums[2, k] += rise[j]
        sums[3, k] += same[j]
    for k in range(count):
        for row in range(1, 4):
            sums[row, k] /= max(sums[0, k], 1.0)
    for i in range(members):
        k = band[i]
        centred = (across[own[i]] - sums[1, k]) * (1 / half)
        square = centred * centred
        fourth = square * square
        sums[4, k] += square
        sums[5 if centred > 0 else 6, k] += fourth * fourth
    for k in range(count):
        some = max(sums[0, k], 1.0)
        sums[4, k] /= some
        above, below = max(18 * (sums[5, k] / some), 1e-16), max(18 * (sums[6, k] / some), 1e-16)
        sums[5, k] = sums[1, k] + math.sqrt(math.sqrt(math.sqrt(above))) * half
        sums[6, k] = sums[1, k] - math.sqrt(math.sqrt(math.sqrt(below))) * half


@compiled
def _line(
    number: np.ndarray, edge: np.ndarray, level: float, middles: np.ndarray, window: int, lever: float, step: float
) -> tuple[float, float]:
    """Slope of the line fitted to an edge (B,), m, over bands on either side, and what is left over, m.

    Args:
        number: (B,) points of each band.
        edge, level: (B,) m, and m, which counts as its height at the place.
        middles: (B,), m, of the bands.
        window: bands on either side.
        lever, step: `LEVER` and `STEP`.
    """
    half, total, mx, my, xy, xx, rest = len(number) // 2, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    weight = np.empty(len(number))
    for k in range(half - window, half + window):
        y = edge[k] - level
        weight[k] = number[k] * math.exp(-(y * (1 / step)) * (y * (1 / step)))
        total += weight[k]
        mx += weight[k] * middles[k]
        my += weight[k] * y
    total = max(total, 1e-6)
    mx, my = mx / total, my / total
    for k in range(half - window, half + window):
        x, y = middles[k] - mx, edge[k] - level - my
        xy += weight[k] * x * y
        xx += weight[k] * x * x
    slope = xy / (xx + lever)
    for k in range(half - window, half + window):
        x, y = middles[k] - mx, edge[k] - level - my
        rest += weight[k] * (y - slope * x) * (y - slope * x)
    return slope, math.sqrt(rest / total)


@compiled
def _written(
    sums: np.ndarray,
    count: int,
    edges: np.ndarray,
    middles: np.ndarray,
    windows: np.ndarray,
    sizes: tuple[float, float, float, float, float],
    row: np.ndarray,
) -> None:
    """Fill `row` with the measures of bands, and of lines fitted to their edges, from the sums of `_edges`."""
    half, _, lever, step, _ = sizes
    number, middle = len(middles), len(middles) // 2
    for k in range(number):
        row[7 * k] = sums[0, k] * (0.15 / count) / (edges[k + 1] - edges[k])
        row[7 * k + 1] = math.sqrt(sums[4, k]) * (half / 0.01)
        row[7 * k + 2] = sums[1, k] / 0.01
        row[7 * k + 3], row[7 * k + 4] = sums[5, k] / 0.015, sums[6, k] / 0.015
        row[7 * k + 5], row[7 * k + 6] = sums[2, k] / 0.01, sums[3, k]
    before, after = sums[0, middle - 1] + 1e-6, sums[0, middle] + 1e-6
    before, after = before / (before + after), after / (before + after)
    upper_level = sums[5, middle - 1] * before + sums[5, middle] * after
    lower_level = sums[6, middle - 1] * before + sums[6, middle] * after
    for w in range(len(windows)):
        upper, rest = _line(sums[0], sums[5], upper_level, middles, windows[w], lever, step)
        lower, lower_rest = _line(sums[0], sums[6], lower_level, middles, windows[w], lever, step)
        at = 7 * number + 4 * w
        row[at], row[at + 1] = upper / 0.1, lower / 0.1
        row[at + 2], row[at + 3] = abs(upper - lower) / 0.1, (rest + lower_rest) / 0.004


@compiled
def profiles(
    points: np.ndarray,
    same: np.ndarray,
    heights: np.ndarray,
    lines: np.ndarray,
    turned: np.ndarray,
    bands: np.ndarray,
    edges: np.ndarray,
    middles: np.ndarray,
    windows: np.ndarray,
    sizes: tuple[float, float, float, float, float],
) -> np.ndarray:
    """(Q, K) of `outline_features.profiles`.

    Args:
        points: (P, 6) float64.
        same, heights, lines, turned: of `views` and `compiled_points.alike`.
        bands, edges, middles, windows: (cells,) the band of each cell; (B + 1,) and (B,), m; (W,) bands.
        sizes: `HALF`, `CELL`, `LEVER`, `STEP`, and `STRIP` of the surface features.
    """
    places, count = same.shape
    number, each = len(middles), 7 * len(middles) + 4 * len(windows) + 4
    found, sums, rise = np.empty((places, 2 * each)), np.empty((7, number)), np.empty(count)
    own, band = np.empty(count, np.int64), np.empty(count, np.int64)
    half, cell, narrow = np.float32(sizes[0]), np.float32(1 / sizes[1]), np.float32(sizes[4])
    for q in range(places):
        for j in range(count):
            rise[j] = points[j, 2] - heights[q]
        for way in range(2):
            along, across, row = lines[way, q], lines[1 - way, q], found[q, way * each : (way + 1) * each]
            members = _members(along, across, half, cell, bands, own, band)
            _edges(rise, same[q], across, own, band, members, sizes[0], sums)
            _written(sums, count, edges, middles, windows, sizes, row)
            far, own_far, mine, some = 0.0, 0.0, 0.0, 0.0
            for j in range(count):
                if abs(across[j]) < narrow:
                    some += 1
                    mine += same[q, j]
                    forwards = np.float64(along[j])
                    far = max(far, forwards)
                    own_far = max(own_far, forwards * min(max((0.5 - (1 - same[q, j])) * 1e12, 0.0), 1.0))
            row[each - 4], row[each - 3] = far / 0.03, own_far / 0.03
            row[each - 2], row[each - 1] = turned[way, q], mine / max(some, 1.0)
    return found
