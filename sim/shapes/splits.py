"""Which families the shipped splits draw from: frozen, so that no family that comes later changes their tasks."""

from __future__ import annotations

from sim.records import FrozenMapping

_TRAINING = (
    *("bar", "hammer", "spoon", "dumbbell", "tee", "ell", "cross", "key", "zigzag", "stepped-bar", "comb", "paddle"),
    *("pan", "club", "trowel", "chisel", "cleaver", "pick", "nail", "shard", "splint", "thorn", "twig"),
)

SHIPPED_SPLITS: FrozenMapping[str, tuple[str, ...]] = FrozenMapping(
    {
        "training": _TRAINING,
        "validation": ("mallet", "wedge", "arrow", "flag", "anchor"),
        # New objects of the training families.
        "unseen-objects": _TRAINING,
        "unseen-families": (
            *("axe", "wrench", "racket", "hook", "shovel", "sword", "bottle", "crank", "wishbone", "girder"),
        ),
    }
)
"""Split → names of its families, in the order that tasks are drawn by. These are the splits of `benchmark-1`; families
that are added later form groups of their own."""
