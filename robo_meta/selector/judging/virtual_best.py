"""The virtual best: the success rate of always choosing the best strategy of a scene, cross-fitted with shrinkage.

The largest of noisy means is biased upward, as the luckiest wins: of five equal strategies at 0.9 it makes 0.985 (12
rollouts). A jackknife that extrapolates in 1 ÷ R (Quenouille, 1956) takes that bias for a smooth one, which it isn't
where strategies are equal or rates near 1, and makes 0.993. So the strategy is chosen on some rollouts and scored on
another one (cross-fitting: Chernozhukov et al., 2018, "Double/debiased machine learning", Econom. J. 21; for the
largest of means van Hasselt, 2010, "Double Q-learning"): what is scored is a choice that a person could have made, so
that on average no estimate is above the truth. Its price is a bias downward, by the choices that few rollouts get
wrong. Shrinking each scene's rates towards the strategies' means (Efron and Morris, 1975) keeps that small where there
is little to choose, and a prior of `PRIOR` rollouts gives way to 12 rollouts where strategies cross over.

Scores of rules and selectors on all rollouts are on the same ones as the virtual best's. Axis letters: S scenes, A
strategies, R rollouts.
"""

from __future__ import annotations

import numpy as np

from robo_meta.selector.matrix.matrix import MatrixError

PRIOR = 3.0
"""Rollouts that a strategy's mean over all scenes weighs beside those of the scene."""
LEAST_ROLLOUTS, ENOUGH_ROLLOUTS = 4, 10
"""Rollouts of a cell: with fewer than the first, the prior weighs more than those that are left to choose by; with
fewer than the second the estimate says little."""
TIED = 1e-9
"""Rates that differ by less are equal."""


def refuse_few(rollouts: int, where: str = "matrix") -> None:
    """Raises MatrixError where a cell has too few rollouts for `cross_fitted`."""
    if rollouts < LEAST_ROLLOUTS:
        raise MatrixError(
            f"{where}: {rollouts} rollouts a cell; the virtual best needs {LEAST_ROLLOUTS} or more, and 12 to judge by"
        )


def cross_fitted(success: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """(S,) the virtual best's score in each scene; their mean is at most the truth, but for chance.

    For each rollout r that strategy is chosen whose (successes without r + `PRIOR` × its mean) ÷ (R − 1 + `PRIOR`) is
    largest, and r is its score; equal ones share it. The mean is over all scenes, without their rollouts r, so that
    nothing of what is scored has chosen.

    Args:
        success: (S, A, R) outcomes.
        allowed: (S, A) bool: what can be taken first in each scene.

    Raises:
        MatrixError: fewer than `LEAST_ROLLOUTS` rollouts.
    """
    rollouts = success.shape[2]
    refuse_few(rollouts)
    others = success.sum(axis=2)[:, :, None] - success.astype(np.float64)
    means = others.mean(axis=0) / (rollouts - 1)
    rates = np.where(allowed[:, :, None], (others + PRIOR * means) / (rollouts - 1 + PRIOR), -1.0)
    best = rates >= rates.max(axis=1, keepdims=True) - TIED
    scores: np.ndarray = ((success * best).sum(axis=1) / best.sum(axis=1)).mean(axis=1)
    return scores


def naive(success: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """(S,) largest rate of each scene's allowed strategies; their mean is at least the truth, but for chance."""
    largest: np.ndarray = np.where(allowed, success.mean(axis=2), -1.0).max(axis=1)
    return largest
