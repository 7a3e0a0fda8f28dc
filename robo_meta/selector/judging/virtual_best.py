"""The virtual best: the success rate of always choosing the best strategy of a scene, estimated nearly without bias.

The largest of noisy means is biased upward (the luckiest wins). The mean, on new rollouts, of the strategy that was
best on others is biased downward. To first order the bias of V(R), the mean over scenes of the largest rate from R
rollouts, goes as 1 ÷ R, so that 2·V(R) − mean V(R ÷ 2) is free of it (Quenouille, 1956). Axis letters: S scenes, A
strategies, R rollouts.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from robo_meta.selector.matrix.matrix import MatrixError

MOST_SUBSETS = 200
"""Halves averaged over; all of them where there are no more."""
LEAST_ROLLOUTS, ENOUGH_ROLLOUTS = 4, 10
"""Rollouts of a cell: `apart` needs the first to halve each half; with fewer than the second it says little."""


def refuse_few(rollouts: int, where: str = "matrix") -> None:
    """Raises MatrixError where a cell has too few rollouts for `apart`."""
    if rollouts < LEAST_ROLLOUTS:
        raise MatrixError(
            f"{where}: {rollouts} rollouts a cell; the virtual best needs {LEAST_ROLLOUTS} or more, and 12 to judge by"
        )


def naive(success: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """(S,) largest rate of each scene's allowed strategies, from outcomes (S, A, R): biased upward."""
    return np.where(allowed, success.mean(axis=2), -1.0).max(axis=1)


def split_halves(success: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """(S,) rate on one half of the rollouts of what was best on the other, averaged both ways: biased downward."""
    half = success.shape[2] // 2
    ways = ((success[:, :, :half], success[:, :, half:]), (success[:, :, half:], success[:, :, :half]))
    scores = []
    for choosing, scoring in ways:
        rates = np.where(allowed, choosing.mean(axis=2), -1.0)
        # Equal winners are chosen among evenly.
        best = rates == rates.max(axis=1, keepdims=True)
        scores.append((scoring.mean(axis=2) * best).sum(axis=1) / best.sum(axis=1))
    return np.mean(scores, axis=0)


def jackknife(success: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """(S,) contributions to 2·V(R) − mean V(R ÷ 2), their mean being the estimate; each is within 0 and 1.

    For an odd R, with m the smaller half, (R·V(R) − m·mean V(m)) ÷ (R − m), which is the same for an even one.
    With s successes at most of one strategy, a half has s at most, and s less what the other half can hold at least.
    """
    rollouts = success.shape[2]
    half = rollouts // 2
    subsets = list(combinations(range(rollouts), half))
    if len(subsets) > MOST_SUBSETS:
        chosen = np.random.default_rng(0).choice(len(subsets), MOST_SUBSETS, replace=False)
        subsets = [subsets[i] for i in chosen]
    halves = np.mean([naive(success[:, :, list(subset)], allowed) for subset in subsets], axis=0)
    return (rollouts * naive(success, allowed) - half * halves) / (rollouts - half)


def apart(success: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """(S,) cross-fitted jackknife estimate: computed on each half of the rollouts and averaged.

    It is compared with scores: the estimate on one half is disjoint from the scores on the other, and averaged over
    both halves the scores are those on all rollouts.

    Raises:
        MatrixError: fewer than `LEAST_ROLLOUTS` rollouts; a half of one has no half.
    """
    refuse_few(success.shape[2])
    half = success.shape[2] // 2
    return (jackknife(success[:, :, :half], allowed) + jackknife(success[:, :, half:], allowed)) / 2
