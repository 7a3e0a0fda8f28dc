"""A shape family: a named distribution over part layouts, and what such a distribution must return."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.errors import InputError
from sim.objects.prisms import turns_of
from sim.shapes.pieces import HANDLE, HEAD, Piece

Draw = Callable[[np.random.Generator, int], tuple[Piece, ...]]
"""(random generator, number of slots S) → 1–8 pieces of a layout.

Outlines are (V, 2), m, counter-clockwise and convex, in the family's own frame with the long axis along x; heights are
in m, from the table up. Every slot 0 … S−1 is the slot of at least one piece: pieces of one slot are of one material.
S is 2, or 3. The interiors of the pieces are disjoint. All randomness comes from the generator.
"""
MOST_PIECES = 8
"""Pieces of a layout at most."""
_WORDS = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
_MODULE = r"[A-Za-z_][A-Za-z0-9_.]*"
_NAME = re.compile(rf"{_WORDS}|{_MODULE}:[A-Za-z0-9][A-Za-z0-9_]*")
_GROUP = re.compile(rf"({_MODULE}:)?{_WORDS}")


class FamilyError(InputError):
    """A family that can't be used: its name, its group, or what its function returns."""


class UnknownFamily(InputError):
    """A family name that is neither shipped nor registered."""


class UnknownSplit(InputError):
    """A split that is neither shipped nor the group of a registered family."""


@dataclass(frozen=True)
class Family:
    """A named distribution over part layouts.

    Raises:
        FamilyError: a name or group that isn't made of lower-case words, an empty description, no function.

    Example:
        >>> from sim.shapes.pieces import box, in_slots
        >>> def plank(rng, slots):
        ...     return in_slots([box(0, 0.1, 0.03, 0.02), box(0.1, 0.2, 0.03, 0.035)], (0, 1))
        >>> Family("plank", "planks", plank, "two blocks end to end").group
        'planks'
    """

    name: str
    """Lower-case words with hyphens; `module:attribute` where it was found by that reference."""
    group: str
    """The split whose objects it supplies: words with hyphens; `module:words` where it was found by reference."""
    draw: Draw
    """(generator, number of slots) → pieces; see `Draw`. `sim.objects.acceptance` decides which become objects."""
    description: str
    """One line for `robo-meta objects`."""

    def __post_init__(self) -> None:
        for field, value, form in (("name", self.name, _NAME), ("group", self.group, _GROUP)):
            if not isinstance(value, str) or not form.fullmatch(value):
                raise FamilyError(f"family {field} {value!r}; expected lower-case words with hyphens, as 'stepped-bar'")
        if not callable(self.draw):
            raise FamilyError(f"family {self.name!r}: draw is {self.draw!r}; expected a function (generator, slots)")
        if not isinstance(self.description, str) or len(self.description.splitlines()) != 1:
            raise FamilyError(f"family {self.name!r}: description {self.description!r}; expected one line of text")

    @property
    def origin(self) -> Draw:
        """What decides which objects it draws: its function."""
        return self.draw

    def layout(self, rng: np.random.Generator, slots: int) -> tuple[Piece, ...]:
        """Draw one layout and check it.

        Raises:
            FamilyError: what `draw` returned is no layout.
        """
        return checked_layout(self.name, self.draw(rng, slots), slots)


def checked_layout(name: str, pieces: Any, slots: int) -> tuple[Piece, ...]:
    """`pieces`, which the family `name` drew for `slots` slots, where they are as `Draw` says.

    That every slot is used and that nothing overlaps is left to `sim.objects.acceptance`: a family may miss it now and
    then.

    Raises:
        FamilyError: they are not.
    """
    if not isinstance(pieces, (tuple, list)) or not all(isinstance(piece, Piece) for piece in pieces):
        raise FamilyError(f"family {name!r}: draw returned {_told(pieces)}; expected a tuple of Piece")
    if not 1 <= len(pieces) <= MOST_PIECES:
        raise FamilyError(f"family {name!r}: draw returned {len(pieces)} pieces; expected 1 to {MOST_PIECES}")
    for number, piece in enumerate(pieces):
        where = f"family {name!r}, piece {number}"
        if piece.kind not in ("box", "cylinder", "prism"):
            raise FamilyError(f"{where}: kind {piece.kind!r}; expected box, cylinder or prism")
        if isinstance(piece.slot, bool) or not isinstance(piece.slot, (int, np.integer)):
            raise FamilyError(f"{where}: slot {piece.slot!r}; expected a whole number from 0 to {slots - 1}")
        if not 0 <= piece.slot < slots:
            raise FamilyError(f"{where}: slot {piece.slot}; expected 0 to {slots - 1}")
        if not isinstance(piece.height, (int, float, np.floating)) or not 0 < piece.height < np.inf:
            raise FamilyError(f"{where}: height {piece.height!r}; expected m above 0")
        if piece.role not in ("", HANDLE, HEAD):
            raise FamilyError(f"{where}: role {piece.role!r}; expected {HANDLE!r}, {HEAD!r}, or none")
        _check_outline(where, piece.outline)
    return tuple(pieces)


def _check_outline(where: str, outline: Any) -> None:
    array = np.asarray(outline)
    if array.ndim != 2 or array.shape[1:] != (2,) or len(array) < 3 or array.dtype.kind not in "fi":
        raise FamilyError(f"{where}: outline of shape {array.shape}, {array.dtype}; expected (V, 2) in m, V at least 3")
    if not np.isfinite(array).all():
        raise FamilyError(f"{where}: the outline holds values that are not finite")
    turns = turns_of(array)
    # Exactly straight corners are refused by `Prism`, once the layout has been turned.
    if min(turns) < -1e-12:
        found = "clockwise" if max(turns) < 0 else "not convex"
        raise FamilyError(f"{where}: the outline is {found}; expected a convex counter-clockwise polygon")


def _told(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        kinds = sorted({type(item).__name__ for item in value})
        return f"a {type(value).__name__} of {', '.join(kinds)}"
    return f"a {type(value).__name__}"
