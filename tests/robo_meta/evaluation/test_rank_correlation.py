"""Rank correlation by hand, with ties and without variation."""

from __future__ import annotations

import numpy as np
import pytest

from robo_meta.evaluation.intervals import StatisticsError
from robo_meta.evaluation.rank_correlation import spearman


def test_spearman_by_hand() -> None:
    # No ties: 1 − 6 Σd² / (n(n² − 1)), here of rank differences 0, 1, 1, 2, 2.
    assert spearman(np.array([1, 2, 3, 4, 5]), np.array([10, 30, 20, 60, 30.5])) == pytest.approx(1 - 6 * 4 / 120)
    # Ties share the mean of their ranks: 1.5, 1.5, 3 against 1, 2, 3.
    assert spearman(np.array([4, 4, 9]), np.array([0, 1, 2])) == pytest.approx(1.5 / np.sqrt(1.5 * 2))
    assert spearman(np.arange(5), np.arange(5) ** 3) == pytest.approx(1.0)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("x, y", [([1, 1, 1], [1, 2, 3]), ([1, 2, 3], [5, 5, 5]), ([1], [2]), ([], [])])
def test_no_correlation_without_variation(x: list[float], y: list[float]) -> None:
    assert np.isnan(spearman(np.array(x), np.array(y)))


def test_as_many_of_both() -> None:
    with pytest.raises(StatisticsError, match="rank correlation of 2 and 3 values"):
        spearman(np.ones(2), np.ones(3))
