"""`point_features` for one scan on the CPU, compiled: places, their object and their neighbourhoods.

The same numbers as the PyTorch code's in float64, which stays for GPUs and for machines without numba; a test compares
them. Axis letters and units as there. Here and in the modules beside it, `points` (6, P) has a row each for x, y and z,
m, and for red, green and blue, saturated as `point_features.corner_weights` does it.
"""

from __future__ import annotations

import math

import numpy as np

from robo_meta.model.compiled_neighbours import Near
from sim.compiling import compiled

WIDER = 1.4
"""Times a neighbourhood's radius: where its points' weights end."""
HEIGHT_RADIUS, TOP_RADIUS = 0.02, 0.015
"""m about a place: whose heights it shares, and among which points the top of its part is looked for."""


@compiled
def _bump(square: float, radius: float) -> float:
    bump = max(square * (-1 / (radius * radius)) + 1, 0.0)
    return bump * bump


@compiled
def _roots(xx: float, xy: float, yy: float) -> tuple[float, float]:
    """Square roots of the larger and the smaller eigenvalue."""
    trace, difference = (xx + yy) / 2, (xx - yy) / 2
    gap = math.sqrt(max(difference * difference + xy * xy, 1e-14))
    return math.sqrt(max(trace + gap, 1e-12)), math.sqrt(max(trace - gap, 1e-12))


@compiled
def _likeness(points: np.ndarray, q: int, j: int) -> float:
    """How alike in colour two points are: the product of their corner weights, summed over the corners, channel by
    channel."""
    r, g, b = points[3, q], points[4, q], points[5, q]
    red, green = (1 - r) * (1 - points[3, j]) + r * points[3, j], (1 - g) * (1 - points[4, j]) + g * points[4, j]
    return red * green * ((1 - b) * (1 - points[5, j]) + b * points[5, j])


@compiled
def smooth_heights(points: np.ndarray, near: Near) -> np.ndarray:
    """(Q,) m: heights with the noise taken out.

    Args:
        points: (6, P) float64.
        near: reaching `HEIGHT_RADIUS` or farther.
    """
    (starts, numbers), x, y, z = near, points[0], points[1], points[2]
    found = np.empty(len(starts) - 1)
    for q in range(len(found)):
        total, weighted = 0.0, 0.0
        for i in range(starts[q], starts[q + 1]):
            j = numbers[i]
            dx, dy, dz = x[j] - x[q], y[j] - y[q], z[j] - z[q]
            square = dx * dx + dy * dy
            beside = _bump(square, HEIGHT_RADIUS) if square < HEIGHT_RADIUS * HEIGHT_RADIUS else 0.0
            weight = beside * _likeness(points, q, j) * _bump(dz * dz, 0.008)
            total += weight
            weighted += weight * z[j]
        found[q] = max(weighted / max(total, 1e-6), 0.003)
    return found


@compiled
def areas(points: np.ndarray, near: Near, radius: float) -> np.ndarray:
    """(Q,) share of the object's area that each place stands for; see `point_features._areas`.

    Args:
        points: (6, P) float64.
        near: reaching `radius` or farther.
        radius: m.
    """
    (starts, numbers), x, y, count = near, points[0], points[1], points.shape[1]
    shared, found, bumps = np.zeros(count), np.empty(len(starts) - 1), np.empty(len(numbers))
    for q in range(len(found)):
        for i in range(starts[q], starts[q + 1]):
            j = numbers[i]
            dx, dy = x[j] - x[q], y[j] - y[q]
            square = dx * dx + dy * dy
            bumps[i] = _bump(square, radius) if square < radius * radius else 0.0
            shared[j] += bumps[i]
    for q in range(len(found)):
        total = 0.0
        for i in range(starts[q], starts[q + 1]):
            total += bumps[i] / max(shared[numbers[i]], 1e-6)
        found[q] = max(total, 0.1) / count
    return found


@compiled
def _of_cloud(points: np.ndarray) -> tuple[float, float, float, float, float]:
    """Middle of the points, square roots of their spread's eigenvalues, and the farthest one's distance."""
    count, x, y, mx, my, most = points.shape[1], points[0], points[1], 0.0, 0.0, 0.0
    for j in range(count):
        mx += x[j]
        my += y[j]
        most = max(most, math.sqrt(x[j] * x[j] + y[j] * y[j]))
    mx, my = mx / count, my / count
    xx, xy, yy = 0.0, 0.0, 0.0
    for j in range(count):
        dx, dy = x[j] - mx, y[j] - my
        xx += dx * dx
        xy += dx * dy
        yy += dy * dy
    long, short = _roots(xx / count, xy / count, yy / count)
    return mx, my, long, short, most


@compiled
def of_object(points: np.ndarray, near: Near, heights: np.ndarray, shares: np.ndarray, scale: float) -> np.ndarray:
    """(Q, 17) where a place lies in the object and in its own colour, and how high; see `point_features._of_object`.

    `near` reaches `TOP_RADIUS` or farther.
    """
    (starts, numbers), places, count = near, len(heights), points.shape[1]
    x, y, z, far, likeness = points[0], points[1], points[2], np.empty(count), np.empty(count)
    for j in range(count):
        far[j] = math.sqrt(x[j] * x[j] + y[j] * y[j])
    mx, my, long, short, most = _of_cloud(points)
    found, mean_height, mean_area = np.empty((places, 17)), 0.0, 0.0
    for q in range(places):
        mean_height += math.log(heights[q] / 0.02) / places
        mean_area += math.log(shares[q]) / places
    for q in range(places):
        px, py = x[q], y[q]
        for j in range(count):
            likeness[j] = _likeness(points, q, j)
        own, own_x, own_y, reach = 0.0, 0.0, 0.0, -math.inf
        for j in range(count):
            own += likeness[j]
            own_x += likeness[j] * x[j]
            own_y += likeness[j] * y[j]
            reach = max(reach, likeness[j] * far[j])
        # Points that aren't near count as if on the table.
        top = 0.0 if starts[q + 1] - starts[q] < count else -math.inf
        for i in range(starts[q], starts[q + 1]):
            j = numbers[i]
            dx, dy = x[j] - px, y[j] - py
            inside = min(max((TOP_RADIUS * TOP_RADIUS - (dx * dx + dy * dy)) * 1e12, 0.0), 1.0)
            top = max(top, inside * likeness[j] * z[j])
        own_x, own_y = own_x / own, own_y / own
        distance = math.sqrt(px * px + py * py)
        outward = max(distance, 1e-3)
        log_height, log_area = math.log(heights[q] / 0.02), math.log(shares[q])
        row = found[q]
        row[0] = distance / scale
        row[1] = (reach - distance) / scale
        row[2] = (most - distance) / scale
        row[3] = own / count
        row[4] = math.sqrt(own_x * own_x + own_y * own_y) / scale
        row[5] = (own_x * px + own_y * py) / outward / scale
        dx, dy = px - own_x, py - own_y
        row[6] = math.sqrt(dx * dx + dy * dy) / scale
        dx, dy = px - mx, py - my
        row[7] = math.sqrt(dx * dx + dy * dy) / scale
        row[8] = log_height
        row[9] = heights[q] / 0.02
        row[10] = most / scale - 2
        row[11] = long / scale
        row[12] = short / scale
        row[13] = log_height - mean_height
        row[14] = (top - z[q]) / 0.01
        row[15] = log_area - mean_area
        row[16] = log_height + log_area - mean_area
    return found


@compiled
def of_neighbourhood(
    points: np.ndarray, near: Near, heights: np.ndarray, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """(Q, 9) of the points about each place, and (Q, 2, 2), m, to their middle and to that of its own colour; see
    `point_features._of_neighbourhood`.

    `near` reaches `WIDER` times the radius, m, or farther.
    """
    (starts, numbers), places, count = near, len(heights), points.shape[1]
    reach, xs, ys, zs = WIDER * radius, points[0], points[1], points[2]
    found, middles, logs = np.empty((places, 9)), np.empty((places, 2, 2)), 0.0
    for q in range(places):
        px, py = xs[q], ys[q]
        mass, mx, my, xx, xy, yy, mz, own, own_x, own_y = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for i in range(starts[q], starts[q + 1]):
            j = numbers[i]
            x, y = xs[j], ys[j]
            dx, dy = x - px, y - py
            square = dx * dx + dy * dy
            weight = _bump(square, reach) if square < reach * reach else 0.0
            mass += weight
            mx += weight * x
            my += weight * y
            xx += weight * x * x
            xy += weight * x * y
            yy += weight * y * y
            mz += weight * zs[j]
            coloured = weight * _likeness(points, q, j)
            own += coloured
            own_x += coloured * x
            own_y += coloured * y
        whole, part = max(mass, 1e-6), max(own, 1e-6)
        mx, my, mz = mx / whole, my / whole, mz / whole
        xx, xy, yy = xx / whole - mx * mx, xy / whole - mx * my, yy / whole - my * my
        large, small = _roots(xx, xy, yy)
        distance = max(math.sqrt(px * px + py * py), 1e-3)
        ox, oy = px / distance, py / distance
        dx, dy = mx - px, my - py
        middles[q, 0, 0], middles[q, 0, 1] = dx, dy
        middles[q, 1, 0], middles[q, 1, 1] = own_x / part - px, own_y / part - py
        row = found[q]
        row[0] = mass / count * 8
        row[1] = math.log(mass)
        row[2] = math.sqrt(dx * dx + dy * dy) / radius * 2
        row[3] = (dx * ox + dy * oy) / radius * 2
        row[4] = large / radius * 2
        row[5] = small / radius * 2
        row[6] = math.sqrt(max(xx * ox * ox + 2 * xy * ox * oy + yy * oy * oy, 0.0)) / radius * 2
        row[7] = own / mass
        row[8] = (mz - heights[q]) / 0.01
        logs += row[1]
    for q in range(places):
        found[q, 1] -= logs / places
    return found, middles
