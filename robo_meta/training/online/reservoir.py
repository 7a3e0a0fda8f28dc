"""A bounded memory of a stream: at any moment every task seen so far is equally likely to be in it.

Algorithm R: J. S. Vitter, "Random sampling with a reservoir", 1985.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Reservoir(NamedTuple):
    """What is kept of a stream; a value, never changed in place."""

    held: Tensor
    """(R,) int64 numbers of the tasks held, R ≤ the bound."""
    seen: int
    """Tasks offered so far."""


def empty_reservoir() -> Reservoir:
    """Before the first task."""
    return Reservoir(torch.zeros(0, dtype=torch.int64), 0)


def offer(reservoir: Reservoir, task: int, bound: int, generator: torch.Generator) -> Reservoir:
    """The reservoir after `task` has passed.

    The n-th task is kept with probability bound ÷ n, in the place of one that is drawn evenly; by induction each of
    the n is then held with probability bound ÷ n.

    Args:
        reservoir: left as it is.
        task: the number that arrives.
        bound: most tasks held.
        generator: draws once for every task past the bound, and never before.
    """
    held, seen = reservoir
    if seen < bound:
        return Reservoir(torch.cat([held, torch.tensor([task])]), seen + 1)
    place = int(torch.randint(seen + 1, (), generator=generator))
    if place < bound:
        held = held.clone()
        held[place] = task
    return Reservoir(held, seen + 1)
