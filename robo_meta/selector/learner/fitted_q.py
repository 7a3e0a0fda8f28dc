"""Fitted Q-iteration on the matrix (Ernst et al., 2005), by attempts left: trees learn what each action is worth.

With one attempt left, trying a strategy is worth its success minus its price. With more left, a failure leads to a
situation that the stage before has valued. A situation is weighted by how likely one comes into it, that is, by how
likely what was tried there failed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from demos.demo import installed_versions
from robo_meta.selector.learner.forest import from_sklearn
from robo_meta.selector.learner.inputs import Inputs
from robo_meta.selector.learner.neural_q import fit_network
from robo_meta.selector.learner.prices import Prices
from robo_meta.selector.learner.reference_rules import Rules
from robo_meta.selector.learner.selector import Model, Selector, Stage, base_value
from robo_meta.selector.matrix.features import FEATURE_SCHEMA, feature_names
from robo_meta.selector.matrix.matrix import Matrix, MatrixError
from sim.errors import InputError

TREES, LEAVES, LEAST = 80, 160, 16
"""Trees of an ensemble, leaves of a tree at most, rows (situations × strategies) of a leaf at least."""
PAIRS = 12
"""Pairs of failures that are drawn for each scene."""
BORROWED = 2.0
"""Failures' worth of what follows any strategy's failure that goes into what follows a certain one's."""

Fit = Callable[[np.ndarray, np.ndarray, np.ndarray, int, int], Model]
"""Inputs (N, D), targets (N,), weights (N,), seed, rows of a leaf at least → a model."""


class LearnerError(InputError):
    """A learner that does not exist."""


def _trees(kind: str) -> Fit:
    def fit(inputs: np.ndarray, targets: np.ndarray, weights: np.ndarray, seed: int, least: int) -> Model:
        from sklearn import ensemble

        # scikit-learn takes seeds below 2³² only.
        shared: dict[str, Any] = {"random_state": seed % 2**32, "max_leaf_nodes": LEAVES}
        bagged = shared | {"n_estimators": TREES, "max_features": 0.5, "min_samples_leaf": least, "n_jobs": 1}
        if kind == "extra-trees":
            model = ensemble.ExtraTreesRegressor(**bagged)
        elif kind == "random-forest":
            model = ensemble.RandomForestRegressor(**bagged)
        else:
            model = ensemble.GradientBoostingRegressor(
                n_estimators=TREES,
                learning_rate=0.05,
                subsample=0.6,
                max_depth=3,
                min_samples_leaf=least,
                random_state=seed % 2**32,
            )
        return from_sklearn(model.fit(inputs, targets, sample_weight=weights))

    return fit


LEARNERS: dict[str, Fit] = {
    "extra-trees": _trees("extra-trees"),
    "random-forest": _trees("random-forest"),
    "gradient-boosting": _trees("gradient-boosting"),
    "network": fit_network,
}
"""What may regress the values."""


def check_learner(name: str) -> None:
    """Raises LearnerError where there is no such learner."""
    if name not in LEARNERS:
        raise LearnerError(f"unknown learner {name!r}; expected one of {', '.join(LEARNERS)}")


@dataclass(frozen=True)
class Situations:
    """N situations of the training matrix."""

    rows: np.ndarray
    """(N,) scenes."""
    tried: np.ndarray
    """(N, A) failures so far."""
    weights: np.ndarray
    """(N,) how likely one comes into them."""


def train_selector(
    matrix: Matrix, prices: Prices, learner: str = "extra-trees", seed: int = 0, least: int = LEAST
) -> Selector:
    """Learn the value of every action from a matrix.

    Args:
        matrix: of families that will not be judged on.
        prices: what actions cost.
        learner: one of `LEARNERS`.
        seed: of trees or networks.
        least: rows of a tree's leaf at least; see `robo_meta.selector.judging.cross_validation.choose_least`.

    Raises:
        LearnerError: no such learner.
        MatrixError: the matrix has features of another schema.
    """
    check_learner(learner)
    if matrix.feature_names != feature_names(matrix.strategies):
        raise MatrixError("matrix with features of another schema; play it again with robo-meta select matrix")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    fit, inputs = LEARNERS[learner], Inputs(matrix.strategies)
    known = {
        "learner": learner,
        "least": least,
        "feature_schema": FEATURE_SCHEMA,
        "families": list(matrix.families),
        "checkpoint": matrix.provenance.get("checkpoint"),
        "matrix": {name: matrix.provenance.get(name) for name in ("split", "seed", "scenes", "rollouts", "controller")},
        "rows": len(matrix),
        "seed": seed,
        "versions": installed_versions(),
    }
    rules = Rules.of(matrix)
    stages: tuple[Stage, ...] = ()
    for left in range(1, prices.attempts + 1):
        partial = Selector(inputs, stages, matrix.seconds, prices, rules, {})
        stages = (*stages, _stage(matrix, partial, left, fit, seed, least))
    return Selector(inputs, stages, matrix.seconds, prices, rules, known)


def _stage(matrix: Matrix, before: Selector, left: int, fit: Fit, seed: int, least: int) -> Stage:
    prices = before.prices
    found = situations(matrix, prices.attempts - left, seed)
    features, chance = matrix.features[found.rows], matrix.chances(found.rows, found.tried, found.tried)
    targets = chance - before.costs
    if left > 1:
        for action in range(len(matrix.strategies)):
            after = found.tried.copy()
            after[:, action] += 1
            value = best_value(matrix, before, found.rows, after, left - 1)
            targets[:, action] += prices.gamma * (1 - chance[:, action]) * value
    rows = before.inputs.of_strategies(features, found.tried)
    weights = np.repeat(found.weights[:, None], rows.shape[1], axis=1)
    possible = matrix.affordable[found.rows] & (weights > 0)
    # Only what departs from each strategy's mean is left to learn, so that few scenes lead to the single best.
    base = _base(targets, found)
    apart = (targets - base_value(base, found.tried))[possible]
    strategies = fit(rows[possible], apart, weights[possible], seed * 16 + 2 * left, least)
    stage = Stage(base, strategies, None)
    more = (matrix.following[found.rows] >= 0) & (found.weights > 0)
    if not more.any():
        return stage
    this = Selector(before.inputs, (*before.stages, stage), before.seconds, prices, before.rules, {})
    value = best_value(matrix, this, matrix.following[found.rows[more]], found.tried[more], left)
    rows = before.inputs.of_demo(features[more], found.tried[more])
    demo = fit(rows, prices.gamma * value - prices.demo, found.weights[more], seed * 16 + 2 * left + 1, least)
    return Stage(base, strategies, demo)


def _base(targets: np.ndarray, found: Situations) -> np.ndarray:
    """(A + 1, A) means of targets (N, A), see `Stage.base`.

    Where nothing was tried all scenes count alike; after a failure, a scene counts by how likely that was. A strategy
    that failed in too few scenes to tell borrows from what follows other failures.
    """
    size, count = found.tried.shape[1], found.tried.sum(axis=1)
    single = (count == 1) & (found.weights > 0)
    base = np.tile(targets[count == 0].mean(axis=0), (size + 1, 1))
    if not single.any():
        return base
    overall = np.average(targets[single], axis=0, weights=found.weights[single])
    for failed in range(size):
        rows = single & (found.tried[:, failed] == 1)
        # The weights hold a share of 1 ÷ A for each strategy's failure.
        mass = found.weights[rows].sum() * size
        own = (found.weights[rows, None] * targets[rows]).sum(axis=0) * size
        base[failed] = (own + BORROWED * overall) / (mass + BORROWED)
    return base


def best_value(matrix: Matrix, selector: Selector, rows: np.ndarray, tried: np.ndarray, left: int) -> np.ndarray:
    """(N,) value of the best action in situations of scenes `rows` (N,)."""
    more = matrix.following[rows] >= 0
    return selector.values(matrix.features[rows], tried, left, matrix.affordable[rows], more).max(axis=1)


def situations(matrix: Matrix, depth: int, seed: int) -> Situations:
    """Every scene with nothing tried, with each strategy failed once, and with `PAIRS` drawn pairs; up to `depth`."""
    scenes, size = len(matrix), len(matrix.strategies)
    rows, tried = [np.arange(scenes)], [np.zeros((scenes, size))]
    if depth >= 1:
        rows.append(np.repeat(np.arange(scenes), size))
        tried.append(np.tile(np.eye(size), (scenes, 1)))
    if depth >= 2:
        rng = np.random.default_rng(seed)
        pairs = rng.integers(size, size=(scenes * PAIRS, 2))
        rows.append(np.repeat(np.arange(scenes), PAIRS))
        tried.append(np.eye(size)[pairs[:, 0]] + np.eye(size)[pairs[:, 1]])
    found, history = np.concatenate(rows), np.concatenate(tried)
    misses = 1.0 - matrix.success.mean(axis=2)[found]
    # The n-th failure of one strategy, its rollouts being drawn without repetition.
    rollouts = matrix.rollouts
    again = np.clip((misses * rollouts - 1) / (rollouts - 1), 0.0, 1.0)
    weights = np.where(history > 0, misses, 1.0) * np.where(history > 1, again, 1.0)
    if matrix.retry is not None:
        # Beside another failure, or its own first one, `retry` failed with what it had learnt.
        others = history.copy()
        others[:, matrix.retry] -= 1
        learnt = (np.maximum(others, 0) * (1.0 - matrix.retry_rates[found])).sum(axis=1)
        twice = history[:, matrix.retry] == 2
        second = (history.sum(axis=1) == 2) & (history[:, matrix.retry] > 0)
        first = np.where(twice, misses[:, matrix.retry], 1.0)
        weights[:, matrix.retry] = np.where(second, first * learnt, weights[:, matrix.retry])
    allowed = (matrix.affordable[found] | (history == 0)).all(axis=1)
    # Each depth counts as much as the first where everything fails.
    depths = history.sum(axis=1)
    share = np.array([1.0, 1.0 / size, 1.0 / PAIRS])[depths.astype(int)]
    return Situations(found, history, weights.prod(axis=1) * share * allowed)
