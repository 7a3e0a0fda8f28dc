"""The direction of the part about each place, for one scan on the CPU, compiled: axes of `outline_features.views`; see
`compiled_points`."""

from __future__ import annotations

import math

import numpy as np

from robo_meta.model.compiled_neighbours import Near
from sim.compiling import compiled


@compiled
def _direction(
    points: np.ndarray, numbers: np.ndarray, height: float, q: int, radius: float, rise_most: float, lone: float
) -> tuple[float, float]:
    """Unit vector of the part about place q, one way or the other.

    Args:
        points: (6, P) float64.
        numbers: of the points nearer than `radius`, and of others.
        height, radius, rise_most, lone: of `axes`.
    """
    r, g, b = points[3, q], points[4, q], points[5, q]
    x, y, mass, mx, my, xx, xy, yy = points[0, q], points[1, q], 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(len(numbers)):
        j = numbers[i]
        px, py, rise = points[0, j], points[1, j], points[2, j] - height
        dx, dy = px - x, py - y
        near = max(1 - (dx * dx + dy * dy) * (1 / (radius * radius)), 0.0)
        level = max(1 - rise * rise * (1 / (rise_most * rise_most)), 0.0)
        # How alike in colour, as in `compiled_points`.
        red, green = (1 - r) * (1 - points[3, j]) + r * points[3, j], (1 - g) * (1 - points[4, j]) + g * points[4, j]
        same = red * green * ((1 - b) * (1 - points[5, j]) + b * points[5, j])
        weight = near * near * same * level
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
def axes(
    points: np.ndarray, near: Near, heights: np.ndarray, radius: float, rise_most: float, lone: float
) -> tuple[np.ndarray, np.ndarray]:
    """Axes (2, Q, 2) and turned (2, Q) of `outline_features.Views`.

    Args:
        points: (6, P) float64.
        near: reaching `radius` or farther.
        heights: (Q,), m.
        radius, rise_most: m, `PIECE_RADIUS` and `PIECE_HEIGHT`.
        lone: m², `LONE_SPREAD`.
    """
    (starts, numbers), places = near, len(heights)
    found, turned = np.empty((2, places, 2)), np.empty((2, places))
    for q in range(places):
        x, y, own = points[0, q], points[1, q], numbers[starts[q] : starts[q + 1]]
        c, s = _direction(points, own, heights[q], q, radius, rise_most, lone)
        # Along points outwards; the side that the object's middle lies on counts as positive.
        outwards = -1.0 if c * x + s * y < 0 else 1.0
        inwards = -1.0 if c * y - s * x < 0 else 1.0
        found[0, q, 0], found[0, q, 1] = c * outwards, s * outwards
        found[1, q, 0], found[1, q, 1] = -s * inwards, c * inwards
        distance = max(math.sqrt(x * x + y * y), 1e-3)
        for way in range(2):
            turned[way, q] = (found[way, q, 0] * x + found[way, q, 1] * y) / distance
    return found, turned
