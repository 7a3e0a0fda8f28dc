"""Spearman's rank correlation of two columns, by scipy."""

from __future__ import annotations

import numpy as np

from robo_meta.evaluation.intervals import StatisticsError


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's rank correlation, ties at their mean rank; nan where one side does not vary.

    Raises:
        StatisticsError: not as many of both.
    """
    # Importing scipy.stats takes about a second; evaluations without a correlation don't wait for it.
    from scipy.stats import spearmanr

    if len(x) != len(y):
        raise StatisticsError(f"rank correlation of {len(x)} and {len(y)} values; expected as many of both")
    # scipy warns of what nobody needs to know here: one value, or values that don't vary, have no rank correlation.
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(spearmanr(x, y).statistic)
