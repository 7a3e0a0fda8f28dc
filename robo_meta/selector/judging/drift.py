"""Beliefs across scenes: when outcomes differ from the predictions of a strategy, its predictions are shifted.

Each strategy has a hidden shift of its log-odds of success, usually none. After every scene it may jump, with a small
chance, to any of `SHIFTS` as `PRIOR` has it; every outcome is weighed by Bayes' rule. A strategy that has broken is
thus given up after a handful of failures, and tried again once in a while, should it have been mended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logit

from robo_meta.selector.learner.selector import Selector
from robo_meta.selector.matrix.matrix import Matrix

SHIFTS = np.array([-8.0, -3.0, -1.5, 0.0, 1.0, 2.0])
"""Log-odds."""
PRIOR = np.array([0.05, 0.05, 0.10, 0.65, 0.10, 0.05])
JUMP = 0.01
"""Chance after every scene that a shift is drawn anew."""
SUREST = 0.02
"""Predictions are kept at least this far from 0 and 1."""
QUIET = 20
"""Scenes in a row without it after which a strategy counts as abandoned."""
WITHIN = 20
"""Uses within which a sabotaged strategy must be abandoned."""


class Drift:
    """What is believed of A strategies' shifts."""

    def __init__(self, strategies: int) -> None:
        self._belief = np.tile(PRIOR, (strategies, 1))

    def corrected(self, predicted: np.ndarray) -> np.ndarray:
        """(A,) chances of success, given those that were predicted (A,)."""
        return (self._belief * shifted(predicted[:, None])).sum(axis=1)

    def observe(self, strategy: int, predicted: float, success: bool) -> None:
        """Weigh one outcome of `strategy`, for which `predicted` was the selector's own chance."""
        chance = shifted(np.array(predicted))
        weighed = self._belief[strategy] * (chance if success else 1 - chance)
        self._belief[strategy] = weighed / weighed.sum()

    def next_scene(self) -> None:
        """Let time pass."""
        self._belief = (1 - JUMP) * self._belief + JUMP * PRIOR


def shifted(predicted: np.ndarray) -> np.ndarray:
    """Chances under every shift, from predictions that broadcast against `SHIFTS`."""
    found: np.ndarray = expit(logit(np.clip(predicted, SUREST, 1 - SUREST)) + SHIFTS)
    return found


@dataclass(frozen=True)
class Met:
    """What happened in E scenes one after another, one attempt each."""

    choices: np.ndarray
    """(E,) strategies."""
    successes: np.ndarray
    """(E,) bool."""


def meet(matrix: Matrix, selector: Selector, scenes: int, seed: int, *, online: bool, broken: int | None) -> Met:
    """Meet scenes of a matrix in random order.

    Args:
        matrix: whose rollouts are drawn.
        selector: decides by predicted success and prices.
        scenes: E.
        seed: of the order and of which rollouts are drawn, which are the same whatever is decided.
        online: whether outcomes change what is believed.
        broken: number of a strategy that always fails from scene E ÷ 2 on.
    """
    rng = np.random.default_rng(seed)
    rows, rollouts = rng.choice(matrix.drawn, size=scenes), rng.integers(matrix.rollouts, size=scenes)
    nothing = np.zeros((len(matrix), len(matrix.strategies)))
    predictions = selector.predicted_success(matrix.features, nothing)
    drift = Drift(len(matrix.strategies))
    choices, successes = np.zeros(scenes, dtype=int), np.zeros(scenes, dtype=bool)
    for number, (row, rollout) in enumerate(zip(rows, rollouts, strict=True)):
        predicted = predictions[row]
        believed = drift.corrected(predicted) if online else predicted
        choice = int(np.where(matrix.first[row], selector.reward(believed), -np.inf).argmax())
        fails = choice == broken and number >= scenes // 2
        successes[number] = bool(matrix.success[row, choice, rollout]) and not fails
        choices[number] = choice
        drift.observe(choice, float(predicted[choice]), bool(successes[number]))
        drift.next_scene()
    return Met(choices, successes)


def judge_online(matrix: Matrix, selector: Selector, scenes: int = 400, seed: int = 0) -> dict[str, Any]:
    """Sabotage the strategy that is used most, halfway; with and without learning from outcomes."""
    calm = {online: meet(matrix, selector, scenes, seed, online=online, broken=None) for online in (False, True)}
    half = scenes // 2
    broken = int(np.bincount(calm[True].choices[:half], minlength=len(matrix.strategies)).argmax())
    after = {online: meet(matrix, selector, scenes, seed, online=online, broken=broken) for online in (False, True)}
    uses = uses_until_abandoned(after[True].choices[half:] == broken)
    return {
        "scenes": scenes,
        "sabotaged": matrix.strategies[broken],
        "uses_before": int((after[True].choices[:half] == broken).sum()),
        "uses_until_abandoned": uses,
        "uses_after": int((after[True].choices[half:] == broken).sum()),
        "abandoned": uses is not None and uses <= WITHIN,
        "success": {
            "undisturbed, frozen": float(calm[False].successes.mean()),
            "undisturbed, online": float(calm[True].successes.mean()),
            "after the sabotage, frozen": float(after[False].successes[half:].mean()),
            "after the sabotage, online": float(after[True].successes[half:].mean()),
        },
    }


def uses_until_abandoned(used: np.ndarray) -> int | None:
    """How often a strategy is used (E,) before `QUIET` scenes in a row without it; None where that never comes."""
    idle = 0
    for number, use in enumerate(used):
        idle = 0 if use else idle + 1
        if idle == QUIET:
            return int(used[: number + 1].sum())
    return None
