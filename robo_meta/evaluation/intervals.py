"""Intervals and comparisons that every reported rate carries; pure functions of numbers and a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Z95 = 1.959963984540054
"""Standard normal quantile of a two-sided 95 % interval."""
RESAMPLES = 2000
"""Bootstrap resamples."""


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


def paired_difference(a: np.ndarray, b: np.ndarray, tasks: np.ndarray, seed: int = 0) -> Interval:
    """Mean of a − b over matched outcomes, with a bootstrap interval that resamples whole tasks.

    Args:
        a, b: (N,) outcomes on the same scenes and rollout seeds.
        tasks: (N,) which task each belongs to; outcomes of one task are not independent.
        seed: of the resampling; the same samples give the same interval.
    """
    difference = _matched(a, b, tasks)
    totals, counts = _by_task(difference, tasks)
    return _bootstrap(totals, counts, seed)


def ratio(a: np.ndarray, b: np.ndarray, tasks: np.ndarray, seed: int = 0) -> Interval:
    """Mean of `a` ÷ mean of `b` over matched outcomes, interval as `paired_difference`."""
    _matched(a, b, tasks)
    return _bootstrap(_by_task(np.asarray(a, float), tasks)[0], _by_task(np.asarray(b, float), tasks)[0], seed)


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's rank correlation, ties at their mean rank; nan where one side does not vary."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    if x.shape != y.shape:
        raise StatisticsError(f"rank correlation of {len(x)} and {len(y)} values; expected as many of both")
    if len(x) < 2:
        return float("nan")
    rx, ry = mean_ranks(x), mean_ranks(y)
    rx, ry = rx - rx.mean(), ry - ry.mean()
    scale = np.sqrt((rx**2).sum() * (ry**2).sum())
    return float((rx * ry).sum() / scale) if scale > 0 else float("nan")


def mean_ranks(values: np.ndarray) -> np.ndarray:
    """(N,) ranks from 1; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def _matched(a: np.ndarray, b: np.ndarray, tasks: np.ndarray) -> np.ndarray:
    if not len(a) == len(b) == len(tasks):
        raise StatisticsError(f"{len(a)}, {len(b)} outcomes of {len(tasks)} tasks; expected as many of each")
    return np.asarray(a, float) - np.asarray(b, float)


def _by_task(values: np.ndarray, tasks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums (G,) and counts (G,) of each task's values."""
    _, inverse = np.unique(np.asarray(tasks), return_inverse=True)
    size = int(inverse.max()) + 1 if len(inverse) else 0
    return np.bincount(inverse, values, size), np.bincount(inverse, minlength=size).astype(float)


def _bootstrap(numerator: np.ndarray, denominator: np.ndarray, seed: int) -> Interval:
    """Σ numerator ÷ Σ denominator over resampled tasks (G,), percentile interval."""
    if len(numerator) == 0 or denominator.sum() == 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    rng = np.random.default_rng(seed)
    # How often each task is drawn in each resample: the same as drawing indices, without the (R, G) index array.
    drawn = rng.multinomial(len(numerator), np.full(len(numerator), 1 / len(numerator)), RESAMPLES)
    below = drawn @ denominator
    values = (drawn @ numerator)[below > 0] / below[below > 0]
    low, high = np.quantile(values, (0.025, 0.975))
    return Interval(float(numerator.sum() / denominator.sum()), float(low), float(high))
