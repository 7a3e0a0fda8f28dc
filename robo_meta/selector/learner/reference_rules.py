"""Rules that choose without learning from features: the single best, a look-up table, the three-line rule, what being
told the world is worth, and rules for two attempts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from robo_meta.selector.learner.worlds import tellable
from robo_meta.selector.matrix.matrix import Matrix, MatrixError

KEYS = (("transfer", "shots", "sensing"), ("transfer", "shots"), ("transfer",))
"""Public columns that the look-up goes by: all of them, or fewer where the training matrix has no such scene."""
USUAL, BY_PARTS = "maml", "role"
"""What the three-line rule takes where nothing speaks against it, and where the query's paint is new."""
UNSEEN = 0.5
"""Paint counts as unseen where more than this share of the query has colours that no demonstration shows."""


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
    worlds: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """World → ranking over its training scenes; empty where the training matrix names no worlds."""

    @staticmethod
    def of(matrix: Matrix) -> ReferenceRules:
        """Rank on the scenes of a training matrix as they are met, without those in which nothing can tell what to do.

        Raises:
            MatrixError: there are no others.
        """
        matrix = matrix.only(np.intersect1d(tellable(matrix), matrix.drawn))
        rates = matrix.success.mean(axis=2)
        if matrix.retry is not None:
            rates[:, matrix.retry] = -1.0
        table: dict[str, tuple[int, ...]] = {}
        for columns in KEYS:
            keys = _keys(matrix, columns)
            table |= {str(key): _ranking(rates[keys == key]) for key in np.unique(keys)}
        labels = matrix.scenes["world"]
        told = {str(w): _ranking(rates[labels == w]) for w in np.unique(labels)}
        return ReferenceRules(matrix.strategies, _ranking(rates), table, told)

    @property
    def card(self) -> dict[str, Any]:
        """As plain data."""
        tables = {"table": self.table, "worlds": self.worlds}
        named = {name: {key: list(row) for key, row in table.items()} for name, table in tables.items()}
        return {"ranking": list(self.ranking), **named}

    def best(self, matrix: Matrix, place: int = 0) -> np.ndarray:
        """(S,) the best strategy overall that can be taken first; `place` 1 gives the second best."""
        return self._allowed(matrix, np.tile(self.ranking, (len(matrix), 1)), place)

    def looked_up(self, matrix: Matrix) -> np.ndarray:
        """(S,) the best strategy of the training scenes alike in transfer, shots and noise level."""
        rankings = np.tile(self.ranking, (len(matrix), 1))
        for columns in reversed(KEYS):
            for row, key in enumerate(_keys(matrix, columns)):
                rankings[row] = self.table.get(str(key), rankings[row])
        return self._allowed(matrix, rankings, 0)

    def told(self, matrix: Matrix) -> np.ndarray | None:
        """(S,) the best strategy of each scene's true world, as the training scenes have it: a ceiling, as no selector
        is told. None where nothing is known of worlds."""
        if not self.worlds:
            return None
        labels = matrix.scenes["world"]
        return self._allowed(matrix, np.array([self.worlds.get(str(w), self.ranking) for w in labels]), 0)

    def always(self, matrix: Matrix, name: str) -> np.ndarray:
        """(S,) the strategy called `name`, and the best other one where it can't be taken first."""
        return self._allowed(matrix, np.tile(self._led_by(name), (len(matrix), 1)), 0)

    def three_lines(self, matrix: Matrix) -> np.ndarray:
        """(S,) what a person would write down: unseen paint → `role`; several demonstrations → the strategy of least
        error on one left out; else `maml`. What the matrix doesn't know falls on `maml`, and without that on the single
        best; equal errors fall on the better strategy in training."""
        size, columns = len(self.strategies), {name: number for number, name in enumerate(matrix.feature_names)}

        def known(name: str) -> np.ndarray:
            return matrix.features[:, columns[name]] if name in columns else np.zeros(len(matrix))

        rankings = np.tile(self._led_by(USUAL), (len(matrix), 1))
        # Until something failed, `retry` is another one's choice.
        asked = [a for a in range(size) if f"left-out: {self.strategies[a]}" in columns and a != matrix.retry]
        several = (known("left one out") > 0) & bool(asked)
        errors = np.full((len(matrix), size), np.inf)
        for a in asked:
            errors[:, a] = known(f"left-out: {self.strategies[a]}")
        ranked = np.array(self.ranking)
        order = ranked[np.argsort(errors[:, ranked], axis=1, kind="stable")]
        rankings = np.where(several[:, None], order, rankings)
        unseen = known("colour not shown") > UNSEEN
        parts = BY_PARTS if BY_PARTS in self.strategies else USUAL
        rankings = np.where(unseen[:, None], self._led_by(parts), rankings)
        return self._allowed(matrix, rankings, 0)

    def _led_by(self, name: str) -> tuple[int, ...]:
        """The ranking with the strategy called `name` first, where there is one."""
        if name not in self.strategies:
            return self.ranking
        first = self.strategies.index(name)
        return (first, *(a for a in self.ranking if a != first))

    def _allowed(self, matrix: Matrix, rankings: np.ndarray, place: int) -> np.ndarray:
        if matrix.strategies != self.strategies:
            names = ", ".join(matrix.strategies)
            raise MatrixError(f"matrix of strategies {names}; the selector chooses among {', '.join(self.strategies)}")
        allowed = np.take_along_axis(matrix.first, rankings, axis=1)
        # Those that can be taken first, in order of rank; where only one can it is the second best as well.
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
