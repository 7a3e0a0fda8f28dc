"""A closed body of a generated object, and how several become an object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.records import Record


@dataclass(frozen=True, eq=False)
class Body(Record):
    """One closed surface, seen counter-clockwise from outside, and convex pieces that together fill it."""

    vertices: np.ndarray
    """(V, 3), m."""
    faces: np.ndarray
    """(F, 3): rows of `vertices`."""
    pieces: tuple[np.ndarray, ...]
    """Each (C, 3), m: corners."""


def together(bodies: Sequence[Body]) -> Body:
    """Bodies as one, of a surface for each; what they share is counted once by whoever closes it."""
    starts = np.cumsum([0] + [len(body.vertices) for body in bodies])
    return Body(
        np.concatenate([body.vertices for body in bodies]),
        np.concatenate([body.faces + start for body, start in zip(bodies, starts[:-1], strict=True)]),
        tuple(piece for body in bodies for piece in body.pieces),
    )
