"""`surface_features` for one scan on the CPU, compiled; see `compiled_points`."""

from __future__ import annotations

import math

import numpy as np

from robo_meta.model.compiled_neighbours import Near
from sim.compiling import compiled

ORDERS = np.array([(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)])
"""Powers of x and y in the terms of the fitted surface; squares are halved."""


@compiled
def _rim(
    lines: np.ndarray, z: np.ndarray, near: np.ndarray, end: float, outwards: float, rim: float
) -> tuple[float, float]:
    """m, twice: mean height of the rim within `rim` of an end of the seen surface, and how far out it lies."""
    total, there, middle = 0.0, 0.0, 0.0
    for i in range(len(near)):
        j = near[i]
        weight = max((np.float64(lines[j]) - (end - outwards * rim)) * outwards, 0.0)
        total += weight
        there += weight * z[j]
        middle += weight * np.float64(lines[j])
    total = max(total, 1e-9)
    return there / total, middle * outwards / total


@compiled
def strips(
    points: np.ndarray,
    heights: np.ndarray,
    axes: np.ndarray,
    sizes: tuple[float, float, float, float, float],
    usual: float,
) -> np.ndarray:
    """(Q, 16) of `surface_features.strips`.

    Args:
        points: (6, P) float64.
        heights: (Q,), m.
        axes: (2, Q, 2).
        sizes: m, `STRIP`, `HALF`, the two of `FINGERS`, `RIM`.
        usual: `USUAL`.
    """
    strip, half, inner, outer = np.float32(sizes[0]), np.float32(sizes[1]), np.float32(sizes[2]), np.float32(sizes[3])
    places, count = len(heights), points.shape[1]
    found, lines, own = np.empty((places, 16)), np.empty((2, count), np.float32), np.empty(count, np.uint32)
    along, across, x, y, z = lines[0], lines[1], points[0], points[1], points[2]
    top, mean, spread = -math.inf, 0.0, 0.0
    for j in range(count):
        top = max(top, z[j])
        mean += z[j] / count
    for j in range(count):
        spread += (z[j] - mean) * (z[j] - mean)
    spread = math.sqrt(spread / (count - 1))
    for q in range(places):
        for way in range(2):
            for j in range(count):
                lines[way, j] = np.float32(axes[way, q, 0] * (x[j] - x[q]) + axes[way, q, 1] * (y[j] - y[q]))
        among = 0
        for j in range(count):
            own[among] = j
            among += abs(along[j]) < strip
        near, below, below_z = 0, 0.0, 0.0 if among < count else -math.inf
        for i in range(among):
            j = own[i]
            size = abs(across[j])
            under = 1.0 if inner < size < outer else 0.0
            below += under
            below_z = max(below_z, under * z[j])
            own[near] = j
            near += size < half
        # Points that aren't near count as if at the place.
        highest, lowest = (-math.inf, math.inf) if near == count else (0.0, 0.0)
        high, low = highest, lowest
        for i in range(near):
            rise, away = z[own[i]] - heights[q], np.float64(across[own[i]])
            highest, lowest = max(highest, rise), min(lowest, rise)
            high, low = max(high, away), min(low, away)
        row = found[q]
        row[0], row[1] = highest / 0.02, lowest / 0.02
        row[2], row[3] = below * (usual / count / 10), below_z / 0.02
        for side in range(2):
            end, outwards = (high, 1.0) if side == 0 else (low, -1.0)
            there, middle = _rim(across, z, own[:near], end, outwards, sizes[4])
            row[4 + 4 * side], row[5 + 4 * side] = there / 0.02, (there - heights[q]) / 0.01
            row[6 + 4 * side], row[7 + 4 * side] = end * outwards / 0.03, middle / 0.03
        row[12], row[13] = (top - heights[q]) / 0.02, top / 0.03
        row[14], row[15] = (z[q] - heights[q]) / 0.005, spread / 0.01
    return found


@compiled
def _solved(gram: np.ndarray, ridge: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(6,) solution of a symmetric, positive definite system with a ridge on its diagonal, by Cholesky's factors."""
    size = len(right)
    factor, found = np.zeros((size, size)), np.zeros(size)
    for i in range(size):
        for j in range(i + 1):
            rest = gram[i, j] + (ridge[i] if i == j else 0.0)
            for k in range(j):
                rest -= factor[i, k] * factor[j, k]
            factor[i, j] = math.sqrt(rest) if i == j else rest / factor[j, j]
    for i in range(size):
        found[i] = right[i]
        for k in range(i):
            found[i] -= factor[i, k] * found[k]
        found[i] /= factor[i, i]
    for i in range(size - 1, -1, -1):
        for k in range(i + 1, size):
            found[i] -= factor[k, i] * found[k]
        found[i] /= factor[i, i]
    return found


@compiled
def _sums(
    points: np.ndarray, numbers: np.ndarray, q: int, radius: float, unit: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """Weighted means about place q: (6, 6) products of the surface's terms, (6,) of these with z, and of z squared."""
    powers, heights, level, mass = np.zeros((5, 5)), np.zeros(6), 0.0, 0.0
    for i in range(len(numbers)):
        j = numbers[i]
        dx, dy = points[0, j] - points[0, q], points[1, j] - points[1, q]
        bump = max(1 - (dx * dx + dy * dy) / (radius * radius), 0.0)
        weight, x, y, z = bump * bump, dx / unit, dy / unit, points[2, j] / unit
        mass += weight
        along = weight
        for a in range(5):
            term = along
            for b in range(5 - a):
                powers[a, b] += term
                term *= y
            along *= x
        heights[0] += weight * z
        heights[1] += weight * z * x
        heights[2] += weight * z * y
        heights[3] += weight * z * x * x / 2
        heights[4] += weight * z * x * y
        heights[5] += weight * z * y * y / 2
        level += weight * z * z
    gram = np.empty((6, 6))
    for i in range(6):
        heights[i] /= mass
        for j in range(6):
            halves = (0.5 if i == 3 or i == 5 else 1.0) * (0.5 if j == 3 or j == 5 else 1.0)
            gram[i, j] = halves * powers[ORDERS[i, 0] + ORDERS[j, 0], ORDERS[i, 1] + ORDERS[j, 1]] / mass
    return gram, heights, level / mass


@compiled
def fits(
    points: np.ndarray,
    near: Near,
    heights: np.ndarray,
    axes: np.ndarray,
    ridge: np.ndarray,
    radius: float,
    unit: float,
) -> np.ndarray:
    """(Q, 10) of `surface_features.fits`.

    Args:
        points: (6, P) float64.
        near: reaching `radius` or farther.
        heights: (Q,), m.
        axes: (2, Q, 2).
        ridge: (6,) `FIT_RIDGE`.
        radius, unit: m, `FIT_RADIUS` and `FIT_UNIT`.
    """
    (starts, numbers), places = near, len(heights)
    found = np.empty((places, 10))
    for q in range(places):
        gram, right, level = _sums(points, numbers[starts[q] : starts[q + 1]], q, radius, unit)
        solved = _solved(gram, ridge, right)
        explained = 0.0
        for i in range(6):
            fitted = 0.0
            for j in range(6):
                fitted += gram[i, j] * solved[j]
            explained += solved[i] * (2 * right[i] - fitted)
        lift, bx, by, xx, xy, yy = solved[0], solved[1], solved[2], solved[3], solved[4], solved[5]
        ax, ay, cx, cy = axes[0, q, 0], axes[0, q, 1], axes[1, q, 0], axes[1, q, 1]
        row = found[q]
        row[0] = 2 * (lift - heights[q] / unit)
        row[1], row[2], row[3] = ax * bx + ay * by, cx * bx + cy * by, math.sqrt(bx * bx + by * by)
        row[4] = ax * ax * xx + 2 * ax * ay * xy + ay * ay * yy
        row[5] = cx * cx * xx + 2 * cx * cy * xy + cy * cy * yy
        row[6] = abs(ax * cx * xx + (ax * cy + ay * cx) * xy + ay * cy * yy)
        row[7] = xx + yy
        row[8] = math.sqrt((xx - yy) * (xx - yy) / 4 + xy * xy)
        row[9] = 4 * math.sqrt(max(level - explained, 1e-6))
    return found
