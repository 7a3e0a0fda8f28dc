"""Building blocks of the shape families: a shaft of two materials, heights, slot patterns, irregular plates.

To leave room for a balance point that any density ratio can move, most families divide a shaft of one width between
the slots; heads and crossings sit towards its ends. Lengths in m, x along the shaft.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim.shapes.pieces import Piece, box, polygon, taper

Rng = np.random.Generator


def pick_slots(rng: Rng, slots: int, two: tuple[str, ...], three: tuple[str, ...]) -> tuple[int, ...]:
    """One of the slot patterns for this number of slots, e.g. "0011"."""
    patterns = two if slots == 2 else three
    return tuple(int(digit) for digit in patterns[rng.integers(len(patterns))])


def two_piece_shaft(rng: Rng, low: float, high: float, *, lean: float = 0.0) -> tuple[float, float, list[Piece]]:
    """Length, width and the two pieces of a straight shaft that starts at x = 0.

    One piece is 1.6–2.5 times taller than the other, and either may be the longer, so that one density ratio
    balances two objects at very different shares of their length: the demonstrated place cannot simply be carried
    over. `lean` moves the joint along the shaft, as a share of the length.
    """
    length, width = rng.uniform(low, high), rng.uniform(0.02, 0.036)
    taller = rng.choice((-1, 1))
    heights = np.sqrt(0.016 * 0.04) * np.exp(np.array([0.5, -0.5]) * taller * rng.uniform(0.5, 0.91))
    joint = length * (0.5 + lean - taller * rng.uniform(-0.16, 0.16))
    return length, width, [box(0, joint, width, heights[0]), box(joint, length, width, heights[1])]


def any_height(rng: Rng) -> float:
    """Height of a piece."""
    return float(np.exp(rng.uniform(np.log(0.016), np.log(0.04))))


def flat_distance(radius: float) -> float:
    """Distance from the middle of a 24-gon disc to the flat of its side: where a bar can start behind it."""
    return radius * np.sqrt(2 * np.pi / 24 / np.sin(2 * np.pi / 24)) * np.cos(np.pi / 24)


def end_block(rng: Rng, x: float, outwards: int, length: float, width: float, height: float) -> Piece:
    """An end piece of `length` that leaves `x` in direction `outwards` (±1): straight, pointed, or flared.

    Where the faces of an end lean by more than fingers hold there (17.5° in objects as light as those of *part*:
    `AT_ENDS` in `sim/objects/cross_sections.py`), its outer end is the next place that they do hold; a learner can
    only know that from having seen such ends.
    """
    inner, outer = width, width
    shape = rng.choice(4, p=(0.4, 0.25, 0.15, 0.2))
    if shape:
        # The slightest tapers are left out: a scan could not tell them from straight sides, by which fingers hold heavy
        # objects too.
        lean = max(rng.uniform(0.08, 0.5) * length * 2, 0.1 * width)
        if shape == 1:
            outer = max(width - lean, 0.3 * width)
        elif shape == 2:
            inner = max(width - lean, 0.4 * width)
        else:
            outer = width + min(lean, 0.02)
    low, high = (x, x + length) if outwards > 0 else (x - length, x)
    widths = (inner, outer) if outwards > 0 else (outer, inner)
    return box(low, high, width, height) if inner == outer else taper(low, high, *widths, height)


def plate(rng: Rng, shaft: float, *, widest: float = 0.085) -> Piece:
    """An irregular quadrilateral that leaves x = 0 towards positive x, about the middle of what is `shaft` across.

    Its width, the lean of either side and the slant of the far edge are drawn independently. A learner that has seen
    only a dozen named ends mistakes the next one for one of those; random plates prevent that.
    """
    # Leaves room to grow, so that the widest plate is no sliver.
    most = widest - 0.012
    length, near = rng.uniform(0.025, 0.08), rng.uniform(0.018, most if rng.random() < 0.25 else min(0.05, most))
    low, high = _lean(rng), _lean(rng)
    if rng.random() < 0.5:
        low = high
    # Sides that lean outwards end where they are `widest` apart, and those that lean inwards before they meet.
    grown = (low + high) * length
    length *= min(1.0, (widest - near if grown > 0 else 0.7 * near) / max(abs(grown), 1e-9))
    far = near + (low + high) * length
    # Little enough to leave it convex.
    slant = 0.0 if rng.random() < 0.5 else rng.uniform(-0.25, 0.25) * min(far, length, length * far / near)
    beside = rng.uniform(-0.5, 0.5) * abs(near - shaft)
    corners = [(0.0, beside - near / 2), (length - slant, beside - near / 2 - low * length)]
    corners += [(length + slant, beside + near / 2 + high * length), (0.0, beside + near / 2)]
    return polygon(corners, any_height(rng))


def _lean(rng: Rng) -> float:
    """How far a side leans outwards for every metre along: not at all, or by 4.6° to 27° either way (the
    slant of the far edge makes that 4° to 33°).

    Even in its logarithm, as the slight ones are hard to tell from none, and fingers hold heavy objects by no more
    than 2.4°, the outer ends of light ones by no more than 17.5° (`sim/objects/cross_sections.py`).
    """
    if rng.random() < 0.4:
        return 0.0
    return (-1 if rng.random() < 0.65 else 1) * float(np.exp(rng.uniform(np.log(0.08), np.log(0.5))))


def limb_beside(rng: Rng, shaft: float, side: int) -> Piece:
    """A `plate` that leaves the side ±y of a shaft `shaft` across, at its end x = 0 or a little way along."""
    grown = plate(rng, 0.03, widest=0.06)
    foot = grown.outline[[0, 3], 1] * -side
    along = -foot.min() + (0.0 if rng.random() < 0.5 else rng.uniform(0.0, 0.03))
    return turned(grown, side, along, side * shaft / 2)


def turned(piece: Piece, quarters: int, x: float = 0.0, y: float = 0.0) -> Piece:
    """`piece` turned by quarter turns about the origin, then moved by (x, y)."""
    c, s = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarters % 4]
    return replace(piece, outline=piece.outline @ np.array([[c, s], [-s, c]]) + (x, y))
