"""How the training families draw a layout: dimensions, and which pieces are of one material.

Every function takes a generator and the number of slots (2, or 3) and returns 2–4 pieces along x; lengths in m.
"""

from __future__ import annotations

import numpy as np

from sim.shapes.pieces import HANDLE, HEAD, Piece, box, disc, in_slots, polygon, sheared, taper
from sim.shapes.shafts import (
    Rng,
    any_height,
    end_block,
    flat_distance,
    limb_beside,
    pick_slots,
    plate,
    turned,
    two_piece_shaft,
)


def bar(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, shaft = two_piece_shaft(rng, 0.17, 0.37)
    if slots == 2 and rng.random() < 0.5:
        return in_slots(shaft, (0, 1))
    cuts = length * np.array([0.0, rng.uniform(0.2, 0.4), rng.uniform(0.6, 0.8), 1.0])
    pieces = [box(cuts[i], cuts[i + 1], width, any_height(rng)) for i in range(3)]
    return in_slots(pieces, pick_slots(rng, slots, ("001", "011"), ("012",)))


def hammer(rng: Rng, slots: int) -> tuple[Piece, ...]:
    _, _, shaft = two_piece_shaft(rng, 0.15, 0.32)
    pieces = [box(-rng.uniform(0.02, 0.03), 0, rng.uniform(0.075, 0.11), any_height(rng)), *shaft]
    return in_slots(pieces, pick_slots(rng, slots, ("001", "001", "011"), ("012",)), (HEAD, HANDLE, HANDLE))


def spoon(rng: Rng, slots: int) -> tuple[Piece, ...]:
    _, _, shaft = two_piece_shaft(rng, 0.14, 0.31)
    # Half of the bowls are too wide for the fingers, some of them barely.
    radius = rng.uniform(0.019, 0.0235) if rng.random() < 0.5 else rng.uniform(0.0245, 0.032)
    pieces = [disc(-flat_distance(radius), 0, radius, any_height(rng)), *shaft]
    return in_slots(pieces, pick_slots(rng, slots, ("001", "001", "011"), ("012",)), (HEAD, HANDLE, HANDLE))


def dumbbell(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, _, shaft = two_piece_shaft(rng, 0.12, 0.29)
    left, right = rng.uniform(0.02, 0.04, 2)
    # From ends that the fingers just span to ends far too wide for them.
    across = np.exp(rng.uniform(np.log(0.036), np.log(0.1), 2))
    pieces = [
        end_block(rng, 0.0, -1, left, across[0], any_height(rng)),
        *shaft,
        end_block(rng, length, 1, right, across[1], any_height(rng)),
    ]
    return in_slots(pieces, pick_slots(rng, slots, ("0011",), ("0012", "0112", "0122")))


def tee(rng: Rng, slots: int) -> tuple[Piece, ...]:
    _, _, shaft = two_piece_shaft(rng, 0.17, 0.33)
    pieces = [box(-rng.uniform(0.018, 0.024), 0, rng.uniform(0.11, 0.15), any_height(rng)), *shaft]
    return in_slots(pieces, pick_slots(rng, slots, ("001", "001", "011"), ("012",)), (HEAD, HANDLE, HANDLE))


def ell(rng: Rng, slots: int) -> tuple[Piece, ...]:
    _, width, shaft = two_piece_shaft(rng, 0.17, 0.36)
    thick, foot, height = rng.uniform(0.02, 0.03), rng.uniform(0.035, 0.07), any_height(rng)
    pieces = [*shaft, box(0, thick, foot, height, y=(width + foot) / 2)]
    kind = rng.integers(3)
    if kind == 1:
        # A foot that narrows to its tip.
        low, high, tip = width / 2, width / 2 + foot, thick * rng.uniform(0.25, 0.7)
        pieces[2] = polygon([(0.0, low), (thick, low), (tip, high), (0.0, high)], height)
    elif kind == 2:
        # A toe that points away from the leg.
        toe, wide = rng.uniform(0.012, 0.04), rng.uniform(0.016, 0.024)
        pieces.append(box(-toe, 0, wide, height, y=width / 2 + foot - wide / 2))
    patterns = (("010",), ("012",)) if len(pieces) == 3 else (("0100",), ("0122",))
    return in_slots(pieces, pick_slots(rng, slots, *patterns), (HANDLE, HANDLE, HEAD, HEAD)[: len(pieces)])


def cross(rng: Rng, slots: int) -> tuple[Piece, ...]:
    _, width, shaft = two_piece_shaft(rng, 0.17, 0.31, lean=0.06)
    stub, thick, across = rng.uniform(0.03, 0.042), rng.uniform(0.016, 0.022), rng.uniform(0.07, 0.09)
    pieces = [end_block(rng, -thick, -1, stub, width * 0.9, rng.uniform(0.016, 0.028))]
    pieces += [box(-thick, 0, across, rng.uniform(0.015, 0.022)), *shaft]
    return in_slots(pieces, pick_slots(rng, slots, ("0011", "0001"), ("0012", "0112")), (HEAD, HEAD, HANDLE, HANDLE))


def key(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, shaft = two_piece_shaft(rng, 0.13, 0.29)
    radius, wide, deep = rng.uniform(0.019, 0.024), rng.uniform(0.018, 0.028), rng.uniform(0.018, 0.035)
    pieces = [disc(-flat_distance(radius), 0, radius, any_height(rng)), *shaft]
    pieces += [box(length - wide, length, deep, any_height(rng), y=(width + deep) / 2)]
    return in_slots(pieces, pick_slots(rng, slots, ("0011",), ("0012", "0122")), (HANDLE, HANDLE, HANDLE, HEAD))


def zigzag(rng: Rng, slots: int) -> tuple[Piece, ...]:
    width, rise, heights = rng.uniform(0.02, 0.034), rng.uniform(0.01, 0.04), [any_height(rng), any_height(rng)]
    before, after = rng.uniform(0.05, 0.09, 2)
    middle = rng.uniform(0.11, 0.16)
    joint = middle * rng.uniform(0.3, 0.7)
    xs = np.array([-before, 0, joint, middle, middle + after])
    ys = rise * np.array([1, 0, joint / middle, 1, 0])
    pieces = [sheared(xs[i], xs[i + 1], ys[i], ys[i + 1], width, heights[i // 2]) for i in range(4)]
    return in_slots(pieces, pick_slots(rng, slots, ("0011",), ("0012", "0112", "0122")))


def stepped_bar(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, shaft = two_piece_shaft(rng, 0.15, 0.30)
    first, last = rng.uniform(0.025, 0.045, 2)
    wide = np.minimum(width + rng.uniform(0.006, 0.032, 2), 0.062)
    pieces = [end_block(rng, 0.0, -1, first, wide[0], any_height(rng)), *shaft]
    if rng.random() < 0.5:
        return in_slots(pieces, pick_slots(rng, slots, ("001", "001", "011"), ("012",)))
    pieces.append(end_block(rng, length, 1, last, wide[1], any_height(rng)))
    return in_slots(pieces, pick_slots(rng, slots, ("0011",), ("0012", "0112", "0122")))


def comb(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, pieces = two_piece_shaft(rng, 0.17, 0.36)
    thick, teeth = rng.uniform(0.018, 0.028, 2), rng.uniform(0.025, 0.06, 2)
    pieces.append(box(0, thick[0], teeth[0], any_height(rng), y=(width + teeth[0]) / 2))
    pieces.append(box(length - thick[1], length, teeth[1], any_height(rng), y=(width + teeth[1]) / 2))
    return in_slots(pieces, pick_slots(rng, slots, ("0101",), ("0121", "0102", "0122")))


def paddle(rng: Rng, slots: int) -> tuple[Piece, ...]:
    _, _, shaft = two_piece_shaft(rng, 0.15, 0.30)
    blade, across = rng.uniform(0.03, 0.06), rng.uniform(0.036, 0.063)
    pieces = [end_block(rng, 0.0, -1, blade, across, rng.uniform(0.015, 0.022)), *shaft]
    return in_slots(pieces, pick_slots(rng, slots, ("001", "001", "011"), ("012",)), (HEAD, HANDLE, HANDLE))


def pan(rng: Rng, slots: int) -> tuple[Piece, ...]:
    # The plate is too wide to be held and so thin that it does not drag the balance point on to itself.
    radius, lug = rng.uniform(0.033, 0.036), rng.uniform(0.027, 0.030)
    edge = flat_distance(radius)
    _, _, shaft = two_piece_shaft(rng, 0.21, 0.26, lean=0.12)
    pieces = [box(-2 * edge - lug, -2 * edge, 0.016, 0.016), disc(-edge, 0, radius, rng.uniform(0.005, 0.007)), *shaft]
    return in_slots(pieces, pick_slots(rng, slots, ("0011",), ("0012",)), (HEAD, HEAD, HANDLE, HANDLE))


def club(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, shaft = two_piece_shaft(rng, 0.12, 0.26)
    # A steeper flare than this slips out of the fingers along itself.
    flare, wide, height = rng.uniform(0.05, 0.08), min(width + rng.uniform(0.004, 0.012), 0.046), any_height(rng)
    pieces = [*shaft, taper(length, length + flare, width, wide, height)]
    pieces += [disc(length + flare + flat_distance(wide / 2), 0, wide / 2, height)]
    return in_slots(
        pieces, pick_slots(rng, slots, ("0011", "0111"), ("0012", "0112", "0122")), (HANDLE, HANDLE, HEAD, HEAD)
    )


def trowel(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, shaft = two_piece_shaft(rng, 0.15, 0.29)
    blade, wide = rng.uniform(0.05, 0.085), width + rng.uniform(-0.004, 0.022)
    pieces = [*shaft, taper(length, length + blade, wide, wide * rng.uniform(0.2, 0.65), any_height(rng))]
    return in_slots(pieces, pick_slots(rng, slots, ("011", "011", "001"), ("012",)), (HANDLE, HANDLE, HEAD))


def chisel(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, shaft = two_piece_shaft(rng, 0.15, 0.28)
    blade, near = rng.uniform(0.025, 0.06), width * rng.uniform(0.7, 1.0)
    far = near + rng.uniform(0.25, 0.7) * blade
    butt, thick = rng.uniform(0.02, 0.04), rng.uniform(0.024, 0.044)
    pieces = [box(-butt, 0, thick, any_height(rng)), *shaft]
    pieces += [taper(length, length + blade, near, far, any_height(rng))]
    return in_slots(
        pieces, pick_slots(rng, slots, ("0011", "0111"), ("0012", "0112", "0122")), (HANDLE, HANDLE, HANDLE, HEAD)
    )


def cleaver(rng: Rng, slots: int) -> tuple[Piece, ...]:
    _, width, shaft = two_piece_shaft(rng, 0.18, 0.36)
    long, deep, slant = rng.uniform(0.03, 0.055), rng.uniform(0.025, 0.05), rng.uniform(-0.018, 0.018, 2)
    low, high = width / 2, width / 2 + deep
    # The blade's sides lean, each its own way: it may narrow, or lean over as a whole.
    edge = (max(slant[0], -0.012), max(long - max(slant[1], -0.006), slant[0] + 0.01))
    pieces = [*shaft, polygon([(0.0, low), (long, low), (edge[1], high), (edge[0], high)], rng.uniform(0.015, 0.026))]
    return in_slots(pieces, pick_slots(rng, slots, ("010",), ("012",)), (HANDLE, HANDLE, HEAD))


def pick(rng: Rng, slots: int) -> tuple[Piece, ...]:
    _, _, shaft = two_piece_shaft(rng, 0.16, 0.31)
    thick, height = rng.uniform(0.022, 0.03), any_height(rng)
    pieces = []
    for side in (1, -1):
        reach, tip = rng.uniform(0.045, 0.075), thick * (1.0 if rng.random() < 0.4 else rng.uniform(0.2, 0.65))
        corners = [(-thick, 0.0), (0.0, 0.0), (0.0, side * reach), (-tip, side * reach)]
        pieces.append(polygon(corners if side > 0 else corners[::-1], height))
    return in_slots(
        [*pieces, *shaft], pick_slots(rng, slots, ("0001", "0001", "0011"), ("0012",)), (HEAD, HEAD, HANDLE, HANDLE)
    )


def nail(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, shaft = two_piece_shaft(rng, 0.15, 0.28)
    head, across, point = rng.uniform(0.018, 0.03), rng.uniform(0.05, 0.08), rng.uniform(0.03, 0.06)
    pieces = [box(-head, 0, across, rng.uniform(0.015, 0.03)), *shaft]
    pieces += [taper(length, length + point, width, width * rng.uniform(0.25, 0.6), any_height(rng))]
    return in_slots(
        pieces, pick_slots(rng, slots, ("0011", "0111"), ("0012", "0112", "0122")), (HEAD, HANDLE, HANDLE, HANDLE)
    )


def shard(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, shaft = two_piece_shaft(rng, 0.14, 0.31)
    pieces = [*shaft, turned(plate(rng, width), 0, length)]
    return in_slots(pieces, pick_slots(rng, slots, ("011", "011", "001"), ("012",)), (HANDLE, HANDLE, HEAD))


def splint(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, shaft = two_piece_shaft(rng, 0.11, 0.27)
    pieces = [turned(plate(rng, width), 2), *shaft, turned(plate(rng, width), 0, length)]
    return in_slots(pieces, pick_slots(rng, slots, ("0011", "0001", "0111"), ("0012", "0112", "0122")))


def thorn(rng: Rng, slots: int) -> tuple[Piece, ...]:
    _, width, shaft = two_piece_shaft(rng, 0.17, 0.36)
    return in_slots(
        [*shaft, limb_beside(rng, width, 1)], pick_slots(rng, slots, ("010",), ("012",)), (HANDLE, HANDLE, HEAD)
    )


def twig(rng: Rng, slots: int) -> tuple[Piece, ...]:
    _, width, shaft = two_piece_shaft(rng, 0.17, 0.34)
    pieces = [*shaft, limb_beside(rng, width, 1), limb_beside(rng, width, -1)]
    return in_slots(pieces, pick_slots(rng, slots, ("0100",), ("0122",)), (HANDLE, HANDLE, HEAD, HEAD))
