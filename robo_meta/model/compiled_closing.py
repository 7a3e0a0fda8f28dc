"""What `closing_measures.measure` measures of one place on the CPU, compiled; see `compiled_points`.

What lies in a strip is decided in float32, as there; sums are taken in float64. Axis letters and units as there; S
strips, R points.
"""

from __future__ import annotations

import math

import numpy as np

from sim.compiling import compiled


@compiled
def _extent(along: np.ndarray, inside: np.ndarray) -> tuple[float, float, bool]:
    """Lowest and highest place along a strip, m, and whether any point lies in it."""
    high, low, some = np.float32(-1.0), np.float32(1.0), False
    for j in range(len(along)):
        if inside[j]:
            high, low, some = max(high, along[j]), min(low, along[j]), True
    return np.float64(low), np.float64(high), some


@compiled
def _strip(
    along: np.ndarray,
    across: np.ndarray,
    z: np.ndarray,
    inside: np.ndarray,
    half: np.float32,
    height: float,
    limits: np.ndarray,
    dense: float,
    rim: float,
    row: np.ndarray,
) -> None:
    """Fill `row` (8,) with a strip's six measures and two rims.

    Args:
        along, across, z: (R,) float32, m.
        inside: (R,) bool, filled in.
        half: m.
        height: m, about the place.
        limits: (3,) float32, m: `REACH`, and where the fingers are before they close.
        dense: as in `closing_measures._Seen`.
        rim: m.
        row: float64.
    """
    count, outside, sum_z, total, square = 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(len(along)):
        far, within = abs(along[j]), across[j] <= half
        inside[j] = within and far <= limits[0]
        if within and limits[1] < far < limits[2]:
            outside += 1
        if inside[j]:
            count += 1
            sum_z += z[j]
            total += along[j]
            square += np.float64(along[j]) * along[j]
    low, high, some = _extent(along, inside)
    width, middle = (high - low, (high + low) / 2) if some else (0.0, 0.0)
    counted = max(count, 1.0)
    mean = total / counted
    spread = square / counted - 2 * mean * middle + middle * middle
    upper, upper_z, lower, lower_z = 0.0, 0.0, 0.0, 0.0
    for j in range(len(along)):
        if inside[j]:
            # Weights that begin with nothing at the rim's inner edge, so that no single point decides.
            above, below = max(along[j] - (high - rim), 0.0), max(low + rim - along[j], 0.0)
            upper, upper_z = upper + above, upper_z + above * z[j]
            lower, lower_z = lower + below, lower_z + below * z[j]
    falls = (upper_z - upper * height) / max(upper, 1e-9), (lower_z - lower * height) / max(lower, 1e-9)
    row[0], row[1], row[2] = width / 0.03, middle / 0.01, count / (10 * dense)
    row[3], row[4] = (sum_z / counted - height) / 0.01, math.sqrt(max(spread, 0.0)) / 0.01
    row[5], row[6], row[7] = outside / (5 * dense), min(falls[0], falls[1]) / 0.01, max(falls[0], falls[1]) / 0.01


@compiled
def seen_along(
    offset: np.ndarray,
    z: np.ndarray,
    distance: np.ndarray,
    closing: np.ndarray,
    height: float,
    halves: np.ndarray,
    limits: np.ndarray,
    dense: float,
    rim: float,
    radii: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """(S, A, 8) measures and rims of the strips, and (A, 2D) of the discs, as `closing_measures` orders them.

    Args:
        offset, z, distance: (2, R), (R,) and (R,) float32, m, of the points from the place.
        closing: (2, A) float32 unit vectors.
        height: m, about the place.
        halves: (S,) float32, m.
        limits, dense, rim: of `_strip`.
        radii: (D,) m, of the discs.
    """
    ways, count = closing.shape[1], len(z)
    strips, discs = np.empty((len(halves), ways, 8)), np.empty((ways, 2 * len(radii)))
    along, across = np.empty(count, np.float32), np.empty(count, np.float32)
    inside = np.empty(count, np.bool_)
    for way in range(ways):
        c, s = closing[0, way], closing[1, way]
        for j in range(count):
            along[j] = offset[0, j] * c + offset[1, j] * s
            across[j] = abs(offset[1, j] * c - offset[0, j] * s)
        for k in range(len(halves)):
            _strip(along, across, z, inside, halves[k], height, limits, dense, rim, strips[k, way])
        for k in range(len(radii)):
            total, mean, square = 0.0, 0.0, 0.0
            for j in range(count):
                ratio = distance[j] / radii[k]
                weight = 1 - ratio * ratio
                if weight > 0:
                    total += weight
                    mean += weight * along[j]
                    square += weight * (np.float64(along[j]) * along[j])
            total = max(total, 1e-6)
            mean, square = mean / total, square / total
            discs[way, 2 * k] = math.sqrt(max(square - mean * mean, 1e-12)) / radii[k] * 3
            discs[way, 2 * k + 1] = mean / radii[k] * 3
    return strips, discs
