"""How long a decision takes: the look at the scene, which adapts every strategy, and then the choice."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from demos.expert.episode import shared_env
from demos.support import SupportSet
from robo_meta.scenarios.conditions import Condition
from robo_meta.scenarios.matched_scenes import matched_task
from robo_meta.scenarios.supports import record_support
from robo_meta.selector.learner.selector import Selector
from robo_meta.selector.matrix.available import available_with
from robo_meta.selector.matrix.observe import look
from robo_meta.strategies.scan_memory import forget

SPLIT = "validation"
"""Where the task comes from on which decisions are timed."""
DECISIONS = {1: 5, 3: 1}
"""Demonstrations of a timed decision → how many are timed; from two on each demonstration is also left out in turn,
which takes many times as long."""


def decision_ms(selector: Selector, strategies: Mapping[str, Any], seed: int = 0) -> dict[str, Any]:
    """Processor time of a decision, ms: what it takes on one core that is free for it, as nominal seconds are measured.

    Args:
        selector: decides.
        strategies: name → strategy, those that it chooses among, in their order.
        seed: of the scene.

    Returns:
        `{shots, n, median, slowest, look, choice}` from one demonstration, the first two of look and choice together
        and the others medians, and `several`, the same from three.
    """
    matched = matched_task(seed, SPLIT, 0)
    support = record_support(matched, Condition("new-instance", max(DECISIONS)))
    points = shared_env().reset(seed=0, options={"scene": matched.query})[0]["points"]
    one, several = (_timed(selector, strategies, SupportSet(support.items[:k]), points) for k in DECISIONS)
    return {**one, "several": several}


def _timed(
    selector: Selector, strategies: Mapping[str, Any], support: SupportSet, points: np.ndarray
) -> dict[str, float | int]:
    size, taken = len(strategies), []
    nothing, available = np.zeros((1, size)), available_with(tuple(strategies), np.zeros(1))
    for _ in range(DECISIONS[support.shots]):
        forget()
        start = time.process_time()
        features = look(strategies, support, points).features[None]
        looked = time.process_time()
        selector.values(features, nothing, 1, available, True).argmax()
        taken.append((looked - start, time.process_time() - looked))
    looks, choices = 1e3 * np.array(taken).T
    both = looks + choices
    return {
        "shots": support.shots,
        "n": len(taken),
        "median": float(np.median(both)),
        "slowest": float(both.max()),
        "look": float(np.median(looks)),
        "choice": float(np.median(choices)),
    }
