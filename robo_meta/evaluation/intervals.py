"""Intervals that every reported rate, difference and ratio carries: pure functions of numbers, by numpy alone.

A training machine without scipy writes a stream's rates and differences, so the formulas stand here.

Clustered figures follow one scheme, the adjusted Wald interval of Bonett and Price (2012, "Adjusted Wald confidence
interval for a difference of binomial proportions based on paired data", J. Educ. Behav. Stat. 37, 479–488): two
pseudo-observations, one at each border, join the sample. It was made for one outcome a task, where they weigh one
outcome each. Here it is extended in two ways, chosen by simulated coverage (tests/…/test_intervals.py):

- outcomes of one cluster are summed before they are squared (the linearised variance of a ratio of sums), and a
  pseudo-cluster weighs halfway between one outcome and a whole cluster of mean size;
- the normal quantile is replaced by Student's with as many degrees of freedom as there are clusters: G + 2 clusters,
  of which two are made up.

No interval has zero width. One or two clusters say next to nothing of others, and the interval says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Z95 = 1.959963984540054
"""Standard normal quantile of a two-sided 95 % interval."""
T95 = {1: 12.706205, 2: 4.302653, 3: 3.182446, 4: 2.776445, 5: 2.570582}
"""Degrees of freedom → Student's quantile of a two-sided 95 % interval, where the series of `student` is too short."""


class StatisticsError(ValueError):
    """Samples that do not belong together."""


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(successes: int, n: int) -> Interval:
    """Rate and Wilson score interval (Wilson, 1927) of `successes` out of `n`; without trials nothing is known.

    By hand, although scipy has it: a machine that trains a stream needs it and has no scipy.

    Raises:
        StatisticsError: more successes than trials, or a negative number.
    """
    if not 0 <= successes <= n:
        raise StatisticsError(f"{successes} successes in {n} trials; expected between 0 and {n}")
    if n == 0:
        return Interval(float("nan"), 0.0, 1.0)
    rate = successes / n
    middle = (rate + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 * np.sqrt(rate * (1 - rate) / n + Z95**2 / (4 * n**2)) / (1 + Z95**2 / n)
    # At 0 and n the bound is exact; rounding must not put the rate outside its own interval.
    return Interval(rate, float(min(rate, max(0.0, middle - half))), float(max(rate, min(1.0, middle + half))))


def estimate(value: float | None, low: float | None, high: float | None, *, signed: bool = False) -> str:
    """A number and its interval as people are shown them; a dash where it isn't known."""
    if value is None or low is None or high is None:
        return "–"
    sign = "+" if signed else ""
    return f"{value:{sign}.2f} [{low:{sign}.2f}, {high:{sign}.2f}]"


def student(freedom: int) -> float:
    """Student's quantile of a two-sided 95 % interval, to 0.1 % (Abramowitz and Stegun, 26.7.5)."""
    if freedom in T95:
        return T95[freedom]
    z, terms = Z95, (freedom, freedom**2, freedom**3)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / terms[0] + second / terms[1] + third / terms[2]


def paired_difference(a: np.ndarray, b: np.ndarray, tasks: np.ndarray) -> Interval:
    """Mean of a − b over matched outcomes; `high` and `low` lie within −1 and 1.

    Args:
        a, b: (N,) outcomes from 0 to 1 on the same scenes and rollout seeds.
        tasks: (N,) which task each belongs to; outcomes of one task are not independent.
    """
    return _clustered(_matched(a, b, tasks), tasks, -1.0, 1.0)


def clustered_rate(outcomes: np.ndarray, tasks: np.ndarray) -> Interval:
    """Mean of outcomes (N,) from 0 to 1 of tasks (N,): Wilson with one binary outcome a task, else by whole tasks."""
    outcomes = _matched(outcomes, np.zeros(len(outcomes)), tasks)
    if len(np.unique(tasks)) == len(tasks) and np.isin(outcomes, (0, 1)).all():
        return wilson(int(outcomes.sum()), len(outcomes))
    return _clustered(outcomes, tasks, 0.0, 1.0)


def clustered_mean(values: np.ndarray, tasks: np.ndarray, low: float, high: float) -> Interval:
    """Mean of values (N,) of tasks (N,) that lie between `low` and `high`, such as returns."""
    return _clustered(np.asarray(values, float), tasks, low, high)


def ratio(a: np.ndarray, b: np.ndarray, tasks: np.ndarray) -> Interval:
    """Mean of `a` ÷ mean of `b` over matched outcomes from 0 to 1, by Fieller's theorem.

    The pseudo-observations are the two discordant pairs, (1, 0) and (0, 1). Where few tasks don't tell the mean of `b`
    from 0, the interval is unbounded: 0 to infinity.
    """
    _matched(a, b, tasks)
    (first, sizes), (second, _) = (_by_task(np.asarray(side, float), tasks) for side in (a, b))
    if second.sum() == 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    weight = _pseudo_weight(sizes)
    count = sizes.sum() + 2 * weight
    # A row a side and a column a cluster, the two made-up ones last.
    sums = np.stack([np.append(first, (weight, 0.0)), np.append(second, (0.0, weight))])
    means = sums.sum(axis=1) / count
    apart = sums - means[:, None] * np.append(sizes, (weight, weight))
    found = fieller(means, apart @ apart.T / count**2, student(len(sizes)))
    value = float(first.sum() / second.sum())
    return Interval(value, min(value, max(0.0, found[0])), max(value, found[1]))


def shrunk(mean: float, spread: float, sizes: np.ndarray, weight: float, low: float, high: float) -> Interval:
    """The module's interval of a mean that lies between `low` and `high`.

    Args:
        mean: Σ sums ÷ Σ sizes over clusters.
        spread: Σ (sum − mean · size)² over clusters: the mean's variance times (Σ sizes)².
        sizes: (G,) observations of each cluster.
        weight: of one pseudo-cluster, in observations.
        low, high: the least and the largest value that an observation can have.
    """
    count = sizes.sum() + 2 * weight
    middle = (sizes.sum() * mean + weight * (low + high)) / count
    around = spread + (mean - middle) ** 2 * (sizes**2).sum()
    around += weight**2 * ((low - middle) ** 2 + (high - middle) ** 2)
    half = student(len(sizes)) * np.sqrt(around) / count
    return Interval(float(mean), float(min(mean, max(low, middle - half))), float(max(mean, min(high, middle + half))))


def fieller(means: np.ndarray, covariance: np.ndarray, quantile: float) -> tuple[float, float]:
    """All θ for which first − θ · second is not told from 0 (Fieller, 1954), of two means (2,), covariance (2, 2).

    Unbounded both ways where the second mean is not told from 0.
    """
    (a, b), square = means, quantile**2
    leading = b**2 - square * covariance[1, 1]
    if leading <= 0:
        return -np.inf, np.inf
    middle = a * b - square * covariance[0, 1]
    root = np.sqrt(max(0.0, middle**2 - leading * (a**2 - square * covariance[0, 0])))
    return float((middle - root) / leading), float((middle + root) / leading)


def _clustered(values: np.ndarray, tasks: np.ndarray, low: float, high: float) -> Interval:
    if len(values) == 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    if values.min() < low or values.max() > high:
        raise StatisticsError(f"values from {values.min():g} to {values.max():g}; expected {low:g} to {high:g}")
    sums, sizes = _by_task(values, tasks)
    mean = sums.sum() / sizes.sum()
    return shrunk(mean, ((sums - mean * sizes) ** 2).sum(), sizes, _pseudo_weight(sizes), low, high)


def _pseudo_weight(sizes: np.ndarray) -> float:
    """Weight of one pseudo-cluster, in observations."""
    return float(1 + sizes.mean()) / 2


def _matched(a: np.ndarray, b: np.ndarray, tasks: np.ndarray) -> np.ndarray:
    if not len(a) == len(b) == len(tasks):
        raise StatisticsError(f"{len(a)}, {len(b)} outcomes of {len(tasks)} tasks; expected as many of each")
    return np.asarray(a, float) - np.asarray(b, float)


def _by_task(values: np.ndarray, tasks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums (G,) and counts (G,) of each task's values."""
    _, inverse = np.unique(np.asarray(tasks), return_inverse=True)
    size = int(inverse.max()) + 1 if len(inverse) else 0
    return np.bincount(inverse, values, size), np.bincount(inverse, minlength=size).astype(float)
