"""The learned selector: from a situation to the value of every action, and to the best one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from scipy.special import expit, logit

from robo_meta.selector.learner.inputs import Inputs
from robo_meta.selector.learner.prices import Prices
from robo_meta.selector.learner.reference_rules import ReferenceRules
from robo_meta.selector.learner.site import SiteModel
from robo_meta.selector.matrix.available import first_of

ASKING = ("one more demo", "demo on this object")
"""Names of the actions that ask for a demonstration, in the order of `robo_meta.selector.matrix.columns.DEMOS`."""
GIVE_UP = "give up"


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
    demos: tuple[Model | None, ...]
    """By how much each kind of demonstration that can be asked for is worth more than the best that can be done
    without, from `Inputs.of_demo`; None where the matrix had none of that kind."""


def base_value(base: np.ndarray, tried: np.ndarray) -> np.ndarray:
    """(N, A) the row of `Stage.base` that fits what failed so far (N, A); where several did, the worst of them."""
    after = np.where(tried[:, :, None] > 0, base[:-1], np.inf).min(axis=1)
    return np.where(tried.any(axis=1, keepdims=True), after, base[-1])


LIKELIEST = 0.01
"""Chances are said to be at least this far from 0 and 1."""


def sharpened(chances: np.ndarray, sharpness: tuple[float, float]) -> np.ndarray:
    """Chances (…,) by `Selector.sharpness`."""
    odds = sharpness[0] * logit(np.clip(chances, LIKELIEST, 1 - LIKELIEST)) + sharpness[1]
    found: np.ndarray = np.clip(expit(odds), LIKELIEST, 1 - LIKELIEST)
    return found


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
    sharpness: tuple[float, float] = (1.0, 0.0)
    """(a, b): chances are said as log odds a · x + b, x being those of the trees, which average towards the middle; by
    training scenes whose families were left out (Platt, 1999)."""
    site: SiteModel | None = None
    """What was learned about sites; None where the training matrix knew one kind alone."""

    @property
    def strategies(self) -> tuple[str, ...]:
        """(A,) names."""
        return self.inputs.strategies

    @cached_property
    def actions(self) -> tuple[str, ...]:
        """(A + 3,): the strategies, one more demo, a demo on this object, give up."""
        return (*self.strategies, *ASKING, GIVE_UP)

    @property
    def costs(self) -> np.ndarray:
        """(A,) price of one attempt with each strategy, whatever comes of it."""
        return self.prices.attempt + self.prices.second * self.seconds

    def reward(self, chance: np.ndarray) -> np.ndarray:
        """(…, A) expected reward of one attempt with each strategy, from chances of success (…, A)."""
        return self.reward_of(np.arange(len(self.costs)), chance)

    def reward_of(self, actions: np.ndarray, chances: np.ndarray) -> np.ndarray:
        """(…, N) expected reward of one attempt with each of the strategies numbered (N,), from chances (…, N)."""
        found: np.ndarray = chances - self.costs[actions] - self.prices.failure * (1.0 - chances)
        return found

    def values(
        self,
        features: np.ndarray,
        tried: np.ndarray,
        left: int,
        available: np.ndarray,
        more: bool | np.ndarray = False,
    ) -> np.ndarray:
        """Q of every action, −∞ where it can't be taken.

        Args:
            features: (N, F).
            tried: (N, A) failures of each strategy so far in this scene.
            left: attempts left, the next one among them.
            available: (N, A) bool: what the scene allows (`Matrix.available`); `retry` needs a failed attempt besides.
            more: whether, or where (N, D), a demonstration of each kind can be had.

        Returns:
            (N, A + 3) float64, in the order of `actions`.
        """
        stage = self.stages[min(left, len(self.stages)) - 1]
        size = len(self.strategies)
        found = np.full((len(features), len(self.actions)), -np.inf)
        predicted = self._predicted(stage, features, tried)
        begun = tried.any(axis=1, keepdims=True)
        allowed = np.where(begun, available, first_of(self.strategies, available))
        found[:, :size] = np.where(allowed, predicted, -np.inf)
        found[:, -1] = 0.0
        acting = np.concatenate([found[:, :size], found[:, -1:]], axis=1)
        can_ask = np.broadcast_to(more, (len(features), len(ASKING)))
        for kind, model in enumerate(stage.demos):
            if model is not None and can_ask[:, kind].any():
                value = acting.max(axis=1) + model.predict(self.inputs.of_demo(features, tried, acting))
                found[:, size + kind] = np.where(can_ask[:, kind], value, -np.inf)
        return found

    def strategy_for(self, features: np.ndarray, tried: np.ndarray, available: np.ndarray, left: int = 1) -> np.ndarray:
        """(N,) the strategy of largest value, whatever else could be done."""
        return self.values(features, tried, left, available)[:, : len(self.strategies)].argmax(axis=1)

    def predicted_success(self, features: np.ndarray, tried: np.ndarray) -> np.ndarray:
        """(N, A) chance that each strategy's next attempt succeeds: its value as the last one, the prices put back."""
        values = self._predicted(self.stages[0], features, tried)
        chance = (values + self.costs + self.prices.failure) / (1.0 + self.prices.failure)
        return sharpened(chance, self.sharpness)

    def _predicted(self, stage: Stage, features: np.ndarray, tried: np.ndarray) -> np.ndarray:
        """(N, A) values of the strategies, whether they can be taken or not."""
        rows = self.inputs.of_strategies(features, tried)
        apart = stage.strategies.predict(rows.reshape(-1, rows.shape[2])).reshape(rows.shape[:2])
        found: np.ndarray = apart + base_value(stage.base, tried)
        return found
