"""A site's memory: a belief over what materials go by there, carried from scene to scene.

A workshop paints its alloys or it doesn't; whoever has worked there for a while knows. What tells it are the scenes
that are met (their features) and what came of attempts: Bayes' rule over the two kinds of `KINDS`, with a small chance
after every scene that the site has changed. The belief weighs two predictions of success, one for each kind.

Axis letters: N scenes, A strategies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from robo_meta.selector.learner.config import LearnerConfig
from robo_meta.selector.learner.forest import Forest, fitted_forest
from robo_meta.selector.learner.inputs import Inputs
from robo_meta.selector.matrix.matrix import Matrix
from sim.tasks.scenes import PAINT, ROLE

KINDS = (PAINT, ROLE)
"""What materials go by at a site: their paint, or the part."""
SUREST = 0.02
"""Predictions are kept at least this far from 0 and 1, so that no single scene or outcome settles anything."""
CHANGED = 0.02
"""Chance after every scene that it is another site, of which nothing is known."""


@dataclass(frozen=True)
class SiteModel:
    """What was learned about sites from a training matrix, whose scenes say what their materials go by."""

    success: Forest
    """Chance of success less `base`, from `Inputs.of_strategies` and, last, 1 where the part tells."""
    kind: Forest
    """Chance that the part tells, from `Inputs.of_scene`."""
    base: np.ndarray
    """(A,) mean success."""
    prior: float
    """Share of the training scenes in which the part tells."""

    def chances(self, inputs: Inputs, features: np.ndarray) -> np.ndarray:
        """(N, 2, A) chances of success at a site of each kind."""
        rows = inputs.of_strategies(features, np.zeros((len(features), len(self.base))))
        found = []
        for kind in range(len(KINDS)):
            told = _with_kind(rows, np.full(len(features), kind))
            found.append(self.base + self.success.predict(told.reshape(-1, told.shape[2])).reshape(told.shape[:2]))
        return np.stack(found, axis=1).clip(SUREST, 1 - SUREST)

    def log_odds(self, inputs: Inputs, features: np.ndarray) -> np.ndarray:
        """(N,) by how much each scene's looks speak for the part, beyond the share of such scenes."""
        rows = inputs.of_scene(features, np.zeros((len(features), len(self.base))))
        chance = self.kind.predict(rows).clip(SUREST, 1 - SUREST)
        found: np.ndarray = logit(chance) - logit(self.prior)
        return found


def train_site(matrix: Matrix, config: LearnerConfig, seed: int = 0) -> SiteModel | None:
    """Learn from the scenes of a training matrix as they are met; None where all are of one kind."""
    met = matrix.only(matrix.drawn)
    by_part = (met.scenes["carries"] == ROLE).astype(np.float64)
    prior = float(by_part.mean())
    if not 0 < prior < 1:
        return None
    inputs, nothing = Inputs(met.strategies), np.zeros((len(met), len(met.strategies)))
    base = met.means.mean(axis=0)
    rows = _with_kind(inputs.of_strategies(met.features, nothing), by_part)
    possible = met.available.ravel()
    apart = (met.means - base).ravel()[possible]
    weights = np.ones(len(apart))
    success = fitted_forest(rows.reshape(-1, rows.shape[2])[possible], apart, weights, config, seed * 2)
    kind = fitted_forest(inputs.of_scene(met.features, nothing), by_part, np.ones(len(met)), config, seed * 2 + 1)
    return SiteModel(success, kind, base, prior)


class SiteMemory:
    """What is believed of one site; begins with what is usual.

    Args:
        model: what was learned about sites.
    """

    def __init__(self, model: SiteModel) -> None:
        self._prior = model.prior
        self._belief = np.array([1 - model.prior, model.prior])

    @property
    def belief(self) -> np.ndarray:
        """(2,) chances of `KINDS`."""
        return self._belief.copy()

    def look(self, log_odds: float) -> None:
        """Take in what a scene looks like, of `SiteModel.log_odds`."""
        self._weigh(np.array([1.0, np.exp(log_odds)]))

    def chances(self, by_kind: np.ndarray) -> np.ndarray:
        """(A,) chances of success, from those at a site of each kind (2, A)."""
        found: np.ndarray = self._belief @ by_kind
        return found

    def observe(self, by_kind: np.ndarray, strategy: int, success: bool) -> None:
        """Take in what a strategy came to, its chances having been `by_kind` (2, A)."""
        chance = by_kind[:, strategy]
        self._weigh(chance if success else 1 - chance)

    def next_scene(self) -> None:
        """Let time pass."""
        usual = np.array([1 - self._prior, self._prior])
        self._belief = (1 - CHANGED) * self._belief + CHANGED * usual

    def _weigh(self, likelihood: np.ndarray) -> None:
        weighed = self._belief * likelihood
        self._belief = weighed / weighed.sum()


def _with_kind(rows: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """(N, A, D + 1) inputs of strategies (N, A, D) and the scene's kind (N,)."""
    column = np.broadcast_to(kinds[:, None, None], (*rows.shape[:2], 1))
    return np.concatenate([rows, column], axis=2).astype(np.float32)
