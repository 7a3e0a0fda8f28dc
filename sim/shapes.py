"""How each shape family draws a layout: dimensions, and which pieces are of one stuff.

Every function takes a generator and the number of slots (2, or 3 where the family has three pieces or more) and
returns 2–4 pieces along x. To leave room for a balance point that any density ratio can move, most families divide
a shaft of one width between the slots; heads and crossings sit towards its ends. Lengths in m.
"""

from __future__ import annotations

import numpy as np

from sim.pieces import Piece, box, disc, hexagon, in_slots, limb, polygon, sheared, taper

Rng = np.random.Generator


def _pick(rng: Rng, slots: int, two: tuple[str, ...], three: tuple[str, ...]) -> tuple[int, ...]:
    """One of the slot patterns for this number of slots, e.g. "0011"."""
    patterns = two if slots == 2 else three
    return tuple(int(digit) for digit in patterns[rng.integers(len(patterns))])


def _shaft(rng: Rng, low: float = 0.16, high: float = 0.28) -> tuple[float, float, float, float]:
    """Length, width, height and the place of the joint of a two-piece shaft."""
    length = rng.uniform(low, high)
    return length, rng.uniform(0.02, 0.036), rng.uniform(0.018, 0.034), length * rng.uniform(0.4, 0.6)


def _h(rng: Rng) -> float:
    """Height of a piece."""
    return rng.uniform(0.018, 0.036)


def bar(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.18, 0.34)
    if slots == 2 and rng.random() < 0.5:
        return in_slots([box(0, joint, width, height), box(joint, length, width, _h(rng))], (0, 1))
    first, second = length * rng.uniform(0.25, 0.4), length * rng.uniform(0.55, 0.7)
    pieces = [box(0, first, width, height), box(first, second, width, _h(rng)), box(second, length, width, _h(rng))]
    return in_slots(pieces, _pick(rng, slots, ("001", "011"), ("012",)))


def hammer(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng)
    head, across = rng.uniform(0.022, 0.034), rng.uniform(0.075, 0.11)
    pieces = [box(0, head, across, _h(rng)), box(head, joint, width, height), box(joint, length, width, height)]
    return in_slots(pieces, _pick(rng, slots, ("001", "001", "011"), ("012",)))


def mallet(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.16, 0.26)
    head, across = rng.uniform(0.035, 0.055), rng.uniform(0.05, 0.064)
    pieces = [box(0, head, across, _h(rng)), box(head, joint + 0.02, width, height)]
    pieces += [box(joint + 0.02, length, width, height), disc(length + width * 0.6, 0, width * 0.85, _h(rng))]
    pieces[3] = box(length, length + rng.uniform(0.022, 0.035), min(width + rng.uniform(0.01, 0.025), 0.06), _h(rng))
    return in_slots(pieces, _pick(rng, slots, ("0011", "0111", "0011"), ("0012", "0112", "0122")))


def spoon(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.14, 0.25)
    radius = rng.uniform(0.022, 0.031)
    start = _behind_disc(radius, width)
    pieces = [disc(0, 0, radius, _h(rng)), box(start, joint + start, width, height)]
    pieces += [box(joint + start, length + start, width, height)]
    return in_slots(pieces, _pick(rng, slots, ("001", "001", "011"), ("012",)))


def _behind_disc(radius: float, width: float) -> float:
    """x at which a bar of `width` can start flush behind a 24-gon disc at 0 without cutting into it."""
    del width  # Flush with the disc's farthest side: its flat there is narrower than the bar, so they touch.
    return radius * np.sqrt(2 * np.pi / 24 / np.sin(2 * np.pi / 24)) * np.cos(np.pi / 24)


def dumbbell(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.12, 0.22)
    left, right = rng.uniform(0.022, 0.034, 2)
    across = rng.uniform(0.05, 0.11, 2)
    rod = [box(0, joint, width, height), box(joint, length, width, height)]
    ends = [box(-left, 0, across[0], _h(rng)), box(length, length + right, across[1], _h(rng))]
    return in_slots([ends[0], *rod, ends[1]], _pick(rng, slots, ("0011",), ("0012", "0112", "0122")))


def tee(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.18, 0.28)
    thick, across = rng.uniform(0.018, 0.026), rng.uniform(0.11, 0.15)
    pieces = [box(0, thick, across, height), box(thick, joint, width, height), box(joint, length, width, height)]
    return in_slots(pieces, _pick(rng, slots, ("001", "001", "011"), ("012",)))


def ell(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.18, 0.30)
    thick, foot = rng.uniform(0.02, 0.03), rng.uniform(0.035, 0.07)
    pieces = [box(0, joint, width, height), box(joint, length, width, height)]
    pieces += [box(0, thick, foot, _h(rng), y=(width + foot) / 2)]
    return in_slots(pieces, _pick(rng, slots, ("010",), ("012",)))


def cross(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, _ = _shaft(rng, 0.18, 0.30)
    at, thick, arm = rng.uniform(0.03, 0.05), rng.uniform(0.02, 0.028), rng.uniform(0.03, 0.05)
    joint = length * rng.uniform(0.42, 0.58)
    rise = _h(rng)
    pieces = [box(0, joint, width, height), box(joint, length, width, height)]
    pieces += [box(at, at + thick, arm, rise, y=(width + arm) / 2), box(at, at + thick, arm, rise, y=-(width + arm) / 2)]
    return in_slots(pieces, _pick(rng, slots, ("0100",), ("0122",)))


def key(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.14, 0.24)
    radius = rng.uniform(0.02, 0.031)
    start = _behind_disc(radius, width)
    wide, deep = rng.uniform(0.018, 0.028), rng.uniform(0.018, 0.035)
    end = start + length
    pieces = [disc(0, 0, radius, _h(rng)), box(start, start + joint, width, height)]
    pieces += [box(start + joint, end, width, height), box(end - wide, end, deep, height, y=(width + deep) / 2)]
    return in_slots(pieces, _pick(rng, slots, ("0011",), ("0012", "0122")))


def zigzag(rng: Rng, slots: int) -> tuple[Piece, ...]:
    width, rise, height = rng.uniform(0.02, 0.034), rng.uniform(0.015, 0.05), _h(rng)
    ends = rng.uniform(0.05, 0.08, 2)
    middle = rng.uniform(0.10, 0.15)
    xs = np.array([0, ends[0], ends[0] + middle / 2, ends[0] + middle, ends[0] + middle + ends[1]])
    ys = np.array([rise / 2, -rise / 2, 0, rise / 2, -rise / 2])
    pieces = [sheared(xs[i], xs[i + 1], ys[i], ys[i + 1], width, height) for i in range(4)]
    return in_slots(pieces, _pick(rng, slots, ("0011",), ("0012", "0112", "0122")))


def stepped_bar(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.16, 0.26)
    first, last = rng.uniform(0.025, 0.045, 2)
    wide = np.minimum(width + rng.uniform(0.01, 0.03, 2), 0.06)
    pieces = [box(-first, 0, wide[0], _h(rng)), box(0, joint, width, height)]
    pieces += [box(joint, length, width, height), box(length, length + last, wide[1], _h(rng))]
    if rng.random() < 0.5:
        pieces = pieces[:3]
        return in_slots(pieces, _pick(rng, slots, ("001", "011"), ("012",)))
    return in_slots(pieces, _pick(rng, slots, ("0011",), ("0012", "0112", "0122")))


def comb(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.18, 0.30)
    thick, teeth = rng.uniform(0.018, 0.028, 2), rng.uniform(0.025, 0.06, 2)
    pieces = [box(0, joint, width, height), box(joint, length, width, height)]
    pieces += [box(0, thick[0], teeth[0], height, y=(width + teeth[0]) / 2)]
    pieces += [box(length - thick[1], length, teeth[1], height, y=(width + teeth[1]) / 2)]
    return in_slots(pieces, _pick(rng, slots, ("0101",), ("0121", "0102", "0122")))


def paddle(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.16, 0.25)
    blade, across = rng.uniform(0.04, 0.07), rng.uniform(0.045, 0.063)
    pieces = [box(0, blade, across, rng.uniform(0.017, 0.024)), box(blade, blade + joint, width, height)]
    pieces += [box(blade + joint, blade + length, width, height)]
    return in_slots(pieces, _pick(rng, slots, ("001", "001", "011"), ("012",)))


def pan(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.15, 0.22)
    radius, lug = rng.uniform(0.035, 0.045), rng.uniform(0.028, 0.045)
    edge = _behind_disc(radius, width)
    pieces = [disc(0, 0, radius, rng.uniform(0.016, 0.02)), box(edge, edge + joint, width, height)]
    pieces += [box(edge + joint, edge + length, width, height), box(-edge - lug, -edge, width, height)]
    return in_slots(pieces, _pick(rng, slots, ("0010", "0110"), ("0012", "0120")))


def club(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.14, 0.22)
    flare, wide = rng.uniform(0.05, 0.09), rng.uniform(0.04, 0.056)
    pieces = [box(0, joint, width, height), box(joint, length, width, height)]
    pieces += [taper(length, length + flare, width, wide, height)]
    pieces += [disc(length + flare + _behind_disc(wide / 2, wide), 0, wide / 2, height)]
    return in_slots(pieces, _pick(rng, slots, ("0011", "0111"), ("0012", "0112", "0122")))


def wedge(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, height = rng.uniform(0.18, 0.30), _h(rng)
    thin, thick = rng.uniform(0.016, 0.026), rng.uniform(0.038, 0.056)
    cuts = [0.0, length * rng.uniform(0.35, 0.5), length] if slots == 2 else [0.0, length * 0.35, length * 0.65, length]
    if slots == 2 and rng.random() < 0.5:
        cuts = [0.0, length * rng.uniform(0.2, 0.3), length * rng.uniform(0.4, 0.5), length]
    widths = [thick + (thin - thick) * cut / length for cut in cuts]
    pieces = [
        taper(cuts[i], cuts[i + 1], widths[i], widths[i + 1], height * rng.uniform(0.85, 1.15))
        for i in range(len(cuts) - 1)
    ]
    return in_slots(pieces, (0, 1) if len(pieces) == 2 else _pick(rng, slots, ("001",), ("012",)))


def arrow(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.16, 0.25)
    head, wide = rng.uniform(0.04, 0.06), rng.uniform(0.05, 0.075)
    fletch, across = rng.uniform(0.024, 0.035), rng.uniform(0.05, 0.064)
    pieces = [taper(0, fletch, across, across * 0.9, _h(rng)), box(fletch, joint, width, height)]
    pieces += [box(joint, length, width, height), taper(length, length + head, wide, wide * 0.2, height)]
    return in_slots(pieces, _pick(rng, slots, ("0011",), ("0012", "0112", "0122")))


def flag(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.2, 0.32)
    high, wide = rng.uniform(0.035, 0.06), rng.uniform(0.035, 0.07)
    pieces = [box(0, joint, width, height), box(joint, length, width, height)]
    pieces += [box(0, high, wide, rng.uniform(0.015, 0.022), y=(width + wide) / 2)]
    return in_slots(pieces, _pick(rng, slots, ("010",), ("012",)))


def anchor(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.2, 0.3)
    arm, thick, lean = rng.uniform(0.05, 0.08), rng.uniform(0.018, 0.026), rng.uniform(0.15, 0.5)
    # Each arm starts where its inner corner touches the shaft's side.
    y = width / 2 + thick / 2 * np.sin(lean) + 0.0002
    x = thick / 2 + 0.006
    pieces = [box(0, joint, width, height), box(joint, length, width, height)]
    for side in (1, -1):
        pieces.append(limb((x, side * y), side * (np.pi / 2 - lean), arm, thick, height))
    return in_slots(pieces, _pick(rng, slots, ("0100",), ("0122",)))


def axe(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.2, 0.3)
    near, far, deep = rng.uniform(0.025, 0.035), rng.uniform(0.05, 0.075), rng.uniform(0.04, 0.065)
    low, high, shift = width / 2, width / 2 + deep, 0.012
    blade = [(shift, low), (shift + near, low), (shift + (near + far) / 2, high), (shift + (near - far) / 2, high)]
    pieces = [box(0, joint, width, height), box(joint, length, width, height), polygon(blade, _h(rng))]
    return in_slots(pieces, _pick(rng, slots, ("010",), ("012",)))


def wrench(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.15, 0.24)
    radius = rng.uniform(0.022, 0.034)
    edge = radius * np.sqrt(3) / 2
    ring = polygon([tuple(p) for p in hexagon(0, 0, radius, 1).outline @ np.array([[0.0, 1.0], [-1.0, 0.0]])], height)
    jaw, across = rng.uniform(0.024, 0.036), rng.uniform(0.045, 0.062)
    pieces = [ring, box(edge, edge + joint, width, height), box(edge + joint, edge + length, width, height)]
    pieces += [taper(edge + length, edge + length + jaw, across * 0.8, across, height)]
    return in_slots(pieces, _pick(rng, slots, ("0011",), ("0012", "0112", "0122")))


def racket(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.16, 0.22)
    radius, throat = rng.uniform(0.028, 0.0315), rng.uniform(0.03, 0.045)
    edge = _behind_disc(radius, width)
    pieces = [disc(0, 0, radius, rng.uniform(0.016, 0.024)), taper(edge, edge + throat, radius * 1.3, width, height)]
    pieces += [box(edge + throat, edge + throat + joint, width, height)]
    pieces += [box(edge + throat + joint, edge + throat + length, width, height)]
    return in_slots(pieces, _pick(rng, slots, ("0001", "0011", "0001"), ("0012", "0122")))


def rake(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, _ = _shaft(rng, 0.2, 0.3)
    thick, across = rng.uniform(0.02, 0.026), rng.uniform(0.12, 0.15)
    tooth, root = rng.uniform(0.015, 0.03), rng.uniform(0.02, 0.03)
    side = across / 2 - root / 2
    pieces = [box(0, thick, across, height), box(thick, length, width, height)]
    pieces += [box(-tooth, 0, root, height, y=side), box(-tooth, 0, root, height, y=-side)]
    return in_slots(pieces, _pick(rng, slots, ("0100",), ("0122",)))


def shovel(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.15, 0.22)
    blade, near, far = rng.uniform(0.05, 0.07), rng.uniform(0.04, 0.05), rng.uniform(0.05, 0.062)
    thick, across = rng.uniform(0.02, 0.026), rng.uniform(0.075, 0.10)
    pieces = [taper(-blade, 0, far, near, rng.uniform(0.016, 0.022)), box(0, joint, width, height)]
    pieces += [box(joint, length, width, height), box(length, length + thick, across, height)]
    return in_slots(pieces, _pick(rng, slots, ("0011",), ("0012", "0112", "0122")))


def sword(rng: Rng, slots: int) -> tuple[Piece, ...]:
    width, height, grip = rng.uniform(0.026, 0.038), _h(rng), rng.uniform(0.05, 0.075)
    guard, across = rng.uniform(0.02, 0.026), rng.uniform(0.08, 0.12)
    blade, tip = rng.uniform(0.12, 0.17), rng.uniform(0.06, 0.1)
    pieces = [box(-grip, 0, width * 0.85, _h(rng)), box(0, guard, across, _h(rng))]
    pieces += [box(guard, guard + blade, width, height)]
    pieces += [taper(guard + blade, guard + blade + tip, width, width * 0.45, height)]
    return in_slots(pieces, _pick(rng, slots, ("0011", "0001"), ("0012", "0122")))


def bottle(rng: Rng, slots: int) -> tuple[Piece, ...]:
    width, height = rng.uniform(0.046, 0.062), rng.uniform(0.022, 0.036)
    body, shoulder, neck = rng.uniform(0.15, 0.2), rng.uniform(0.02, 0.04), rng.uniform(0.04, 0.06)
    joint = body * rng.uniform(0.4, 0.6)
    narrow = rng.uniform(0.022, 0.032)
    pieces = [box(0, joint, width, height), box(joint, body, width, height)]
    pieces += [taper(body, body + shoulder, width, narrow, height)]
    pieces += [box(body + shoulder, body + shoulder + neck, narrow, height)]
    return in_slots(pieces, _pick(rng, slots, ("0011", "0111"), ("0012", "0112", "0122")))


def crank(rng: Rng, slots: int) -> tuple[Piece, ...]:
    width, height = rng.uniform(0.018, 0.03), _h(rng)
    first, second = rng.uniform(0.12, 0.18, 2)
    overlap = rng.uniform(0.1, 0.14)
    overlap = min(overlap, first - 0.03, second - 0.03)
    y = width / 2
    pieces = [box(0, first, width, height, y=-y), box(first - overlap, first - overlap + second, width, _h(rng), y=y)]
    return in_slots(pieces, (0, 1))


def wishbone(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.15, 0.24)
    width = max(width, 0.026)
    spread, arm, thick = rng.uniform(0.5, 0.9), rng.uniform(0.06, 0.09), rng.uniform(0.018, 0.024)
    # The arms' inner near corners meet on the axis, and their outer near corners behind the stem's end.
    x, y = -thick / 2 * np.sin(spread) - 0.0002, thick / 2 * np.cos(spread) + 0.0002
    pieces = [box(0, joint, width, height), box(joint, length, width, height)]
    for side in (1, -1):
        pieces.append(limb((x, side * y), np.pi - side * spread, arm, thick, height))
    return in_slots(pieces, _pick(rng, slots, ("0100",), ("0122",)))


def girder(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, height, joint = _shaft(rng, 0.15, 0.26)
    thick, across = rng.uniform(0.018, 0.026, 2), rng.uniform(0.085, 0.13, 2)
    pieces = [box(-thick[0], 0, across[0], height), box(0, joint, width, height)]
    pieces += [box(joint, length, width, height), box(length, length + thick[1], across[1], height)]
    return in_slots(pieces, _pick(rng, slots, ("0011",), ("0012", "0112", "0122")))
