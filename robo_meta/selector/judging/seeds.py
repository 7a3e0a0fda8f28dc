"""What a selector's seed is worth: others of the same training, judged on the same scenes."""

from __future__ import annotations

from typing import Any

import numpy as np

from robo_meta.selector.judging.judge import closed_gap
from robo_meta.selector.judging.scoring import score
from robo_meta.selector.learner.config import LearnerConfig
from robo_meta.selector.learner.file import SelectorError
from robo_meta.selector.learner.fitted_q import train_selector
from robo_meta.selector.learner.selector import Selector
from robo_meta.selector.learner.worlds import tellable
from robo_meta.selector.matrix.matrix import Matrix


def learned_from(selector: Selector, training: Matrix) -> bool:
    """Whether a selector's card says that it learned from this matrix."""
    card, known = selector.card, training.provenance
    ordered = card.get("matrix", {})
    return (
        card.get("rows") == len(training)
        and set(selector.strategies) <= set(training.strategies)
        and tuple(card["families"]) == training.families
        and card.get("checkpoint") == known.get("checkpoint")
        and all(known.get(name) == value for name, value in ordered.items())
    )


def refuse_other_training(where: str, selector: Selector, training: Matrix) -> None:
    """Raises SelectorError where the selector didn't learn from this matrix."""
    if not learned_from(selector, training):
        raise SelectorError(f"{where}: not the matrix that the selector learned from; other seeds need that one")


def judge_seeds(matrix: Matrix, selector: Selector, training: Matrix, seeds: int = 5) -> dict[str, Any]:
    """Judge the selector's first choice, and that of selectors learned anew with the next seeds.

    How fine the trees may be is not chosen anew.

    Args:
        matrix: to judge on.
        selector: the first of them.
        training: the matrix that it learned from.
        seeds: how many, the selector's own among them.

    Returns:
        `{n, each: [{seed, selector, closed_gap}], selector: {median, worst}, closed_gap: {median, worst}}`; None where
        there is no gap.
    """
    first, config = int(selector.card.get("seed", 0)), _config(selector)
    each: list[dict[str, Any]] = []
    for seed in range(first, first + seeds):
        other = (
            selector
            if seed == first
            else train_selector(training.choosing(selector.strategies), selector.prices, config, seed, most_left=1)
        )
        whole = score(matrix, other)
        scored = whole.only(tellable(whole.matrix))
        rate = float(scored.scores["selector"].mean())
        each.append({"seed": seed, "selector": rate, "closed_gap": closed_gap(scored)})
    found: dict[str, Any] = {"n": seeds, "each": each}
    for name in ("selector", "closed_gap"):
        values = [one[name] for one in each if one[name] is not None]
        found[name] = {"median": float(np.median(values)), "worst": float(min(values))} if values else None
    return found


def _config(selector: Selector) -> LearnerConfig:
    """How the selector was learned; of a card that doesn't say, what its trees show."""
    card = selector.card
    shown = {"trees": len(selector.stages[0].strategies.arrays["roots"]), "least": card.get("least", 1)}
    return LearnerConfig(**card.get("config", shown))
