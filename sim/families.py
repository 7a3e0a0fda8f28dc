"""Named shape families and the split groups that keep those trained on apart from those tested on."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim import held_out_shapes, training_shapes
from sim.pieces import Piece
from sim.scenes import SPLITS

Draw = Callable[[np.random.Generator, int], tuple[Piece, ...]]


class UnknownFamily(ValueError):
    """A family name that is not in `FAMILIES`."""


class UnknownSplit(ValueError):
    """A split name that is not in `SPLITS`."""


@dataclass(frozen=True)
class Family:
    """A named distribution over part layouts."""

    name: str
    group: str
    """`training`, `validation` or `unseen-families`: the split whose objects it alone supplies."""
    draw: Draw
    """(rng, number of slots) → pieces along x; not yet accepted by `sim.layouts`."""
    description: str
    """One line for `robo-meta objects`."""


_ROWS = (
    # Training: handles with something at one end, at both ends, in the middle and off to a side.
    Family("bar", "training", training_shapes.bar, "straight bar of two or three blocks"),
    Family("hammer", "training", training_shapes.hammer, "cross-wise head on a two-piece handle"),
    Family("spoon", "training", training_shapes.spoon, "round bowl on a long handle"),
    Family("dumbbell", "training", training_shapes.dumbbell, "weights at both ends of a rod"),
    Family("tee", "training", training_shapes.tee, "long cross-bar on a stem"),
    Family("ell", "training", training_shapes.ell, "long leg with a foot to one side"),
    Family("cross", "training", training_shapes.cross, "shaft with arms on both sides of it"),
    Family("key", "training", training_shapes.key, "round bow, shaft, and a bit to one side"),
    Family("zigzag", "training", training_shapes.zigzag, "slanted bars joined end to end"),
    Family("stepped-bar", "training", training_shapes.stepped_bar, "bar in steps of width and height"),
    Family("comb", "training", training_shapes.comb, "spine with two teeth to one side"),
    Family("paddle", "training", training_shapes.paddle, "rectangular blade on a shaft"),
    Family("pan", "training", training_shapes.pan, "wide disc with a handle and a lug opposite"),
    Family("club", "training", training_shapes.club, "shaft that widens to a round end"),
    Family("trowel", "training", training_shapes.trowel, "pointed blade on a handle"),
    Family("chisel", "training", training_shapes.chisel, "handle with a butt and a blade that widens"),
    Family("cleaver", "training", training_shapes.cleaver, "leaning blade to one side of a handle"),
    Family("pick", "training", training_shapes.pick, "cross-wise head with pointed arms on a handle"),
    Family("nail", "training", training_shapes.nail, "block head, shaft and point"),
    # Training, of no one's choosing: whatever quadrilateral comes grows on a shaft.
    Family("shard", "training", training_shapes.shard, "irregular plate at one end of a shaft"),
    Family("splint", "training", training_shapes.splint, "irregular plates at both ends of a shaft"),
    Family("thorn", "training", training_shapes.thorn, "irregular limb to one side of a shaft"),
    Family("twig", "training", training_shapes.twig, "irregular limbs to both sides of a shaft"),
    # Validation: every choice made while developing is judged by these.
    Family("mallet", "validation", held_out_shapes.mallet, "block head and a pommel on a handle"),
    Family("wedge", "validation", held_out_shapes.wedge, "bar that tapers from end to end"),
    Family("arrow", "validation", held_out_shapes.arrow, "shaft with a pointed head and a fletch"),
    Family("flag", "validation", held_out_shapes.flag, "pole with a flag to one side of its top"),
    Family("anchor", "validation", held_out_shapes.anchor, "shaft with two arms slanting back from its foot"),
    # Unseen families: for testing only.
    Family("axe", "unseen-families", held_out_shapes.axe, "flared blade to one side of a handle"),
    Family("wrench", "unseen-families", held_out_shapes.wrench, "shank with a hexagonal and an open end"),
    Family("racket", "unseen-families", held_out_shapes.racket, "wide round head, throat and grip"),
    Family("hook", "unseen-families", held_out_shapes.hook, "shaft with a foot that bends back"),
    Family("shovel", "unseen-families", held_out_shapes.shovel, "flared blade, shaft and a cross-wise grip"),
    Family("sword", "unseen-families", held_out_shapes.sword, "grip, cross-guard, blade and point"),
    Family("bottle", "unseen-families", held_out_shapes.bottle, "body, shoulder and neck"),
    Family("crank", "unseen-families", held_out_shapes.crank, "two parallel bars, overlapping side by side"),
    Family("wishbone", "unseen-families", held_out_shapes.wishbone, "stem that forks into two slanted arms"),
    Family("girder", "unseen-families", held_out_shapes.girder, "cross-bars at both ends of a web"),
)

FAMILIES: dict[str, Family] = {family.name: family for family in _ROWS}
"""Every family by name."""


def did_you_mean(name: str, allowed: tuple[str, ...]) -> str:
    """`; did you mean 'hammer'?`, or the whole list, with a full stop, where nothing is close."""
    close = difflib.get_close_matches(name, allowed, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; expected one of {', '.join(allowed)}."


def family_named(name: str) -> Family:
    """The family called `name`.

    Raises:
        UnknownFamily: no such family.
    """
    if name not in FAMILIES:
        raise UnknownFamily(f"unknown family {name!r}{did_you_mean(name, tuple(FAMILIES))} See `robo-meta objects`")
    return FAMILIES[name]


def families_of(split: str) -> tuple[str, ...]:
    """Names of the families that objects of `split` are drawn from, in table order.

    `unseen-objects` has new objects of the training families.

    Raises:
        UnknownSplit: no such split.
    """
    if split not in SPLITS:
        raise UnknownSplit(f"unknown split {split!r}{did_you_mean(split, SPLITS)}")
    group = "training" if split == "unseen-objects" else split
    return tuple(name for name, family in FAMILIES.items() if family.group == group)
