"""Cross-validation by family: each family is judged by a selector trained without it. For choices, not for results."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from robo_meta.selector.judging.cluster_bootstrap import Resampled
from robo_meta.selector.judging.virtual_best import cross_fitted
from robo_meta.selector.learner.config import LearnerConfig
from robo_meta.selector.learner.fitted_q import train_selector
from robo_meta.selector.learner.prices import Prices
from robo_meta.selector.learner.reference_rules import ReferenceRules, once, taken
from robo_meta.selector.learner.worlds import tellable
from robo_meta.selector.matrix.matrix import Matrix

LEASTS = (1_000_000, 32, 16, 8, 4)
"""Fewest rows of a leaf, from which one is chosen; of equally good ones the first, whose choices differ least from the
single best. No matrix has rows enough for 1,000,000: trees then don't branch, and always choose the single best."""
SURER = 0.005
"""A smaller leaf is chosen only where success rises by more than this, and by more than a standard error."""


FOLDS = 6
"""Groups of families that are left out in turn: a selector is trained for each."""


def choose_least(
    matrix: Matrix, prices: Prices, config: LearnerConfig, seed: int
) -> tuple[LearnerConfig, dict[str, Any] | None]:
    """The configuration with leaves as small as success on left-out families allows, and the judgement that chose it,
    which flatters that choice a bit; the configuration as it is, and None, where there is one family only."""
    best, judgement = config, None
    for least in LEASTS:
        tried = replace(config, least=least)
        found = cross_judge(matrix, prices, tried, seed)
        if found is None:
            break
        if judgement is None or found["selector"] > judgement["selector"] + max(SURER, found["error"]):
            best, judgement = tried, found
    return best, judgement


def cross_judge(matrix: Matrix, prices: Prices, config: LearnerConfig, seed: int) -> dict[str, Any] | None:
    """Success of selector and single best with the query families left out in turn, in up to `FOLDS` groups; None where
    there is one only.

    Returns:
        `{selector, sbs, vbs, closed_gap, error}` of the scenes in which something can tell, the last the standard error
        of selector − sbs. Supports may show the family that is left out, so this is no judgement.
    """
    families = matrix.scenes["family"]
    if len(np.unique(families)) == 1:
        return None
    one = replace(prices, attempts=1)
    judged = matrix.only(matrix.drawn)
    judged = judged.only(tellable(judged))
    selected, single = np.zeros(len(judged)), np.zeros(len(judged))
    for fold in _folds(families):
        out = np.flatnonzero(np.isin(judged.scenes["family"], fold))
        training, left_out = matrix.only(np.flatnonzero(~np.isin(families, fold))), judged.only(out)
        selector = train_selector(training, one, config, seed)
        nothing = np.zeros((len(out), len(matrix.strategies)))
        choice = selector.strategy_for(left_out.features, nothing, left_out.available)
        selected[out] = once(taken(left_out, choice))
        single[out] = once(taken(left_out, ReferenceRules.of(training).best(left_out)))
    best = cross_fitted(judged.success, judged.first)
    matrix = judged
    gap = Resampled(*matrix.clusters).share(selected - single, best - single)
    rates = {"selector": selected.mean(), "sbs": single.mean(), "vbs": best.mean(), "closed_gap": gap.value}
    rates["error"] = np.std(selected - single) / np.sqrt(max(len(np.unique(matrix.clusters[1])), 1))
    return {name: round(float(value), 4) if np.isfinite(value) else None for name, value in rates.items()}


def _folds(families: np.ndarray) -> list[np.ndarray]:
    """Groups of families, each family in one; those with most scenes are dealt out first, so that groups are alike."""
    names, counts = np.unique(families, return_counts=True)
    order = names[np.argsort(-counts, kind="stable")]
    size = min(FOLDS, len(names))
    return [order[number::size] for number in range(size)]
