"""Keys for the hand, on the page and in a terminal: the same steps, and the same commands."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

SMALL, LARGE = 0.01, 0.04
"""m of one key, and with shift."""
TURN, LARGE_TURN = math.radians(10), math.radians(30)
"""rad of one key, and with shift."""


class MoveKey(NamedTuple):
    """A key that moves the place the hand is brought to."""

    page: str
    """Its letter in a browser. The arrows and W A S D Q E move viser's camera there, and nobody can forbid it."""
    terminal: tuple[str, ...]
    """Its names in a terminal, besides that letter."""
    what: str
    axes: Mapping[str, int]
    """Axis of `Nudge` → direction."""


MOVES = (
    MoveKey("I", ("up", "w"), "hand away", {"x": 1}),
    MoveKey("K", ("down", "s"), "hand nearer", {"x": -1}),
    MoveKey("J", ("left", "a"), "hand left", {"y": 1}),
    MoveKey("L", ("right", "d"), "hand right", {"y": -1}),
    MoveKey("R", (), "hand up", {"z": 1}),
    MoveKey("F", (), "hand down", {"z": -1}),
    MoveKey("U", ("q",), "turn left", {"heading": 1}),
    MoveKey("O", ("e",), "turn right", {"heading": -1}),
)
DEEDS = (("C", "close"), ("V", "open"), ("T", "lift"), ("N", "again"))
"""Letter on the page, and the command that it gives."""


def nudge(key: MoveKey, farther: bool) -> dict[str, Any]:
    """The command of a key, as `robo_meta.studio.commands.parse` takes it; with shift it goes farther."""
    step, turn = (LARGE, LARGE_TURN) if farther else (SMALL, TURN)
    return {"do": "nudge", **{name: sign * (turn if name == "heading" else step) for name, sign in key.axes.items()}}
