"""Pieces: uncoloured parts in a family's canonical layout, whose long axis is x.

A piece has a *slot* where a part has a colour: families say which pieces are of one material, and colours are assigned
to slots later, so that no family can favour a colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.records import Record

HANDLE, HEAD = "handle", "head"
"""What a piece is for: shafts, grips and what ends them are to be held, and are a `handle` in every family; heads,
bowls, blades, bits, arms and whatever else does the work are a `head`. Few and shared, so that what a role weighs
carries over from hammers to spoons."""


@dataclass(frozen=True, eq=False)
class Piece(Record):
    """A convex upright prism of a layout, m, in canonical coordinates.

    Example:
        >>> piece = Piece("box", np.array([[0.0, 0.0], [0.2, 0.0], [0.2, 0.03], [0.0, 0.03]]), height=0.02)
        >>> piece.slot
        0
    """

    kind: str
    """`box`, `cylinder` or `prism`."""
    outline: np.ndarray
    """(V, 2), m, counter-clockwise, convex."""
    height: float
    """m."""
    slot: int = 0
    """Number of its material: pieces of one slot get one colour."""
    role: str = ""
    """What it is for, `HANDLE` or `HEAD`, where its family says so; see `sim.objects.roles`."""


def box(x0: float, x1: float, width: float, height: float, y: float = 0.0) -> Piece:
    """Box from `x0` to `x1`, `width` across and centred at `y`."""
    low, high = y - width / 2, y + width / 2
    return Piece("box", np.array([[x0, low], [x1, low], [x1, high], [x0, high]]), height)


def disc(x: float, y: float, radius: float, height: float) -> Piece:
    """Upright cylinder, as a 24-gon of the circle's area."""
    angles = (np.arange(24) + 0.5) * 2 * np.pi / 24
    outer = radius * np.sqrt(2 * np.pi / 24 / np.sin(2 * np.pi / 24))
    return Piece("cylinder", np.stack([x + outer * np.cos(angles), y + outer * np.sin(angles)], axis=1), height)


def taper(x0: float, x1: float, width0: float, width1: float, height: float, y: float = 0.0) -> Piece:
    """Trapezoid that is `width0` across at `x0` and `width1` at `x1`."""
    corners = [[x0, y - width0 / 2], [x1, y - width1 / 2], [x1, y + width1 / 2], [x0, y + width0 / 2]]
    return Piece("prism", np.array(corners), height)


def sheared(x0: float, x1: float, y0: float, y1: float, width: float, height: float) -> Piece:
    """Parallelogram from (x0, y0) to (x1, y1) whose ends are cut along y, so that neighbours meet flush."""
    half = width / 2 * np.hypot(x1 - x0, y1 - y0) / abs(x1 - x0)
    return Piece("prism", np.array([[x0, y0 - half], [x1, y1 - half], [x1, y1 + half], [x0, y0 + half]]), height)


def limb(start: tuple[float, float], angle: float, length: float, width: float, height: float) -> Piece:
    """Box of `length` that leaves `start` at `angle` rad from x; `start` is the middle of its near end."""
    along = np.array([np.cos(angle), np.sin(angle)])
    side = np.array([-along[1], along[0]]) * width / 2
    near, far = np.array(start), np.array(start) + length * along
    return Piece("box", np.array([near - side, far - side, far + side, near + side]), height)


def polygon(points: list[tuple[float, float]], height: float) -> Piece:
    """Convex prism over counter-clockwise `points`."""
    return Piece("prism", np.array(points, dtype=np.float64), height)


def hexagon(x: float, y: float, radius: float, height: float) -> Piece:
    """Hexagonal prism of circumscribed `radius`, two of its sides across x."""
    angles = (np.arange(6) + 0.5) * np.pi / 3
    return Piece("prism", np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1), height)


def in_slots(pieces: list[Piece], slots: tuple[int, ...], roles: tuple[str, ...] = ()) -> tuple[Piece, ...]:
    """The pieces, made of the materials that `slots` numbers, one number a piece.

    Args:
        pieces: of one layout.
        slots: number of a material, a piece each.
        roles: `HANDLE` or `HEAD`, a piece each; without them, shape alone says which is which.
    """
    named = roles or ("",) * len(pieces)
    dealt = zip(pieces, slots, named, strict=True)
    return tuple(Piece(piece.kind, piece.outline, piece.height, slot, role) for piece, slot, role in dealt)
