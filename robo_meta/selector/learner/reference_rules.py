"""Rules that choose without features: the single best, a look-up table, and rules for two attempts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from robo_meta.selector.matrix.matrix import Matrix, MatrixError

KEYS = (("transfer", "shots", "sensing"), ("transfer", "shots"), ("transfer",))
"""Public columns that the look-up goes by: all of them, or fewer where the training matrix has no such scene."""


@dataclass(frozen=True)
class ReferenceRules:
    """Rankings of the strategies on the training matrix."""

    strategies: tuple[str, ...]
    """(A,) as in the matrices."""
    ranking: tuple[int, ...]
    """(A,) numbers of strategies, the single best first, by mean success over all training scenes; `retry`, which is
    another strategy's choice as long as nothing failed, comes last."""
    table: Mapping[str, tuple[int, ...]]
    """Look-up key → ranking over the training scenes of that key."""

    @staticmethod
    def of(matrix: Matrix) -> ReferenceRules:
        """Rank on a training matrix; budgets are left out, as they say nothing of how well a strategy does."""
        rates = matrix.success.mean(axis=2)
        if matrix.retry is not None:
            rates[:, matrix.retry] = -1.0
        table: dict[str, tuple[int, ...]] = {}
        for columns in KEYS:
            keys = _keys(matrix, columns)
            table |= {str(key): _ranking(rates[keys == key]) for key in np.unique(keys)}
        return ReferenceRules(matrix.strategies, _ranking(rates), table)

    @property
    def card(self) -> dict[str, Any]:
        """As plain data."""
        return {"ranking": list(self.ranking), "table": {key: list(row) for key, row in self.table.items()}}

    def best(self, matrix: Matrix, place: int = 0) -> np.ndarray:
        """(S,) the best strategy overall that each scene's budget allows; `place` 1 gives the second best."""
        return self._affordable(matrix, np.tile(self.ranking, (len(matrix), 1)), place)

    def looked_up(self, matrix: Matrix) -> np.ndarray:
        """(S,) the best strategy of the training scenes alike in transfer, shots and noise level."""
        rankings = np.tile(self.ranking, (len(matrix), 1))
        for columns in reversed(KEYS):
            for row, key in enumerate(_keys(matrix, columns)):
                rankings[row] = self.table.get(str(key), rankings[row])
        return self._affordable(matrix, rankings, 0)

    def _affordable(self, matrix: Matrix, rankings: np.ndarray, place: int) -> np.ndarray:
        if matrix.strategies != self.strategies:
            names = ", ".join(matrix.strategies)
            raise MatrixError(f"matrix of strategies {names}; the selector chooses among {', '.join(self.strategies)}")
        allowed = np.take_along_axis(matrix.affordable, rankings, axis=1)
        # Affordable ones first, in order of rank; where only one is affordable it is the second best as well.
        order = np.argsort(~allowed, axis=1, kind="stable")
        last = np.minimum(place, allowed.sum(axis=1) - 1)
        rows = np.arange(len(matrix))
        return rankings[rows, order[rows, last]]


def once(success: np.ndarray) -> np.ndarray:
    """(S,) chance that one attempt succeeds, from outcomes (S, R)."""
    return success.mean(axis=1)


def twice(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(S,) chance that one of two attempts succeeds, the second made after the first failed.

    Args:
        first, second: (S, R) outcomes. Every ordered pair of distinct rollouts counts, since an attempt is a fresh one.
    """
    missed = 1.0 - first
    pairs = missed.sum(axis=1) * second.sum(axis=1) - (missed * second).sum(axis=1)
    rollouts = first.shape[1]
    return first.mean(axis=1) + pairs / (rollouts * (rollouts - 1))


def in_two(matrix: Matrix, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(S,) chance that one of two attempts succeeds, the chosen strategies being `first` and, after it failed, `second`
    (S,); as a second one `retry` has learnt from the first."""
    begun = taken(matrix, first)
    found = twice(begun, taken(matrix, second))
    if matrix.retry is None:
        return found
    failed = 1.0 - begun.mean(axis=1)
    learnt = 1.0 - failed + failed * matrix.retry_rates[np.arange(len(matrix)), first]
    return np.where(second == matrix.retry, learnt, found)


def one_pilot(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(S,) chance that the attempt succeeds to which a pilot of the first commits: the first again, or the second."""
    rollouts, missed = first.shape[1], 1.0 - first
    again = first.sum(axis=1) ** 2 - (first * first).sum(axis=1)
    other = missed.sum(axis=1) * second.sum(axis=1) - (missed * second).sum(axis=1)
    return (again + other) / (rollouts * (rollouts - 1))


def taken(matrix: Matrix, choice: np.ndarray) -> np.ndarray:
    """(S, R) outcomes of the chosen strategies (S,)."""
    return matrix.success[np.arange(len(matrix)), choice].astype(np.float64)


def _ranking(rates: np.ndarray) -> tuple[int, ...]:
    return tuple(int(a) for a in np.argsort(-rates.mean(axis=0), kind="stable"))


def _keys(matrix: Matrix, columns: tuple[str, ...]) -> np.ndarray:
    values = [[f"{name}={value}" for value in matrix.scenes[name]] for name in columns]
    return np.array([", ".join(row) for row in zip(*values, strict=True)])
