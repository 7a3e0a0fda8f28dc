"""Intervals against published values, scipy and truths that are known: exact or simulated coverage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from robo_meta.evaluation.intervals import (
    Interval,
    StatisticsError,
    clustered_rate,
    paired_difference,
    ratio,
    student,
    wilson,
)


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


def test_student_equals_scipy() -> None:
    freedoms = (1, 2, 3, 4, 5, 6, 10, 30, 300, 10_000)
    assert [student(n) for n in freedoms] == pytest.approx([stats.t.ppf(0.975, n) for n in freedoms], rel=1e-3)


LEAST = 0.93
"""Coverage that a 95 % interval must have in every world, at every number of tasks."""
RATES = (0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98, 1.0)
CORRELATIONS = (0.0, 0.3, 0.6, 0.9, 1.0)
"""From the least joint success that two rates allow to the largest; with the largest, equal rates are never apart."""


def _worlds(second: tuple[float, ...] = RATES) -> Iterator[tuple[float, float, np.ndarray]]:
    """Two rates, and the chances that both succeed, only the first, only the second, neither."""
    for a, b, share in product(RATES, second, CORRELATIONS):
        least, most = max(0.0, a + b - 1), min(a, b)
        both = least + share * (most - least)
        yield a, b, np.clip([both, a - both, b - both, 1 - a - b + both], 0, 1)


def _outcomes(both: int, first: int, second: int, neither: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    a = np.repeat((1, 1, 0, 0), (both, first, second, neither))
    b = np.repeat((1, 0, 1, 0), (both, first, second, neither))
    return a, b, np.arange(len(a))


@pytest.mark.parametrize("n", [1, 2, 5, 20, 100])
def test_coverage_of_paired_differences(n: int) -> None:
    """Exact: every table of n pairs, weighed by its chance. Among the worlds are those without a discordant pair."""
    tables = np.array([(n - i - j, i, j) for i in range(n + 1) for j in range(n + 1 - i)])
    found = [paired_difference(*_outcomes(*row, 0)) for row in tables]
    low, high = np.array([(one.low, one.high) for one in found]).T
    assert (high - low).min() > 2 / (n + 2) and low.min() >= -1 and high.max() <= 1
    for a, b, chances in _worlds():
        chances = np.array([chances[0] + chances[3], chances[1], chances[2]])
        covered = (low <= a - b + 1e-9) & (a - b <= high + 1e-9)
        coverage = stats.multinomial.pmf(tables, n, chances / chances.sum())[covered].sum()
        assert coverage >= LEAST, (a, b, chances)


@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_coverage_of_ratios(n: int) -> None:
    """Exact, on both sides and of the lower bound alone, which is what `of_expert_low` is read for."""
    tables = np.array([(i, j, k, n - i - j - k) for i, j, k in product(range(n + 1), repeat=3) if i + j + k <= n])
    low, high = _bounds_of_ratios(tables)
    for a, b, chances in _worlds(RATES[1:]):
        weights = stats.multinomial.pmf(tables, n, chances / chances.sum())
        above = low <= a / b + 1e-9
        assert weights[above].sum() >= LEAST, (a, b, chances)
        assert weights[above & (a / b <= high + 1e-9)].sum() >= LEAST, (a, b, chances)


@pytest.mark.parametrize("n", [100, 300])
def test_coverage_of_ratios_to_an_expert_that_never_fails(n: int) -> None:
    tables = np.array([(i, 0, n - i, 0) for i in range(n + 1)])
    low, high = _bounds_of_ratios(tables)
    for rate in np.linspace(0.02, 1, 99):
        weights, above = stats.binom.pmf(tables[:, 0], n, rate), low <= rate + 1e-9
        assert weights[above].sum() >= LEAST, rate
        assert weights[above & (rate <= high + 1e-9)].sum() >= LEAST, rate


def test_coverage_of_ratios_at_a_hundred_tasks() -> None:
    rng = np.random.default_rng(7)
    for a, b, share in ((0.95, 0.98, 0.5), (0.98, 0.98, 1.0), (0.5, 0.9, 0.5), (0.3, 0.3, 0.0), (0.9, 1.0, 1.0)):
        both = max(0.0, a + b - 1) + share * (min(a, b) - max(0.0, a + b - 1))
        chances = np.clip([both, a - both, b - both, 1 - a - b + both], 0, 1)
        low, high = _bounds_of_ratios(rng.multinomial(100, chances / chances.sum(), 800))
        assert ((low <= a / b) & (a / b <= high)).mean() >= LEAST, (a, b, chances)


def _bounds_of_ratios(tables: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bounds (R,) of tables (R, 4); where the second never succeeds nothing is claimed."""
    found = [ratio(*_outcomes(*row)) for row in tables]
    low, high = np.array([(one.low, one.high) for one in found]).T
    return np.where(np.isnan(low), 0.0, low), np.where(np.isnan(high), np.inf, high)


Chances = Callable[[np.random.Generator, int], np.ndarray]
TASKS: dict[str, tuple[float, Chances]] = {
    "alike": (0.7, lambda rng, n: np.full(n, 0.7)),
    "spread": (0.5, lambda rng, n: rng.beta(1, 1, n)),
    "easy": (0.95, lambda rng, n: rng.beta(0.95 * 4, 0.05 * 4, n)),
    "a tenth hard": (0.9 * 0.98 + 0.1 * 0.3, lambda rng, n: np.where(rng.random(n) < 0.1, 0.3, 0.98)),
    "each its own": (0.5, lambda rng, n: (rng.random(n) < 0.5).astype(float)),
    "none fails": (1.0, lambda rng, n: np.ones(n)),
}
"""Name → mean, and chances of success of n tasks."""


@pytest.mark.parametrize("n", [1, 2, 5, 20, 100])
def test_coverage_where_tasks_have_several_rollouts(n: int) -> None:
    rng = np.random.default_rng(n)
    tasks = np.repeat(np.arange(n), 6)

    def play(chances: Chances) -> np.ndarray:
        return (rng.random(len(tasks)) < np.repeat(chances(rng, n), 6)).astype(float)

    for name, (mean, chances) in TASKS.items():
        held = [_holds(clustered_rate(play(chances), tasks), mean) for _ in range(1200)]
        assert np.mean(held) >= LEAST, name
        for other in ("alike", "a tenth hard", "none fails"):
            truth = mean - TASKS[other][0]
            held = [_holds(paired_difference(play(chances), play(TASKS[other][1]), tasks), truth) for _ in range(400)]
            assert np.mean(held) >= LEAST, (name, other)


def _holds(found: Interval, truth: float) -> bool:
    return found.low - 1e-9 <= truth <= found.high + 1e-9


def test_paired_difference_by_hand() -> None:
    # Counts of Bentur et al. (2009): 1 both, 1 and 7 discordant, 12 neither. Bonett and Price add 1 to the discordant:
    # 2/23 − 8/23 = −0.26087, variance (10/23 − 0.26087²)/23 = 0.015944, and Student's quantile is 2.0796 at 21.
    found = paired_difference(*_outcomes(1, 1, 7, 12))
    assert (found.value, found.low, found.high) == pytest.approx((-6 / 21, -0.5235, 0.0017), abs=1e-4)


def test_paired_difference_matches_the_normal_interval() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.random(400) < 0.9, rng.random(400) < 0.6
    found = paired_difference(a, b, np.arange(400))
    difference = a.astype(float) - b
    half = 1.96 * difference.std(ddof=1) / np.sqrt(400)
    assert found.value == pytest.approx(difference.mean())
    assert (found.low, found.high) == pytest.approx((difference.mean() - half, difference.mean() + half), abs=0.004)


def test_paired_difference_is_of_pairs_not_of_rates() -> None:
    # The same wins, although both rates are uncertain: hardly any doubt of the difference, but some.
    a = np.arange(300) % 2
    found = paired_difference(a, a, np.arange(300))
    assert found.value == 0 and found.low == pytest.approx(-found.high)
    assert 3 / 300 * 0.8 < found.high < 3 / 300


@pytest.mark.parametrize("n", [1, 2, 5, 20, 300])
def test_where_everything_succeeds_some_doubt_is_left(n: int) -> None:
    ones, zeros, tasks = np.ones(n), np.zeros(n), np.arange(n)
    always = paired_difference(ones, zeros, tasks)
    assert always.value == always.high == 1 and always.low < 1 - 1 / (n + 2)
    equal = ratio(ones, ones, tasks)
    assert equal.value == 1 and equal.low < 1 - 1 / (n + 2) < 1 + 1 / (n + 2) < equal.high
    several = clustered_rate(np.ones(4 * n), np.repeat(tasks, 4))
    assert several.value == several.high == 1 and several.low < 1 - 1 / (2 * n + 2)


def test_rows_of_one_task_are_no_samples_of_their_own() -> None:
    rng = np.random.default_rng(2)
    once = (rng.random(400) < 0.5).astype(float)
    repeated, zeros = np.repeat(once, 10), np.zeros(4000)
    honest = paired_difference(repeated, zeros, np.repeat(np.arange(400), 10))
    naive = paired_difference(repeated, zeros, np.arange(4000))
    assert honest.high - honest.low == pytest.approx(np.sqrt(10) * (naive.high - naive.low), rel=0.03)


OUTCOMES = st.lists(
    st.tuples(st.sampled_from((0.0, 0.25, 1.0)), st.sampled_from((0.0, 0.5, 1.0)), st.integers(0, 6)),
    min_size=1,
    max_size=24,
)
"""Outcomes of two strategies and the task of each."""


@given(OUTCOMES)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_properties(rows: list[tuple[float, float, int]]) -> None:
    a, b, tasks = (np.array(column) for column in zip(*rows, strict=True))
    found, mirrored = paired_difference(a, b, tasks), paired_difference(b, a, tasks)
    assert (found.value, found.low, found.high) == pytest.approx((-mirrored.value, -mirrored.high, -mirrored.low))
    assert -1 <= found.low <= found.value <= found.high <= 1 and found.high - found.low > 0.05
    rate = clustered_rate(a, tasks)
    assert 0 <= rate.low <= rate.value <= rate.high <= 1 and rate.high - rate.low > 0.05
    if b.any():
        share = ratio(a, b, tasks)
        assert 0 <= share.low <= share.value <= share.high and share.high - share.low > 0.02
    # Neither the order of outcomes nor the numbers of tasks matter.
    again = paired_difference(a[::-1], b[::-1], 9 - tasks[::-1])
    assert (again.low, again.high) == pytest.approx((found.low, found.high))


def test_a_rate_of_one_outcome_a_task_is_wilsons() -> None:
    outcomes = np.arange(30) < 27
    assert clustered_rate(outcomes, np.arange(30)) == wilson(27, 30)


def test_ratio() -> None:
    rng = np.random.default_rng(3)
    ours, expert = rng.random(300) < 0.93, rng.random(300) < 0.98
    found = ratio(ours, expert, np.arange(300))
    assert found.value == pytest.approx(ours.mean() / expert.mean())
    assert found.value - 0.05 < found.low < found.value < found.high < found.value + 0.05
    assert np.isnan(ratio(ours, np.zeros(300), np.arange(300)).value)


def test_without_outcomes_nothing_is_known() -> None:
    nothing = np.zeros(0)
    assert np.isnan(paired_difference(nothing, nothing, nothing).value)
    assert np.isnan(ratio(nothing, nothing, nothing).value)


def test_wrong_samples_are_refused() -> None:
    with pytest.raises(StatisticsError, match="3, 2 outcomes of 3 tasks"):
        paired_difference(np.ones(3), np.ones(2), np.arange(3))
    with pytest.raises(StatisticsError, match="values from 0 to 2; expected -1 to 1"):
        paired_difference(np.array([2.0, 0.0]), np.zeros(2), np.arange(2))
