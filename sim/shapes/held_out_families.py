"""How the validation and unseen families draw a layout: none of these is ever trained on.

Every function takes a generator and the number of slots (2, or 3) and returns 2–4 pieces along x; lengths in m.
"""

from __future__ import annotations

import numpy as np

from sim.shapes.pieces import HANDLE, HEAD, Piece, box, disc, hexagon, in_slots, limb, polygon, taper
from sim.shapes.shafts import Rng, any_height, flat_distance, pick_slots, two_piece_shaft


def mallet(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, shaft = two_piece_shaft(rng, 0.13, 0.29)
    head, across = rng.uniform(0.03, 0.044), rng.uniform(0.05, 0.064)
    pommel, wide = rng.uniform(0.022, 0.035), min(width + rng.uniform(0.008, 0.018), 0.047)
    pieces = [box(-head, 0, across, any_height(rng)), *shaft, box(length, length + pommel, wide, any_height(rng))]
    return in_slots(
        pieces, pick_slots(rng, slots, ("0011", "0111"), ("0012", "0112", "0122")), (HEAD, HANDLE, HANDLE, HANDLE)
    )


def wedge(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, thin = rng.uniform(0.22, 0.34), rng.uniform(0.018, 0.03)
    thick = thin + rng.uniform(0.01, 0.016)
    cuts = length * np.array([0.0, rng.uniform(0.25, 0.4), rng.uniform(0.55, 0.75), 1.0])
    if slots == 2 and rng.random() < 0.5:
        cuts = length * np.array([0.0, rng.uniform(0.3, 0.6), 1.0])
    widths = thick + (thin - thick) * cuts / length
    pieces = [taper(cuts[i], cuts[i + 1], widths[i], widths[i + 1], any_height(rng)) for i in range(len(cuts) - 1)]
    return in_slots(pieces, (0, 1) if len(pieces) == 2 else pick_slots(rng, slots, ("001", "011"), ("012",)))


def arrow(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, width, shaft = two_piece_shaft(rng, 0.13, 0.28)
    head, fletch, across = rng.uniform(0.055, 0.07), rng.uniform(0.026, 0.035), rng.uniform(0.04, 0.055)
    wide = max(head * rng.uniform(0.6, 0.72), width + 0.008)
    pieces = [taper(-fletch, 0, across, across * 0.8, any_height(rng)), *shaft]
    pieces += [taper(length, length + head, wide, wide * 0.35, any_height(rng))]
    return in_slots(
        pieces, pick_slots(rng, slots, ("0011", "0111"), ("0012", "0112", "0122")), (HANDLE, HANDLE, HANDLE, HEAD)
    )


def flag(rng: Rng, slots: int) -> tuple[Piece, ...]:
    _, width, shaft = two_piece_shaft(rng, 0.19, 0.37)
    high, wide = rng.uniform(0.035, 0.055), rng.uniform(0.035, 0.065)
    pieces = [*shaft, box(0, high, wide, rng.uniform(0.015, 0.022), y=(width + wide) / 2)]
    return in_slots(pieces, pick_slots(rng, slots, ("010",), ("012",)), (HANDLE, HANDLE, HEAD))


def anchor(rng: Rng, slots: int) -> tuple[Piece, ...]:
    _, width, pieces = two_piece_shaft(rng, 0.19, 0.35)
    arm, thick, lean = rng.uniform(0.05, 0.08), rng.uniform(0.018, 0.024), rng.uniform(0.15, 0.5)
    # Each arm starts where its inner corner touches the shaft's side.
    x, y, height = thick / 2 + 0.006, width / 2 + thick / 2 * np.sin(lean) + 0.0002, any_height(rng)
    for side in (1, -1):
        pieces.append(limb((x, side * y), side * (np.pi / 2 - lean), arm, thick, height))
    return in_slots(pieces, pick_slots(rng, slots, ("0100",), ("0122",)), (HANDLE, HANDLE, HEAD, HEAD))


def axe(rng: Rng, slots: int) -> tuple[Piece, ...]:
    _, width, shaft = two_piece_shaft(rng, 0.19, 0.37)
    near, far, deep = rng.uniform(0.02, 0.028), rng.uniform(0.036, 0.052), rng.uniform(0.03, 0.05)
    low, high = width / 2, width / 2 + deep
    blade = [(0.0, low), (near, low), ((near + far) / 2, high), ((near - far) / 2, high)]
    return in_slots(
        [*shaft, polygon(blade, rng.uniform(0.015, 0.024))],
        pick_slots(rng, slots, ("010",), ("012",)),
        (HANDLE, HANDLE, HEAD),
    )


def wrench(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, _, shaft = two_piece_shaft(rng, 0.14, 0.30)
    radius, jaw, across = rng.uniform(0.02, 0.024), rng.uniform(0.024, 0.036), rng.uniform(0.04, 0.047)
    pieces = [hexagon(-radius * np.sqrt(3) / 2, 0, radius, any_height(rng)), *shaft]
    pieces += [taper(length, length + jaw, across * 0.8, across, any_height(rng))]
    return in_slots(pieces, pick_slots(rng, slots, ("0011",), ("0012", "0112", "0122")), (HANDLE, HANDLE, HANDLE, HEAD))


def racket(rng: Rng, slots: int) -> tuple[Piece, ...]:
    _, width, shaft = two_piece_shaft(rng, 0.15, 0.28)
    radius, throat = rng.uniform(0.0205, 0.0238), rng.uniform(0.03, 0.045)
    pieces = [disc(-throat - flat_distance(radius), 0, radius, rng.uniform(0.016, 0.024))]
    pieces += [taper(-throat, 0, radius * 1.3, width, any_height(rng)), *shaft]
    return in_slots(
        pieces, pick_slots(rng, slots, ("0001", "0011", "0001"), ("0012", "0122")), (HEAD, HEAD, HANDLE, HANDLE)
    )


def hook(rng: Rng, slots: int) -> tuple[Piece, ...]:
    _, width, pieces = two_piece_shaft(rng, 0.19, 0.37)
    thick, foot, height = rng.uniform(0.018, 0.024), rng.uniform(0.05, 0.07), any_height(rng)
    barb, wide = rng.uniform(0.012, 0.03), rng.uniform(0.016, 0.022)
    pieces.append(box(0, thick, foot, height, y=(width + foot) / 2))
    pieces.append(box(thick, thick + barb, wide, height, y=width / 2 + foot - wide / 2))
    return in_slots(pieces, pick_slots(rng, slots, ("0100",), ("0122",)), (HANDLE, HANDLE, HEAD, HEAD))


def shovel(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, _, shaft = two_piece_shaft(rng, 0.14, 0.28)
    blade, near, far = rng.uniform(0.045, 0.06), rng.uniform(0.034, 0.04), rng.uniform(0.04, 0.047)
    thick, across = rng.uniform(0.02, 0.026), rng.uniform(0.075, 0.10)
    pieces = [taper(-blade, 0, far, near, rng.uniform(0.015, 0.02)), *shaft]
    pieces += [box(length, length + thick, across, any_height(rng))]
    return in_slots(pieces, pick_slots(rng, slots, ("0011",), ("0012", "0112", "0122")), (HEAD, HANDLE, HANDLE, HANDLE))


def sword(rng: Rng, slots: int) -> tuple[Piece, ...]:
    width, blade, tip = rng.uniform(0.026, 0.038), rng.uniform(0.15, 0.2), rng.uniform(0.05, 0.08)
    grip, guard, across = rng.uniform(0.035, 0.06), rng.uniform(0.018, 0.022), rng.uniform(0.07, 0.10)
    pieces = [
        box(-guard - grip, -guard, width * 0.85, any_height(rng)),
        box(-guard, 0, across, rng.uniform(0.015, 0.024)),
    ]
    pieces += [box(0, blade, width, any_height(rng)), taper(blade, blade + tip, width, width * 0.45, any_height(rng))]
    if slots == 2 and rng.random() < 0.5:
        # A blade of two materials, and no separate grip.
        joint = blade * rng.uniform(0.3, 0.6)
        pieces = [
            pieces[1],
            box(0, joint, width, any_height(rng)),
            box(joint, blade, width, any_height(rng)),
            pieces[3],
        ]
    return in_slots(pieces, pick_slots(rng, slots, ("0011", "0001"), ("0012", "0122")), (HANDLE, HANDLE, HEAD, HEAD))


def bottle(rng: Rng, slots: int) -> tuple[Piece, ...]:
    body, shoulder, neck = rng.uniform(0.18, 0.23), rng.uniform(0.02, 0.035), rng.uniform(0.04, 0.06)
    joint, narrow = body * rng.uniform(0.3, 0.65), rng.uniform(0.022, 0.032)
    width, height = rng.uniform(0.038, 0.047), any_height(rng)
    pieces = [box(0, joint, width, any_height(rng)), box(joint, body, width, height)]
    pieces += [taper(body, body + shoulder, width, narrow, height)]
    pieces += [box(body + shoulder, body + shoulder + neck, narrow, height)]
    return in_slots(
        pieces, pick_slots(rng, slots, ("0011", "0111"), ("0012", "0112", "0122")), (HEAD, HANDLE, HANDLE, HANDLE)
    )


def crank(rng: Rng, slots: int) -> tuple[Piece, ...]:
    width, first, second = rng.uniform(0.018, 0.03), rng.uniform(0.17, 0.24), rng.uniform(0.17, 0.24)
    overlap = rng.uniform(0.1, 0.15)
    pieces = [box(0, first, width, any_height(rng), y=-width / 2)]
    pieces += [box(first - overlap, first - overlap + second, width, any_height(rng), y=width / 2)]
    return in_slots(pieces, (0, 1))


def wishbone(rng: Rng, slots: int) -> tuple[Piece, ...]:
    _, width, pieces = two_piece_shaft(rng, 0.16, 0.30)
    spread, arm, height = rng.uniform(0.5, 0.9), rng.uniform(0.06, 0.085), any_height(rng)
    # The arms' inner near corners meet on the axis, and their outer ones just within the stem's end.
    thick = 0.47 * width / np.cos(spread)
    x, y = -thick / 2 * np.sin(spread) - 0.0002, thick / 2 * np.cos(spread) + 0.0002
    for side in (1, -1):
        pieces.append(limb((x, side * y), np.pi - side * spread, arm, thick, height))
    return in_slots(pieces, pick_slots(rng, slots, ("0100",), ("0122",)), (HANDLE, HANDLE, HEAD, HEAD))


def girder(rng: Rng, slots: int) -> tuple[Piece, ...]:
    length, _, shaft = two_piece_shaft(rng, 0.15, 0.32)
    thick, across = rng.uniform(0.018, 0.026, 2), rng.uniform(0.085, 0.13, 2)
    pieces = [
        box(-thick[0], 0, across[0], any_height(rng)),
        *shaft,
        box(length, length + thick[1], across[1], any_height(rng)),
    ]
    return in_slots(pieces, pick_slots(rng, slots, ("0011",), ("0012", "0112", "0122")))
