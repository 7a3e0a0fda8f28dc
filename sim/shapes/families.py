"""Named shape families and the split groups that keep those trained on apart from those tested on."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.errors import InputError
from sim.shapes import held_out_families, training_families
from sim.shapes.pieces import Piece

pass

Draw = Callable[[np.random.Generator, int], tuple[Piece, ...]]


class UnknownFamily(InputError):
    """A family name that is not in `FAMILIES`."""


class UnknownSplit(InputError):
    """A split name that is not in `SPLITS`."""


@dataclass(frozen=True)
class Family:
    """A named distribution over part layouts."""

    name: str
    group: str
    """`training`, `validation` or `unseen-families`: the split whose objects it alone supplies."""
    draw: Draw
    """(rng, number of slots) → pieces along x; not yet accepted by `sim.objects.acceptance`."""
    description: str
    """One line for `robo-meta objects`."""


_ROWS = (
    # Training: handles with something at one end, at both ends, in the middle and off to a side.
    Family("bar", "training", training_families.bar, "straight bar of two or three blocks"),
    Family("hammer", "training", training_families.hammer, "cross-wise head on a two-piece handle"),
    Family("spoon", "training", training_families.spoon, "round bowl on a long handle"),
    Family("dumbbell", "training", training_families.dumbbell, "weights at both ends of a rod"),
    Family("tee", "training", training_families.tee, "long cross-bar on a stem"),
    Family("ell", "training", training_families.ell, "long leg with a foot to one side"),
    Family("cross", "training", training_families.cross, "shaft with arms on both sides of it"),
    Family("key", "training", training_families.key, "round bow, shaft, and a bit to one side"),
    Family("zigzag", "training", training_families.zigzag, "slanted bars joined end to end"),
    Family("stepped-bar", "training", training_families.stepped_bar, "bar in steps of width and height"),
    Family("comb", "training", training_families.comb, "spine with two teeth to one side"),
    Family("paddle", "training", training_families.paddle, "rectangular blade on a shaft"),
    Family("pan", "training", training_families.pan, "wide disc with a handle and a lug opposite"),
    Family("club", "training", training_families.club, "shaft that widens to a round end"),
    Family("trowel", "training", training_families.trowel, "pointed blade on a handle"),
    Family("chisel", "training", training_families.chisel, "handle with a butt and a blade that widens"),
    Family("cleaver", "training", training_families.cleaver, "leaning blade to one side of a handle"),
    Family("pick", "training", training_families.pick, "cross-wise head with pointed arms on a handle"),
    Family("nail", "training", training_families.nail, "block head, shaft and point"),
    # Training, of no one's choosing: whatever quadrilateral comes grows on a shaft.
    Family("shard", "training", training_families.shard, "irregular plate at one end of a shaft"),
    Family("splint", "training", training_families.splint, "irregular plates at both ends of a shaft"),
    Family("thorn", "training", training_families.thorn, "irregular limb to one side of a shaft"),
    Family("twig", "training", training_families.twig, "irregular limbs to both sides of a shaft"),
    # Validation: every choice made while developing is judged by these.
    Family("mallet", "validation", held_out_families.mallet, "block head and a pommel on a handle"),
    Family("wedge", "validation", held_out_families.wedge, "bar that tapers from end to end"),
    Family("arrow", "validation", held_out_families.arrow, "shaft with a pointed head and a fletch"),
    Family("flag", "validation", held_out_families.flag, "pole with a flag to one side of its top"),
    Family("anchor", "validation", held_out_families.anchor, "shaft with two arms slanting back from its foot"),
    # Unseen families: for testing only.
    Family("axe", "unseen-families", held_out_families.axe, "flared blade to one side of a handle"),
    Family("wrench", "unseen-families", held_out_families.wrench, "shank with a hexagonal and an open end"),
    Family("racket", "unseen-families", held_out_families.racket, "wide round head, throat and grip"),
    Family("hook", "unseen-families", held_out_families.hook, "shaft with a foot that bends back"),
    Family("shovel", "unseen-families", held_out_families.shovel, "flared blade, shaft and a cross-wise grip"),
    Family("sword", "unseen-families", held_out_families.sword, "grip, cross-guard, blade and point"),
    Family("bottle", "unseen-families", held_out_families.bottle, "body, shoulder and neck"),
    Family("crank", "unseen-families", held_out_families.crank, "two parallel bars, overlapping side by side"),
    Family("wishbone", "unseen-families", held_out_families.wishbone, "stem that forks into two slanted arms"),
    Family("girder", "unseen-families", held_out_families.girder, "cross-bars at both ends of a web"),
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


SPLITS = ("training", "validation", "unseen-objects", "unseen-families")
