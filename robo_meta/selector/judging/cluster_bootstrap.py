"""The bootstrap over families and tasks: scenes of one family are alike, and rows of one task nearly the same."""

from __future__ import annotations

import numpy as np

from robo_meta.evaluation.intervals import RESAMPLES, Interval


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
        drawn = rng.multinomial(groups, np.full(groups, 1 / groups), RESAMPLES)
        # How often each task is drawn in each resample, (B, G): a family drawn twice gives twice as many.
        self._weights = np.zeros((RESAMPLES, size))
        for family in range(groups):
            own = np.flatnonzero(family_of == family)
            self._weights[:, own] = rng.multinomial(drawn[:, family] * len(own), np.full(len(own), 1 / len(own)))

    def means(self, values: np.ndarray) -> np.ndarray:
        """(B,) resampled means of values (S,)."""
        totals = np.bincount(self._task_of, values, len(self._counts))
        return (self._weights @ totals) / (self._weights @ self._counts)

    def mean(self, values: np.ndarray) -> Interval:
        """Mean of values (S,) with its 95 % interval."""
        low, high = np.quantile(self.means(values), (0.025, 0.975))
        return Interval(float(values.mean()), float(low), float(high))

    def error(self, values: np.ndarray) -> float:
        """Standard error of the mean of values (S,)."""
        return float(self.means(values).std(ddof=1))

    def share(self, part: np.ndarray, whole: np.ndarray) -> Interval:
        """Mean of `part` ÷ mean of `whole`, both (S,); resamples whose whole is not positive are left out."""
        parts, wholes = self.means(part), self.means(whole)
        valid = wholes > 1e-9
        if whole.mean() <= 1e-9 or not valid.any():
            return Interval(float("nan"), float("nan"), float("nan"))
        low, high = np.quantile(parts[valid] / wholes[valid], (0.025, 0.975))
        return Interval(float(part.mean() / whole.mean()), float(low), float(high))
