"""How the selector's values are learned from a matrix."""

from __future__ import annotations

from dataclasses import dataclass

from sim.errors import InputError


class LearnerError(InputError):
    """A number of a learner's configuration that makes no sense."""


@dataclass(frozen=True)
class LearnerConfig:
    """An ensemble of extremely randomised trees (Geurts et al., 2006), and what it learns from.

    Raises:
        LearnerError: a number out of range.
    """

    trees: int = 40
    """Trees of an ensemble."""
    leaves: int = 48
    """Most leaves of a tree."""
    least: int = 16
    """Fewest rows (situations × strategies) of a leaf; `choose_least` of `robo_meta.selector.judging` chooses it."""
    pairs: int = 12
    """Pairs of failures that are drawn for each scene."""
    borrowed: float = 2.0
    """Prior weight, in failures, that shrinks the estimate of each strategy towards the mean over all strategies."""

    def __post_init__(self) -> None:
        for name, low in {"trees": 1, "leaves": 2, "least": 1, "pairs": 1, "borrowed": 0}.items():
            if getattr(self, name) < low:
                raise LearnerError(f"{name} {getattr(self, name)}; expected {low} or more")
