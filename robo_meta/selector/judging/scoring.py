"""What each rule chooses on a matrix and what comes of it, scene by scene; all on the same rollouts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from robo_meta.selector.judging.virtual_best import cross_fitted
from robo_meta.selector.learner.reference_rules import USUAL, ReferenceRules, in_two, once, one_pilot, taken
from robo_meta.selector.learner.selector import Selector
from robo_meta.selector.matrix.matrix import EMPTY, Matrix

TRAINED, JUDGED = "single best in training", "single best in the judged set"
"""Names of the two single best strategies; the second is chosen by the scenes that it is scored on, in its favour."""


@dataclass(frozen=True)
class Scored:
    """The rules on the S scenes of a matrix."""

    matrix: Matrix
    choices: Mapping[str, np.ndarray]
    """Rule → (S,) strategies."""
    scores: Mapping[str, np.ndarray]
    """Rule → (S,) chances of success on all rollouts; `virtual best` among them."""

    @property
    def single(self) -> str:
        """Which of the two single best strategies does better here: the one that a gap is counted from."""
        return TRAINED if self.scores[TRAINED].mean() >= self.scores[JUDGED].mean() else JUDGED

    def only(self, rows: np.ndarray) -> Scored:
        """The scenes numbered `rows`; what was chosen and estimated with the others stays."""
        tables = [{name: values[rows] for name, values in table.items()} for table in (self.choices, self.scores)]
        return Scored(self.matrix.only(rows), *tables)

    def strategy(self, single: str) -> str:
        """Name of a single best strategy; where it can't be taken first another one is, so that it is most scenes'."""
        return self.matrix.strategies[int(np.bincount(self.choices[single]).argmax())]


def score(matrix: Matrix, selector: Selector) -> Scored:
    """Let every rule choose on every scene as it is met (`Matrix.drawn`); a matrix may hold more strategies than the
    selector chooses among.

    Raises:
        MatrixError: the matrix lacks a strategy of the selector, has too few rollouts, or only untellable scenes.
    """
    matrix = matrix.choosing(selector.strategies).only(matrix.drawn)
    choices = chosen(matrix, selector)
    return Scored(matrix, choices, _scores(matrix, choices))


def chosen(matrix: Matrix, selector: Selector) -> dict[str, np.ndarray]:
    """Name → (S,) strategies: what each rule chooses first, and second after a failure."""
    nothing = np.zeros((len(matrix), len(matrix.strategies)))
    rules, allowed = selector.rules, matrix.available
    found = {
        TRAINED: rules.best(matrix),
        JUDGED: ReferenceRules.of(matrix).best(matrix),
        "second best": rules.best(matrix, 1),
        "look-up": rules.looked_up(matrix),
        "three-line-rule": rules.three_lines(matrix),
        "selector": selector.strategy_for(matrix.features, nothing, allowed),
        "first": selector.strategy_for(matrix.features, nothing, allowed, left=2),
    }
    told = rules.told(matrix)
    if told is not None:
        found["told-the-world"] = told
    if USUAL in matrix.strategies:
        found[USUAL] = rules.always(matrix, USUAL)
    failed = nothing.copy()
    failed[np.arange(len(matrix)), found["first"]] = 1
    return found | {"second attempt": selector.strategy_for(matrix.features, failed, allowed)}


def _scores(matrix: Matrix, choices: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Name → (S,) chance of success on all rollouts."""
    plays = {name: taken(matrix, choice) for name, choice in choices.items()}
    best, second = choices[TRAINED], choices["second best"]
    extra: dict[str, np.ndarray] = {}
    if matrix.retry is not None:
        extra["best-then-retry"] = in_two(matrix, best, np.full(len(matrix), matrix.retry))
    # What was played beside, where that was in all of the scenes.
    for place, name in enumerate(matrix.names_beside):
        if (matrix.beside[:, place] != EMPTY).all():
            extra[name] = matrix.beside[:, place].mean(axis=1)
    first_choices = (TRAINED, JUDGED, "look-up", "three-line-rule", "told-the-world", USUAL, "selector")
    return (
        {name: once(plays[name]) for name in first_choices if name in plays}
        | extra
        | {
            "virtual best": cross_fitted(matrix.success, matrix.first),
            "random": matrix.rates.sum(axis=1) / matrix.first.sum(axis=1),
            "best-twice": in_two(matrix, best, best),
            "best-then-second-best": in_two(matrix, best, second),
            "one-pilot": one_pilot(plays[TRAINED], plays["second best"]),
            "selector-with-retry": in_two(matrix, choices["first"], choices["second attempt"]),
        }
    )
