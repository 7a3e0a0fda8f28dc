"""`outline_features.profiles` for one scan on the CPU, compiled; see `compiled_points`.

Bands are decided as there: lines are worked out in float64, then kept and compared in float32.
"""

from __future__ import annotations

import math

import numpy as np

from sim.compiling import compiled


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
        own, band: (P,) uint32, filled in.
    """
    found, first, cells = 0, np.int32(len(bands) // 2), np.uint32(len(bands))
    for j in range(len(along)):
        place = along[j] * cell
        # Rounded towards zero, and, by hand, down: several points at once, unlike the library's function.
        number = np.int32(place)
        number = np.int32(number - np.int32(np.float32(number) > place) + first)
        # What is below the first cell comes out above the last one.
        band[j] = np.uint32(number) if abs(across[j]) <= half else cells
    for j in range(len(along)):
        number = band[j]
        own[found], band[found] = j, bands[min(number, cells - 1)]
        found += number < cells
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
    weight: np.ndarray, edge: np.ndarray, level: float, middles: np.ndarray, window: int, lever: float
) -> tuple[float, float]:
    """Slope of the line fitted to an edge (B,), m, over bands on either side, and what is left over, m.

    Args:
        weight: (B,) of the bands.
        edge, level: (B,) m, and m, which counts as its height at the place.
        middles: (B,), m, of the bands.
        window: bands on either side.
        lever: `LEVER`.
    """
    half, total, mx, my, xy, xx, rest = len(weight) // 2, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(half - window, half + window):
        total += weight[k]
        mx += weight[k] * middles[k]
        my += weight[k] * (edge[k] - level)
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
    weights = np.empty((2, number))
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
    for k in range(number):
        # A band counts by its number of points, and for less where its edge is another part's.
        y, under = (sums[5, k] - upper_level) * (1 / step), (sums[6, k] - lower_level) * (1 / step)
        weights[0, k], weights[1, k] = sums[0, k] * math.exp(-y * y), sums[0, k] * math.exp(-under * under)
    for w in range(len(windows)):
        upper, rest = _line(weights[0], sums[5], upper_level, middles, windows[w], lever)
        lower, lower_rest = _line(weights[1], sums[6], lower_level, middles, windows[w], lever)
        at = 7 * number + 4 * w
        row[at], row[at + 1] = upper / 0.1, lower / 0.1
        row[at + 2], row[at + 3] = abs(upper - lower) / 0.1, (rest + lower_rest) / 0.004


@compiled
def profiles(
    points: np.ndarray,
    heights: np.ndarray,
    axes: np.ndarray,
    turned: np.ndarray,
    bands: np.ndarray,
    edges: np.ndarray,
    middles: np.ndarray,
    windows: np.ndarray,
    sizes: tuple[float, float, float, float, float],
) -> np.ndarray:
    """(Q, K) of `outline_features.profiles`.

    Args:
        points: (6, P) float64.
        heights: (Q,), m.
        axes, turned: of `compiled_axes.axes`.
        bands, edges, middles, windows: (cells,) the band of each cell; (B + 1,) and (B,), m; (W,) bands.
        sizes: `HALF`, `CELL`, `LEVER`, `STEP`, and `STRIP` of the surface features.
    """
    places, count = len(heights), points.shape[1]
    number, each = len(middles), 7 * len(middles) + 4 * len(windows) + 4
    found, sums, lines = np.empty((places, 2 * each)), np.empty((7, number)), np.empty((2, count), np.float32)
    rise, same = np.empty(count), np.empty(count)
    own, band = np.empty(count, np.uint32), np.empty(count, np.uint32)
    x, y, z = points[0], points[1], points[2]
    half, cell, narrow = np.float32(sizes[0]), np.float32(1 / sizes[1]), np.float32(sizes[4])
    for q in range(places):
        for way in range(2):
            for j in range(count):
                lines[way, j] = np.float32(axes[way, q, 0] * (x[j] - x[q]) + axes[way, q, 1] * (y[j] - y[q]))
        r, g, b = points[3, q], points[4, q], points[5, q]
        for j in range(count):
            rise[j] = z[j] - heights[q]
            # As in `compiled_points`.
            red, green = (
                (1 - r) * (1 - points[3, j]) + r * points[3, j],
                (1 - g) * (1 - points[4, j]) + g * points[4, j],
            )
            same[j] = red * green * ((1 - b) * (1 - points[5, j]) + b * points[5, j])
        for way in range(2):
            along, across, row = lines[way], lines[1 - way], found[q, way * each : (way + 1) * each]
            members = _members(along, across, half, cell, bands, own, band)
            _edges(rise, same, across, own, band, members, sizes[0], sums)
            _written(sums, count, edges, middles, windows, sizes, row)
            some = 0
            for j in range(count):
                own[some] = j
                some += abs(across[j]) < narrow
            far, own_far, mine = 0.0, 0.0, 0.0
            for i in range(some):
                likeness, forwards = same[own[i]], np.float64(along[own[i]])
                mine += likeness
                far = max(far, forwards)
                own_far = max(own_far, forwards * min(max((0.5 - (1 - likeness)) * 1e12, 0.0), 1.0))
            row[each - 4], row[each - 3] = far / 0.03, own_far / 0.03
            row[each - 2], row[each - 1] = turned[way, q], mine / max(some, 1)
    return found
