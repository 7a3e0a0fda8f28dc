"""Whether predicted chances of success come true: the expected calibration error (Naeini et al., 2015)."""

from __future__ import annotations

from typing import Any

import numpy as np

BINS = 10
"""Of equal width, from 0 to 1."""
DRAWS = 200
"""Made-up samples by which the error of chance alone is measured."""


def calibration(predicted: np.ndarray, happened: np.ndarray) -> dict[str, Any]:
    """How far predicted chances (N,) are from rates of success (N,).

    Returns:
        `{error, n, by_chance}`. The error is Σ over bins of the bin's share × |mean predicted − mean happened|. As a
        sum of magnitudes it is never 0 in a finite sample: `by_chance` is what a perfect predictor would have on
        average, were each prediction tried once (the rollouts of a scene mostly end alike).
    """
    rng = np.random.default_rng(0)
    perfect = [_error(predicted, rng.random(len(predicted)) < predicted) for _ in range(DRAWS)]
    return {"error": _error(predicted, happened), "n": len(predicted), "by_chance": float(np.mean(perfect))}


def _error(predicted: np.ndarray, happened: np.ndarray) -> float:
    place = np.minimum((predicted * BINS).astype(int), BINS - 1)
    apart = np.bincount(place, predicted - happened, BINS)
    return float(np.abs(apart).sum() / len(predicted))
