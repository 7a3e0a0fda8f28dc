"""Hollow bodies: an open cup or bowl with a straight wall."""

from __future__ import annotations

import numpy as np

from robo_meta.objects.curved.body import Body
from robo_meta.objects.curved.tubes import skin

SIDES, WEDGES = 32, 16
"""Of the surface, and of the convex pieces of the wall."""


def cup(bottom: float, top: float, height: float, wall: float, floor: float) -> Body:
    """An open cup that stands on z = 0 about the z axis; all lengths in m.

    Args:
        bottom: outer radius at the table.
        top: outer radius at the rim.
        height: of the rim.
        wall: thickness of the wall, across z.
        floor: thickness of the floor.
    """
    lean = (top - bottom) / height
    profile = ((bottom, 0.0), (top, height), (top - wall, height), (bottom + lean * floor - wall, floor))
    vertices, faces = skin(np.stack([_ring(radius, z, SIDES) for radius, z in profile]))
    outer, rim, inner, well = (_ring(radius, z, WEDGES) for radius, z in profile)
    ahead = [np.roll(ring, -1, axis=0) for ring in (outer, rim, inner, well)]
    wedges = [np.stack([ring[side] for ring in (outer, rim, inner, well, *ahead)]) for side in range(WEDGES)]
    base = np.concatenate([outer, _ring(bottom + lean * floor, floor, WEDGES)])
    return Body(vertices, faces, (base, *wedges))


def _ring(radius: float, z: float, sides: int) -> np.ndarray:
    """(S, 3), m: a polygon about the z axis, as large in area as the circle."""
    angles = np.arange(sides) * 2 * np.pi / sides
    size = radius * np.sqrt(np.pi / (sides / 2 * np.sin(2 * np.pi / sides)))
    return np.stack([size * np.cos(angles), size * np.sin(angles), np.full(sides, z)], axis=1)
