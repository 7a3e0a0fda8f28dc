"""From a situation to a learner's inputs: one row for every strategy, so that all strategies share what is learned.

A situation is a scene's features, how often each strategy was tried there in vain, and the attempts left. Axis letters:
N situations, D inputs of a strategy.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from robo_meta.selector.matrix.available import CONTRAST, RETRY
from robo_meta.selector.matrix.feature_names import FARTHEST, SCENE_FEATURES, STRATEGY_FEATURES, feature_names

TOGETHER = 1.5
"""cm: choices this near count as agreeing; an error of about so much still holds."""


MARKS = ("maml", "role")
"""Strategies that stand for the two worlds in which demonstrations speak of colours, and of parts."""


class Inputs:
    """Builds a learner's inputs from rows of features.

    Args:
        strategies: (A,) names, in the order of the matrix.
    """

    def __init__(self, strategies: Sequence[str]) -> None:
        self.strategies = tuple(strategies)
        self._names = feature_names(self.strategies)
        place = {name: number for number, name in enumerate(self._names)}
        size = len(self.strategies)
        self._own = np.array([[place[f"{kind}: {name}"] for kind in STRATEGY_FEATURES] for name in self.strategies])
        self._apart = np.full((size, size), -1)
        for i, a in enumerate(self.strategies):
            for j in range(i + 1, size):
                self._apart[i, j] = self._apart[j, i] = place[f"apart: {a} | {self.strategies[j]}"]

    @property
    def _marks(self) -> tuple[str, ...]:
        """Strategies the distance to whose choice is known of every other one."""
        return tuple(name for name in MARKS if name in self.strategies)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """(D,) names of a strategy's inputs."""
        marks = [f"distance to {name}" for name in self._marks]
        own = (*STRATEGY_FEATURES, "agreeing strategies", "median distance to others", *marks)
        history = ("tried already", "failures so far", "nearest to a failure")
        return (*SCENE_FEATURES, *own, *history, *(f"is {name}" for name in self.strategies))

    @cached_property
    def scene_names(self) -> tuple[str, ...]:
        """Names of a scene's inputs, whatever strategy is taken there."""
        return (*SCENE_FEATURES, "most agreeing strategies", "smallest fit", "failures so far")

    @cached_property
    def demo_names(self) -> tuple[str, ...]:
        """Names of the inputs of a demonstration that could be asked for."""
        return (*self.scene_names, "best value", "lead over the second best")

    def of_strategies(self, features: np.ndarray, tried: np.ndarray) -> np.ndarray:
        """(N, A, D) float32 from features (N, F) and failures of each strategy so far (N, A)."""
        situations, size = len(features), len(self.strategies)
        agreeing, typical, apart = self._agreement(features)
        marks = [self.strategies.index(name) for name in self._marks]
        failed = np.where(tried[:, None, :] > 0, apart, FARTHEST).min(axis=2)
        columns = [
            np.repeat(features[:, None, : len(SCENE_FEATURES)], size, axis=1),
            features[:, self._own],
            agreeing[..., None],
            typical[..., None],
            apart[:, :, marks],
            tried[..., None],
            np.repeat(tried.sum(axis=1)[:, None, None], size, axis=1),
            failed[..., None],
            np.broadcast_to(np.eye(size), (situations, size, size)),
        ]
        return np.concatenate(columns, axis=2).astype(np.float32)

    def of_demo(self, features: np.ndarray, tried: np.ndarray, values: np.ndarray) -> np.ndarray:
        """(N, …) float32, in the order of `demo_names`; `values` (N, A + 1) are those of strategies and giving up."""
        ranked = np.sort(values, axis=1)
        best = ranked[:, -1]
        # Where nothing else can be done there is no second best.
        second = np.where(np.isfinite(ranked[:, -2]), ranked[:, -2], best - 1.0)
        more = np.stack([best, best - second], axis=1)
        return np.concatenate([self.of_scene(features, tried), more], axis=1).astype(np.float32)

    def of_scene(self, features: np.ndarray, tried: np.ndarray) -> np.ndarray:
        """(N, …) float32, in the order of `scene_names`."""
        agreeing = self._agreement(features)[0]
        fits = features[:, self._own[:, STRATEGY_FEATURES.index("fit")]]
        general = features[:, : len(SCENE_FEATURES)]
        more = np.stack([agreeing.max(axis=1), fits.min(axis=1), tried.sum(axis=1)], axis=1)
        return np.concatenate([general, more], axis=1).astype(np.float32)

    def _agreement(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Share (N, A) of the others that choose about the same place, median distance (N, A), distances (N, A, A)."""
        size = len(self.strategies)
        apart = np.where(self._apart < 0, 0.0, features[:, np.maximum(self._apart, 0)])
        # `retry` says what `contrast` says until something failed, and that mostly what `maml` says: no agreement.
        others = ~np.eye(size, dtype=bool) & ~np.isin(self.strategies, (CONTRAST, RETRY))
        counts = others.sum(axis=1)
        if not counts.all():
            return np.zeros((len(features), size)), np.zeros((len(features), size)), apart
        near = ((apart < TOGETHER) & others).sum(axis=2) / counts
        return near, np.nanmedian(np.where(others, apart, np.nan), axis=2), apart
