"""The selector's whole policy, step by step: attempt with a strategy, ask for a demonstration, or give up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from demos.policy import Policy
from demos.support import SupportItem, SupportSet
from robo_meta.evaluation.asking import Decision
from robo_meta.selector.judging.because import because
from robo_meta.selector.learner.selector import Selector
from robo_meta.selector.matrix.available import RETRY, available_with, first_of
from robo_meta.selector.matrix.columns import DEMOS
from robo_meta.selector.matrix.feature_names import feature_names
from robo_meta.selector.matrix.observe import look


@dataclass(frozen=True)
class Situation:
    """What is known of a scene, failed attempts apart."""

    support: SupportSet
    features: np.ndarray
    """(F,) float32."""
    policies: Mapping[str, Policy]
    """Strategy → the policy adapted to the support."""


@dataclass(frozen=True)
class Reason:
    """What a decision for one attempt is made from."""

    chosen: str
    """The strategy of largest value."""
    because: str
    """A sentence."""
    predicted: Mapping[str, float]
    """Strategy that can be taken → its chance of success."""


class Deciding:
    """A `robo_meta.evaluation.asking.Decider` that follows the selector's values.

    Args:
        selector: says what each action is worth, at its own prices.
        strategies: (A,) name → strategy, in the selector's order.
    """

    def __init__(self, selector: Selector, strategies: Mapping[str, Any]) -> None:
        self._selector, self._strategies = selector, strategies

    @property
    def attempts(self) -> int:
        """Attempts at most."""
        return self._selector.prices.attempts

    @property
    def gamma(self) -> float:
        """How much a reward one decision later counts."""
        return self._selector.prices.gamma

    @property
    def worst(self) -> float:
        """Return of asking for the dearest demonstration and failing with the dearest strategy, nothing discounted."""
        prices = self._selector.prices
        return -float(max(prices.demos) + prices.attempts * (self._selector.costs.max() + prices.failure))

    @property
    def strategies(self) -> tuple[str, ...]:
        """(A,) names of what it can attempt with."""
        return self._selector.strategies

    def look(self, support: SupportSet, points: np.ndarray) -> Situation:
        """Adapt every strategy to the support and look at the query's scan (P, 6)."""
        seen = look(self._strategies, support, points)
        return Situation(support, seen.features, seen.policies)

    def decide(self, seen: Situation, failed: Sequence[str], left: int, may_ask: bool) -> Decision:
        """The action of largest value after attempts with the strategies `failed`."""
        tried = np.array([[failed.count(name) for name in self.strategies]], dtype=float)
        values = self._selector.values(seen.features[None], tried, left, self._available(seen), may_ask)
        chosen, size = int(values[0].argmax()), len(self.strategies)
        action = self._selector.actions[chosen]
        if chosen < size:
            return Decision(action, strategy=action)
        return Decision(action, demo=DEMOS[chosen - size] if chosen < size + len(DEMOS) else None)

    def first(self, seen: Situation) -> str:
        """The strategy of largest value for one attempt, nothing tried yet."""
        nothing = np.zeros((1, len(self.strategies)))
        return self.strategies[int(self._selector.strategy_for(seen.features[None], nothing, self._available(seen))[0])]

    def reason(self, seen: Situation) -> Reason:
        """Why `first` takes what it takes."""
        chosen, nothing = self.first(seen), np.zeros((1, len(self.strategies)))
        chances = self._selector.predicted_success(seen.features[None], nothing)[0]
        allowed = first_of(self.strategies, self._available(seen))[0]
        predicted = {name: float(chances[i]) for i, name in enumerate(self.strategies) if allowed[i]}
        values = dict(zip(feature_names(self.strategies), seen.features.tolist(), strict=True))
        return Reason(chosen, because(values, predicted, chosen), predicted)

    def policy(self, seen: Situation, strategy: str, failed: tuple[SupportItem, ...]) -> Policy:
        """The strategy's policy; `retry` adapts to the failed attempts too, the others don't know of them."""
        if strategy == RETRY and failed:
            adapted: Policy = self._strategies[RETRY].adapt_after(seen.support, failed)
            return adapted
        return seen.policies[strategy]

    def reward(self, strategy: str, success: bool) -> float:
        """Of one attempt: 1 for a success, minus its price, its nominal seconds', and a failure's where it failed."""
        number = np.array([self.strategies.index(strategy)])
        return float(self._selector.reward_of(number, np.array([float(success)]))[0])

    def price(self, demo: str) -> float:
        """Of one demonstration of a kind."""
        return self._selector.prices.demos[DEMOS.index(demo)]

    def _available(self, seen: Situation) -> np.ndarray:
        """(1, A) bool: what the demonstrations allow."""
        return available_with(self.strategies, np.array([sum(not item.success for item in seen.support.items)]))
