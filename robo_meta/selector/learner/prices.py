"""Prices of actions, and the discount of later rewards."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from sim.errors import InputError


class PriceError(InputError):
    """A price or discount that makes no sense."""


PRICED = ("attempt", "failure", "demo", "own_demo", "second")
"""What has a price."""


@dataclass(frozen=True)
class Prices:
    """In units of one success. The objective is E[Σ γᵗ rₜ], the reward being success minus these."""

    attempt: float = 0.05
    """Of one attempt."""
    failure: float = 0.20
    """Of a failed attempt, besides: a dropped object has to be picked up."""
    demo: float = 0.10
    """Of one more demonstration, on whatever is at hand."""
    own_demo: float = 0.20
    """Of a demonstration on the very object that is to be grasped."""
    second: float = 0.05
    """Of one nominal second of adapting and choosing."""
    gamma: float = 0.95
    """γ in (0, 1]: how much a reward one decision later counts."""
    attempts: int = 3
    """Attempts at most in one scene."""

    def __post_init__(self) -> None:
        for name in PRICED:
            value = getattr(self, name)
            if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
                raise PriceError(f"price of {name} {value!r}; expected a number of 0 or more")
        if not isinstance(self.gamma, int | float) or not 0 < self.gamma <= 1:
            raise PriceError(f"gamma {self.gamma!r}; expected more than 0 and at most 1")
        if not isinstance(self.attempts, int) or not 1 <= self.attempts <= 5:
            raise PriceError(f"attempts {self.attempts!r}; expected 1 to 5")

    @property
    def demos(self) -> tuple[float, ...]:
        """Of each kind of demonstration, in the order of `robo_meta.selector.matrix.columns.DEMOS`."""
        return self.demo, self.own_demo

    @property
    def card(self) -> dict[str, float]:
        """As plain data."""
        return asdict(self)
