"""Fitted Q-iteration on the matrix (Ernst et al., 2005), by attempts left: trees learn the value of each action.

With one attempt left, the value of a strategy is its success minus its price. With more left, a failure leads to a
situation that the stage before has valued. A situation is weighted by the probability of reaching it, that is, of the
failures that lead to it. Axis letters: N situations, A strategies, D inputs.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from demos.demo import installed_versions
from robo_meta.selector.learner.config import LearnerConfig
from robo_meta.selector.learner.forest import Forest, fitted_forest
from robo_meta.selector.learner.inputs import Inputs
from robo_meta.selector.learner.prices import Prices
from robo_meta.selector.learner.reference_rules import ReferenceRules
from robo_meta.selector.learner.selector import Selector, Stage, base_value
from robo_meta.selector.learner.site import train_site
from robo_meta.selector.matrix.columns import DEMOS
from robo_meta.selector.matrix.feature_names import FEATURE_SCHEMA, feature_names
from robo_meta.selector.matrix.matrix import Matrix, MatrixError

LEARNER = "extra-trees"
"""Name of the learner in a selector's card."""
USUAL = LearnerConfig()
"""The configuration where none is given."""


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
    matrix: Matrix, prices: Prices, config: LearnerConfig = USUAL, seed: int = 0, *, most_left: int | None = None
) -> Selector:
    """Learn the value of every action from a matrix.

    Args:
        matrix: of families that will not be judged on.
        prices: what actions cost.
        config: of the trees.
        seed: of the trees and of the pairs of failures.
        most_left: learn for situations with up to so many attempts left, 1 for an only attempt; all where None. Those
            for fewer are the same whatever this is.

    Raises:
        MatrixError: the matrix has features of another schema.
    """
    if matrix.feature_names != feature_names(matrix.strategies):
        raise MatrixError("matrix with features of another schema; play it again with robo-meta select matrix")
    inputs = Inputs(matrix.strategies)
    known = {
        "learner": LEARNER,
        "config": asdict(config),
        "feature_schema": FEATURE_SCHEMA,
        "families": list(matrix.families),
        "checkpoint": matrix.provenance.get("checkpoint"),
        "matrix": {name: matrix.provenance.get(name) for name in ("split", "seed", "scenes", "rollouts", "controller")},
        "rows": len(matrix),
        "seed": seed,
        "versions": installed_versions(),
    }
    rules = ReferenceRules.of(matrix)
    stages: tuple[Stage, ...] = ()
    for left in range(1, (most_left or prices.attempts) + 1):
        partial = Selector(inputs, stages, matrix.seconds, prices, rules, {})
        stages = (*stages, _stage(matrix, partial, left, config, seed))
    site = train_site(matrix, config, seed)
    return Selector(inputs, stages, matrix.seconds, prices, rules, known, site=site)


def _stage(matrix: Matrix, before: Selector, left: int, config: LearnerConfig, seed: int) -> Stage:
    """What is learned for situations with `left` attempts left, from the stages for fewer (`before`)."""
    prices = before.prices
    found = situations(matrix, prices.attempts - left, config.pairs, seed)
    features, chance = matrix.features[found.rows], matrix.chances(found.rows, found.tried, found.tried)
    targets = before.reward(chance)
    if left > 1:
        for action in range(len(matrix.strategies)):
            after = found.tried.copy()
            after[:, action] += 1
            value = best_value(matrix, before, found.rows, after, left - 1)
            targets[:, action] += prices.gamma * (1 - chance[:, action]) * value
    rows = before.inputs.of_strategies(features, found.tried)
    weights = np.repeat(found.weights[:, None], rows.shape[1], axis=1)
    begun = found.tried.any(axis=1, keepdims=True)
    possible = np.where(begun, matrix.available[found.rows], matrix.first[found.rows]) & (weights > 0)
    # Only what departs from each strategy's mean is left to learn, so that few scenes lead to the single best.
    base = _base(targets, found, config.borrowed)
    apart = (targets - base_value(base, found.tried))[possible]
    strategies = fitted_forest(rows[possible], apart, weights[possible], config, seed * 64 + 4 * left)
    stage = Stage(base, strategies, (None,) * len(DEMOS))
    this = Selector(before.inputs, (*before.stages, stage), before.seconds, prices, before.rules, {})
    # Only what a demonstration is worth more than acting is left to learn, as what acting is worth is known better.
    whole = this.values(features, found.tried, left, matrix.available[found.rows])
    acting = np.concatenate([whole[:, : len(matrix.strategies)], whole[:, -1:]], axis=1)
    demos: list[Forest | None] = []
    for kind, price in enumerate(prices.demos):
        there = matrix.following[found.rows, kind]
        more = (there >= 0) & (found.weights > 0)
        if not more.any():
            demos.append(None)
            continue
        value = best_value(matrix, this, there[more], found.tried[more], left)
        rows = before.inputs.of_demo(features[more], found.tried[more], acting[more])
        gain = prices.gamma * value - price - acting[more].max(axis=1)
        demos.append(fitted_forest(rows, gain, found.weights[more], config, seed * 64 + 4 * left + 1 + kind))
    return Stage(base, strategies, tuple(demos))


def _base(targets: np.ndarray, found: Situations, borrowed: float) -> np.ndarray:
    """(A + 1, A) means of targets (N, A), see `Stage.base`.

    Where nothing was tried all scenes count alike; after a failure, a scene counts by how likely that was. A strategy
    that failed in too few scenes to tell borrows from what follows other failures, as much as `borrowed` failures of
    it would weigh.
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
        base[failed] = (own + borrowed * overall) / (mass + borrowed)
    return base


def best_value(matrix: Matrix, selector: Selector, rows: np.ndarray, tried: np.ndarray, left: int) -> np.ndarray:
    """(N,) value of the best action in situations of scenes `rows` (N,)."""
    more = matrix.following[rows] >= 0
    return selector.values(matrix.features[rows], tried, left, matrix.available[rows], more).max(axis=1)


def situations(matrix: Matrix, depth: int, drawn: int, seed: int) -> Situations:
    """Every scene with nothing tried, with each strategy failed once, and with some pairs of failures.

    Args:
        matrix: of the scenes.
        depth: most failures of a situation, 0 to 2.
        drawn: pairs of failures of each scene, drawn at random.
        seed: of the draw.
    """
    scenes, size = len(matrix), len(matrix.strategies)
    rows, tried = [np.arange(scenes)], [np.zeros((scenes, size))]
    if depth >= 1:
        rows.append(np.repeat(np.arange(scenes), size))
        tried.append(np.tile(np.eye(size), (scenes, 1)))
    if depth >= 2:
        rng = np.random.default_rng(seed)
        pairs = rng.integers(size, size=(scenes * drawn, 2))
        rows.append(np.repeat(np.arange(scenes), drawn))
        tried.append(np.eye(size)[pairs[:, 0]] + np.eye(size)[pairs[:, 1]])
    found, history = np.concatenate(rows), np.concatenate(tried)
    misses = 1.0 - matrix.means[found]
    # The n-th failure of one strategy, its rollouts being drawn without repetition.
    rollouts = matrix.played[found]
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
    allowed = _possible(matrix, found, history)
    # Each depth counts as much as the first where everything fails.
    depths = history.sum(axis=1)
    share = np.array([1.0, 1.0 / size, 1.0 / drawn])[depths.astype(int)]
    return Situations(found, history, weights.prod(axis=1) * share * allowed)


def _possible(matrix: Matrix, rows: np.ndarray, history: np.ndarray) -> np.ndarray:
    """(N,) bool: whether failures (N, A) can have come about in scenes `rows`; `retry` is never the first to fail."""
    found = (matrix.available[rows] | (history == 0)).all(axis=1)
    if matrix.retry is None or len(matrix.strategies) == 1:
        return found
    others = history.sum(axis=1) - history[:, matrix.retry]
    return found & ((history[:, matrix.retry] == 0) | (others > 0))
