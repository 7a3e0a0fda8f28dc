"""The direction of the part about each place, and every point along it and across, for one scan on the CPU, compiled:
`outline_features.views`; see `compiled_points`.

Directions and lines are worked out in float64, lines then kept in float32.
"""

from __future__ import annotations

import math

import numpy as np

from robo_meta.model.compiled_neighbours import Near
from sim.compiling import compiled


@compiled
def _direction(
    points: np.ndarray,
    numbers: np.ndarray,
    squares: np.ndarray,
    likeness: np.ndarray,
    height: float,
    q: int,
    radius: float,
    rise_most: float,
    lone: float,
) -> tuple[float, float]:
    """Unit vector of the part about place q, one way or the other.

    Args:
        points: (6, P) float64.
        numbers, squares: of the points nearer than `radius` or a little more; m².
        likeness: (P,), of colour.
        height, radius, rise_most, lone: of `views`.
    """
    x, y, z = points[0, q], points[1, q], points[2]
    mass, mx, my, xx, xy, yy = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(len(numbers)):
        j = numbers[i]
        px, py, rise = points[0, j], points[1, j], z[j] - height
        near = max(1 - squares[i] * (1 / (radius * radius)), 0.0)
        level = max(1 - rise * rise * (1 / (rise_most * rise_most)), 0.0)
        weight = near * near * likeness[j] * level
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
    points: np.ndarray, near: Near, same: np.ndarray, heights: np.ndarray, radius: float, rise_most: float, lone: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lines (2, Q, P) float32, axes (2, Q, 2) and turned (2, Q) of `outline_features.Views`.

    Args:
        points: (6, P) float64.
        near: reaching `radius` or farther.
        same: (Q, P).
        heights: (Q,), m.
        radius, rise_most: m, `PIECE_RADIUS` and `PIECE_HEIGHT`.
        lone: m², `LONE_SPREAD`.
    """
    places, count = same.shape
    lines, axes = np.empty((2, places, count), np.float32), np.empty((2, places, 2))
    turned, xs, ys = np.empty((2, places)), points[0], points[1]
    numbers, squares, counts = near
    for q in range(places):
        x, y, own, square = xs[q], ys[q], numbers[q, : counts[q]], squares[q, : counts[q]]
        c, s = _direction(points, own, square, same[q], heights[q], q, radius, rise_most, lone)
        # Along points outwards; the side that the object's middle lies on counts as positive.
        outwards = -1.0 if c * x + s * y < 0 else 1.0
        inwards = -1.0 if c * y - s * x < 0 else 1.0
        axes[0, q, 0], axes[0, q, 1] = c * outwards, s * outwards
        axes[1, q, 0], axes[1, q, 1] = -s * inwards, c * inwards
        distance = max(math.sqrt(x * x + y * y), 1e-3)
        for way in range(2):
            ax, ay = axes[way, q, 0], axes[way, q, 1]
            turned[way, q] = (ax * x + ay * y) / distance
            line = lines[way, q]
            for j in range(count):
                line[j] = np.float32(ax * (xs[j] - x) + ay * (ys[j] - y))
    return lines, axes, turned
