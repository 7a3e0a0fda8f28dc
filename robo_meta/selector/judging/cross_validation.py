"""Cross-validation by family: each family is judged by a selector trained without it. For choices, not for results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import logit

from robo_meta.selector.judging.cluster_bootstrap import Resampled
from robo_meta.selector.judging.virtual_best import cross_fitted
from robo_meta.selector.learner.config import LearnerConfig
from robo_meta.selector.learner.fitted_q import train_selector
from robo_meta.selector.learner.prices import Prices
from robo_meta.selector.learner.reference_rules import ReferenceRules, once, taken
from robo_meta.selector.learner.selector import LIKELIEST, Selector
from robo_meta.selector.learner.worlds import tellable
from robo_meta.selector.matrix.matrix import Matrix, MatrixError

LEASTS = (1_000_000, 32, 16, 8, 4)
"""Fewest rows of a leaf, from which one is chosen; of equally good ones the first, whose choices differ least from the
single best. No matrix has rows enough for 1,000,000: trees then don't branch, and always choose the single best."""
SURER = 0.005
"""A smaller leaf is chosen only where success rises by more than this, and by more than a standard error of the
difference between the two."""
PULL = 1.0
"""Weight of the trees' own chances in `sharpness_of`, in squared units of its numbers."""


FOLDS = 6
"""Groups of families that are left out in turn: a selector is trained for each."""


@dataclass(frozen=True)
class LeftOut:
    """What selectors come to on the scenes of families that they were not trained on, (S,) or (S, A)."""

    judged: Matrix
    """The S scenes."""
    selector: np.ndarray
    """Success of the first choice."""
    single: np.ndarray
    """Success of the single best in training."""
    predicted: np.ndarray
    """(S, A) chances of success that were said, not sharpened."""


def learn(
    matrix: Matrix, prices: Prices, config: LearnerConfig, seed: int, validation: Matrix | None = None
) -> tuple[Selector, LearnerConfig, LeftOut | None]:
    """The selector of a matrix: leaves as `choose_least` has them, chances sharpened on `validation`, or else by the
    families left out.

    Args:
        matrix: to train on.
        prices: what actions cost.
        config: of the trees.
        seed: of the trees.
        validation: of families that it is neither trained nor judged on, as it is judged: shapes that nobody learned
            from are harder than those of the training, and physics is harder than keypoints.

    Raises:
        MatrixError: `validation` lacks a strategy of `matrix`, or in no scene of it anything can tell what to do.
    """
    config, left_out = choose_least(matrix, prices, config, seed)
    selector = train_selector(matrix, prices, config, seed)
    apart = left_out
    if validation is not None:
        apart = unlearned(validation, selector)
        # It has learned from these as well, and must not be judged on them.
        selector = replace(selector, card={**selector.card, "sharpened_on": list(validation.query_families)})
    if apart is not None:
        selector = replace(selector, sharpness=sharpness_of(apart))
    return selector, config, left_out


def unlearned(matrix: Matrix, selector: Selector) -> LeftOut:
    """What a selector that is not sharpened comes to on tellable scenes of other families.

    Raises:
        MatrixError: as `learn` has it.
    """
    judged = matrix.choosing(selector.strategies)
    judged = judged.only(judged.drawn)
    told = tellable(judged)
    if not len(told):
        raise MatrixError("validation in whose scenes nothing can tell what to do; expected others")
    judged = judged.only(told)
    nothing = np.zeros((len(judged), len(judged.strategies)))
    choice = selector.strategy_for(judged.features, nothing, judged.available)
    single = once(taken(judged, selector.rules.best(judged)))
    return LeftOut(judged, once(taken(judged, choice)), single, selector.predicted_success(judged.features, nothing))


def choose_least(
    matrix: Matrix, prices: Prices, config: LearnerConfig, seed: int
) -> tuple[LearnerConfig, LeftOut | None]:
    """The configuration with leaves as small as success on left-out families allows, and what it comes to there, which
    flatters that choice a bit; the configuration as it is, and None, where there is one family only."""
    best, chosen = config, None
    for least in LEASTS:
        tried = replace(config, least=least)
        found = leave_out(matrix, prices, tried, seed)
        if found is None:
            break
        if chosen is None or _better(found, chosen):
            best, chosen = tried, found
    return best, chosen


def _better(found: LeftOut, than: LeftOut) -> bool:
    gain = found.selector - than.selector
    return bool(gain.mean() > max(SURER, _error(gain)))


def _error(values: np.ndarray) -> float:
    return float(np.std(values) / np.sqrt(len(values)))


def leave_out(matrix: Matrix, prices: Prices, config: LearnerConfig, seed: int) -> LeftOut | None:
    """Train without some of the families and choose on these, in up to `FOLDS` groups; None where there is one only.

    Supports may show a family that is left out, so this is no judgement.
    """
    families = matrix.scenes["family"]
    if len(np.unique(families)) == 1:
        return None
    one = replace(prices, attempts=1)
    judged = matrix.only(matrix.drawn)
    judged = judged.only(tellable(judged))
    selected, single = np.zeros(len(judged)), np.zeros(len(judged))
    predicted = np.zeros((len(judged), len(matrix.strategies)))
    for fold in _folds(families):
        out = np.flatnonzero(np.isin(judged.scenes["family"], fold))
        if not len(out):
            continue
        training, left_out = matrix.only(np.flatnonzero(~np.isin(families, fold))), judged.only(out)
        selector = train_selector(training, one, config, seed)
        nothing = np.zeros((len(out), len(matrix.strategies)))
        choice = selector.strategy_for(left_out.features, nothing, left_out.available)
        selected[out] = once(taken(left_out, choice))
        single[out] = once(taken(left_out, ReferenceRules.of(training).best(left_out)))
        predicted[out] = selector.predicted_success(left_out.features, nothing)
    return LeftOut(judged, selected, single, predicted)


def sharpness_of(found: LeftOut) -> tuple[float, float]:
    """(a, b) of `Selector.sharpness`, by maximum likelihood over what can be taken first in left-out families."""
    possible = found.judged.first
    chance, happened = found.predicted[possible], found.judged.means[possible]
    odds = logit(np.clip(chance, LIKELIEST, 1 - LIKELIEST))

    def loss(ab: np.ndarray) -> float:
        x = ab[0] * odds + ab[1]
        # A little pull towards what the trees say, so that few scenes move little.
        return float((np.logaddexp(0.0, x) - happened * x).sum() + PULL * ((ab - (1.0, 0.0)) ** 2).sum())

    a, b = minimize(loss, np.array([1.0, 0.0])).x
    return float(a), float(b)


def cross_judge(found: LeftOut) -> dict[str, Any]:
    """`{selector, sbs, vbs, closed_gap, error}` of left-out families, the last the standard error of selector − sbs."""
    matrix, selected, single = found.judged, found.selector, found.single
    best = cross_fitted(matrix.success, matrix.first)
    gap = Resampled(*matrix.clusters).share(selected - single, best - single)
    rates = {"selector": selected.mean(), "sbs": single.mean(), "vbs": best.mean(), "closed_gap": gap.value}
    rates["error"] = _error(selected - single)
    return {name: round(float(value), 4) if np.isfinite(value) else None for name, value in rates.items()}


def _folds(families: np.ndarray) -> list[np.ndarray]:
    """Groups of families, each family in one; those with most scenes are dealt out first, so that groups are alike."""
    names, counts = np.unique(families, return_counts=True)
    order = names[np.argsort(-counts, kind="stable")]
    size = min(FOLDS, len(names))
    return [order[number::size] for number in range(size)]
