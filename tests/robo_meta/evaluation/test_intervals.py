"""Intervals against published values and scipy."""

import numpy as np
import pytest
from scipy import stats

from robo_meta.evaluation.intervals import StatisticsError, mean_ranks, paired_difference, ratio, spearman, wilson


@pytest.mark.parametrize("successes, n", [(0, 10), (1, 10), (8, 10), (10, 10), (81, 263), (299, 300)])
def test_wilson_equals_scipy(successes: int, n: int) -> None:
    expected = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    found = wilson(successes, n)
    assert found.value == successes / n
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert found.low <= found.value <= found.high


def test_wilson_of_newcombe() -> None:
    # Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3: 81/263.
    assert (wilson(81, 263).low, wilson(81, 263).high) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_wilson_without_trials_says_nothing() -> None:
    nothing = wilson(0, 0)
    assert np.isnan(nothing.value) and (nothing.low, nothing.high) == (0.0, 1.0)


@pytest.mark.parametrize("successes, n", [(3, 2), (-1, 4)])
def test_wilson_refuses_impossible_counts(successes: int, n: int) -> None:
    with pytest.raises(StatisticsError, match=f"{successes} successes in {n} trials; expected between 0 and {n}"):
        wilson(successes, n)


def test_spearman_equals_scipy_with_ties() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 6, 40).astype(float)
    y = x + rng.normal(0, 2, 40).round()
    assert spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    np.testing.assert_allclose(mean_ranks(x), stats.rankdata(x))
    assert spearman(np.arange(5), np.arange(5) ** 3) == pytest.approx(1.0)
    assert np.isnan(spearman(np.ones(4), np.arange(4)))


def test_paired_difference_matches_the_normal_interval() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.random(400) < 0.9, rng.random(400) < 0.6
    found = paired_difference(a, b, np.arange(400))
    difference = a.astype(float) - b
    half = 1.96 * difference.std(ddof=1) / np.sqrt(400)
    assert found.value == pytest.approx(difference.mean())
    assert (found.low, found.high) == pytest.approx((difference.mean() - half, difference.mean() + half), abs=0.012)


def test_paired_difference_is_of_pairs_not_of_rates() -> None:
    # The same wins: no difference and no doubt, although both rates are uncertain.
    a = np.arange(50) % 2
    assert paired_difference(a, a, np.arange(50)) == paired_difference(a, a, np.arange(50), seed=3)
    assert paired_difference(a, a, np.arange(50)).high == 0.0


def test_rows_of_one_task_are_resampled_together() -> None:
    rng = np.random.default_rng(2)
    once = (rng.random(40) < 0.5).astype(float)
    repeated, zeros = np.repeat(once, 10), np.zeros(400)
    honest = paired_difference(repeated, zeros, np.repeat(np.arange(40), 10))
    naive = paired_difference(repeated, zeros, np.arange(400))
    assert honest.high - honest.low == pytest.approx(np.sqrt(10) * (naive.high - naive.low), rel=0.15)


def test_ratio_and_its_seed() -> None:
    rng = np.random.default_rng(3)
    ours, expert = rng.random(300) < 0.93, rng.random(300) < 0.98
    found = ratio(ours, expert, np.arange(300), seed=5)
    assert found.value == pytest.approx(ours.mean() / expert.mean())
    assert found.low < found.value < found.high
    assert found == ratio(ours, expert, np.arange(300), seed=5)
    assert np.isnan(ratio(ours, np.zeros(300), np.arange(300)).value)


def test_unmatched_samples_are_refused() -> None:
    with pytest.raises(StatisticsError, match="3, 2 outcomes of 3 tasks"):
        paired_difference(np.ones(3), np.ones(2), np.arange(3))
    with pytest.raises(StatisticsError, match="rank correlation of 2 and 3 values"):
        spearman(np.ones(2), np.ones(3))
