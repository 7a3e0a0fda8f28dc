"""The learned selector: from a situation to the value of every action, and to the best one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from robo_meta.selector.learner.inputs import Inputs
from robo_meta.selector.learner.prices import Prices
from robo_meta.selector.learner.reference_rules import ReferenceRules

DEMO, GIVE_UP = "one more demo", "give up"


class Model(Protocol):
    """A regressor that can be stored as arrays."""

    kind: str

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """(N,) from (N, D)."""

    def contributions(self, row: np.ndarray) -> tuple[float, np.ndarray]:
        """A prediction's base and what each input (D,) adds."""

    @property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """Name → array."""


@dataclass(frozen=True)
class Stage:
    """What was learned for situations with a certain number of attempts left."""

    base: np.ndarray
    """(A + 1, A) mean value of trying each strategy after strategy i failed, or, last row, before anything was tried:
    what is believed of it when nothing is known of the scene."""
    strategies: Model
    """What the situation adds to that, from `Inputs.of_strategies`."""
    demo: Model | None
    """Value of one more demonstration, from `Inputs.of_demo`; None where the matrix had none."""


def base_value(base: np.ndarray, tried: np.ndarray) -> np.ndarray:
    """(N, A) the row of `Stage.base` that fits what failed so far (N, A); where several did, the worst of them."""
    after = np.where(tried[:, :, None] > 0, base[:-1], np.inf).min(axis=1)
    return np.where(tried.any(axis=1, keepdims=True), after, base[-1])


@dataclass(frozen=True)
class Selector:
    """Everything a decision needs."""

    inputs: Inputs
    stages: tuple[Stage, ...]
    """By attempts left, from one."""
    seconds: np.ndarray
    """(A,) nominal s of adapting and choosing."""
    prices: Prices
    rules: ReferenceRules
    """The baselines' knowledge of the same training matrix."""
    card: Mapping[str, Any]
    """`learner`, `families` of the training matrix, its fingerprint, `checkpoint`, `versions`, `seed`."""

    @property
    def strategies(self) -> tuple[str, ...]:
        """(A,) names."""
        return self.inputs.strategies

    @cached_property
    def actions(self) -> tuple[str, ...]:
        """(A + 2,): the strategies, one more demo, give up."""
        return (*self.strategies, DEMO, GIVE_UP)

    @property
    def costs(self) -> np.ndarray:
        """(A,) price of one attempt with each strategy."""
        return self.prices.attempt + self.prices.second * self.seconds

    def values(
        self,
        features: np.ndarray,
        tried: np.ndarray,
        left: int,
        affordable: np.ndarray,
        demo: bool | np.ndarray = False,
    ) -> np.ndarray:
        """Q of every action, −∞ where it can't be taken.

        Args:
            features: (N, F).
            tried: (N, A) failures of each strategy so far in this scene.
            left: attempts left, the next one among them.
            affordable: (N, A) bool: what the budget allows.
            demo: whether, or where (N,), one more demonstration can be had.

        Returns:
            (N, A + 2) float64, in the order of `actions`.
        """
        stage = self.stages[min(left, len(self.stages)) - 1]
        rows = self.inputs.of_strategies(features, tried)
        found = np.full((len(features), len(self.strategies) + 2), -np.inf)
        predicted = stage.strategies.predict(rows.reshape(-1, rows.shape[2])).reshape(rows.shape[:2])
        predicted = predicted + base_value(stage.base, tried)
        found[:, :-2] = np.where(affordable, predicted, -np.inf)
        if stage.demo is not None and np.any(demo):
            found[:, -2] = np.where(demo, stage.demo.predict(self.inputs.of_demo(features, tried)), -np.inf)
        found[:, -1] = 0.0
        return found

    def strategy_for(
        self, features: np.ndarray, tried: np.ndarray, affordable: np.ndarray, left: int = 1
    ) -> np.ndarray:
        """(N,) the strategy of largest value, whatever else could be done."""
        return self.values(features, tried, left, affordable)[:, :-2].argmax(axis=1)

    def predicted_success(self, features: np.ndarray, tried: np.ndarray) -> np.ndarray:
        """(N, A) chance that each strategy's next attempt succeeds: its value as the last one, the price put back."""
        everything = np.ones((len(features), len(self.strategies)), dtype=bool)
        return np.clip(self.values(features, tried, 1, everything)[:, :-2] + self.costs, 0.0, 1.0)
