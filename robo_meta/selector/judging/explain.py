"""Explanation of one decision: each strategy's predicted success, the features that moved it, and its success."""

from __future__ import annotations

from typing import Any

import numpy as np

from robo_meta.selector.judging.because import because
from robo_meta.selector.learner.selector import Selector
from robo_meta.selector.matrix.columns import COLUMNS
from robo_meta.selector.matrix.matrix import Matrix, MatrixError

MOVERS = 5
"""Features named for each strategy."""
USUALLY = "success in training scenes"
"""What a prediction starts from, before anything of the scene is known; it stands first among what moved it."""


def explain(matrix: Matrix, selector: Selector, scene: int) -> dict[str, Any]:
    """Explain the selector's decision in scene number `scene` of `matrix`.

    Returns:
        `{scene, chosen, because, strategies: [{strategy, predicted, happened, available, features: [{name, value,
        moved}]}], values}`; `predicted` and `happened` are success rates, `moved` what a feature added to the predicted
        one, and `because` a sentence. The first of the features is what the strategy usually comes to: with it, what
        moved a prediction is never nothing, and adds up to it where no more than `MOVERS` others did.

    Raises:
        MatrixError: no such scene, or a strategy of the selector is missing.
    """
    if not 0 <= scene < len(matrix):
        raise MatrixError(f"scene {scene}; the matrix has 0 to {len(matrix) - 1}")
    matrix = matrix.choosing(selector.strategies)
    row, nothing = matrix.features[[scene]], np.zeros((1, len(matrix.strategies)))
    inputs = selector.inputs.of_strategies(row, nothing)[0]
    predicted, names = selector.predicted_success(row, nothing)[0], selector.inputs.names
    stage, strategies = selector.stages[0], []
    for number, name in enumerate(matrix.strategies):
        start, moved = stage.strategies.contributions(inputs[number])
        moved = moved / (1 + selector.prices.failure)
        lost = selector.prices.failure
        usually = float(start + stage.base[-1, number] + selector.costs[number] + lost) / (1 + lost)
        order = np.argsort(-np.abs(moved), kind="stable")[:MOVERS]
        strategies.append(
            {
                "strategy": name,
                "predicted": float(predicted[number]),
                "happened": float(matrix.means[scene, number]),
                "available": bool(matrix.first[scene, number]),
                "features": [{"name": USUALLY, "value": round(usually, 3), "moved": usually}]
                + [
                    {
                        "name": names[i],
                        "value": round(float(inputs[number, i]), 3),
                        "moved": float(moved[i]),
                    }
                    for i in order
                    if moved[i] != 0
                ],
            }
        )
    more = matrix.following[[scene]] >= 0
    attempts = selector.prices.attempts
    values = selector.values(row, nothing, attempts, matrix.available[[scene]], more)[0]
    chosen = selector.strategy_for(row, nothing, matrix.available[[scene]])[0]
    seen = dict(zip(matrix.feature_names, row[0].tolist(), strict=True))
    expected = dict(zip(matrix.strategies, predicted.tolist(), strict=True))
    return {
        "because": because(seen, expected, matrix.strategies[int(chosen)]),
        "scene": {name: _plain(np.asarray(matrix.scenes[name])[scene].item()) for name in COLUMNS},
        "rollouts": matrix.rollouts,
        "chosen": matrix.strategies[int(chosen)],
        "best_action": selector.actions[int(values.argmax())],
        "values": {
            name: float(value) for name, value in zip(selector.actions, values, strict=True) if np.isfinite(value)
        },
        "strategies": strategies,
    }


def _plain(value: Any) -> Any:
    """`value` as JSON can have it: no limit is none."""
    return None if isinstance(value, float) and not np.isfinite(value) else value
