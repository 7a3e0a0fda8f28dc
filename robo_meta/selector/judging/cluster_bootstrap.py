"""The bootstrap over families and tasks: scenes of one family are alike, and rows of one task nearly the same.

Resampling alone sees no doubt where all scenes agree. So the bootstrap gives the spread between clusters, and the
intervals are those of `robo_meta.evaluation.intervals`: a made-up family at each border joins the sample, and Student's
quantile has as many degrees of freedom as there are families. A made-up family weighs √K tasks, K being the mean number
of tasks in a family: families differ less than the tasks of one family would if they were copies of each other.

Simulated coverage is in the test. One family says nothing of others. Where families have many tasks (20) and some are
exceptions (one of ten far harder), no method can know of exceptions that it hasn't seen: coverage falls to about 0.88.
"""

from __future__ import annotations

import numpy as np

from robo_meta.evaluation.intervals import Interval, fieller, shrunk, student

RESAMPLES = 2000
"""Bootstrap resamples."""


class Resampled:
    """Resamples families with replacement, then each drawn family's tasks.

    Args:
        families, tasks: (S,) numbers of each scene's family and task; a task belongs to one family.
        seed: the same scenes and seed give the same resamples.
    """

    def __init__(self, families: np.ndarray, tasks: np.ndarray, seed: int = 0) -> None:
        self._task_of = np.unique(tasks, return_inverse=True)[1]
        size = int(self._task_of.max()) + 1
        self._counts = np.bincount(self._task_of, minlength=size).astype(float)
        family_of = np.zeros(size, dtype=np.int64)
        family_of[self._task_of] = np.unique(families, return_inverse=True)[1]
        rng = np.random.default_rng(seed)
        groups = int(family_of.max()) + 1
        # Tasks of each family, (F,).
        self._sizes = np.bincount(family_of, minlength=groups).astype(float)
        self._weight = float(np.sqrt(self._sizes.mean()))
        # A bootstrap of F clusters underestimates the variance by (F − 1) ÷ F.
        self._small_sample = groups / max(groups - 1, 1)
        drawn = rng.multinomial(groups, np.full(groups, 1 / groups), RESAMPLES)
        # How often each task is drawn in each resample, (B, G): a family drawn twice gives twice as many.
        self._weights = np.zeros((RESAMPLES, size))
        for family in range(groups):
            own = np.flatnonzero(family_of == family)
            self._weights[:, own] = rng.multinomial(drawn[:, family] * len(own), np.full(len(own), 1 / len(own)))
        self._drawn_rows = self._weights @ self._counts

    def means(self, values: np.ndarray) -> np.ndarray:
        """(B,) resampled means of values (S,)."""
        totals = np.bincount(self._task_of, values, len(self._counts))
        return (self._weights @ totals) / self._drawn_rows

    def rate(self, values: np.ndarray) -> Interval:
        """Mean of values (S,) from 0 to 1 with its 95 % interval."""
        return self._between(values, 0.0, 1.0)

    def mean(self, values: np.ndarray) -> Interval:
        """Mean of values (S,) from −1 to 1, such as differences of rates, with its 95 % interval."""
        return self._between(values, -1.0, 1.0)

    def error(self, values: np.ndarray) -> float:
        """Standard error of the mean of values (S,) from −1 to 1.

        It is never below that of as many tasks that all agree (Bonett and Price): √2 ÷ (tasks + 2).
        """
        floor = np.sqrt(2) / (len(self._counts) + 2)
        return float(max(self.means(values).std(ddof=1), floor))

    def share(self, part: np.ndarray, whole: np.ndarray) -> Interval:
        """Mean of `part` ÷ mean of `whole`, both (S,) and from −1 to 1, by Fieller's theorem.

        Made-up families have a `part` of −1 and 1. The interval is infinite both ways where `whole` is not told from 0.
        """
        if whole.mean() <= 1e-9:
            return Interval(float("nan"), float("nan"), float("nan"))
        covariance = np.cov(self.means(part), self.means(whole)) * self._small_sample
        covariance[0, 0] += 2 * (self._weight / len(self._counts)) ** 2
        value = float(part.mean() / whole.mean())
        low, high = fieller(np.array([part.mean(), whole.mean()]), covariance, student(len(self._sizes)))
        return Interval(value, min(value, low), max(value, high))

    def _between(self, values: np.ndarray, low: float, high: float) -> Interval:
        # Estimates of the virtual best and returns after costs may lie a little outside.
        low, high = min(low, float(values.min())), max(high, float(values.max()))
        spread = self.means(values).var(ddof=1) * self._small_sample * len(self._counts) ** 2
        return shrunk(float(values.mean()), float(spread), self._sizes, self._weight, low, high)
