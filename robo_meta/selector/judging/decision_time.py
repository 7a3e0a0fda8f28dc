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
from robo_meta.selector.matrix.observe import look

SPLIT = "validation"
"""Where the task comes from on which decisions are timed."""
SHOTS = (1, 3)
"""Demonstrations of a timed decision; from two on each is also left out in turn."""
DECISIONS = 7
"""Timed decisions of each kind."""


def decision_ms(selector: Selector, strategies: Mapping[str, Any], seed: int = 0) -> dict[str, Any]:
    """Wall-clock ms of a decision on this machine, as it is loaded now.

    Args:
        selector: decides.
        strategies: name → strategy, those that it chooses among, in their order.
        seed: of the scene.

    Returns:
        `{shots, n, median, p95, look, choice}`, medians and the 95th percentile of look and choice together from one
        demonstration, and `several`, the same for three.
    """
    matched = matched_task(seed, SPLIT, 0)
    support = record_support(matched, Condition("new-instance", max(SHOTS)))
    points = shared_env().reset(seed=0, options={"scene": matched.query})[0]["points"]
    one, several = (_timed(selector, strategies, SupportSet(support.items[:shots]), points) for shots in SHOTS)
    return {**one, "several": several}


def _timed(
    selector: Selector, strategies: Mapping[str, Any], support: SupportSet, points: np.ndarray
) -> dict[str, float | int]:
    size, taken = len(strategies), []
    nothing, everything = np.zeros((1, size)), np.ones((1, size), dtype=bool)
    for _ in range(DECISIONS):
        start = time.perf_counter()
        features = look(strategies, support, points).features[None]
        looked = time.perf_counter()
        selector.values(features, nothing, 1, everything, True).argmax()
        taken.append((looked - start, time.perf_counter() - looked))
    looks, choices = 1e3 * np.array(taken).T
    both = looks + choices
    return {
        "shots": support.shots,
        "n": DECISIONS,
        "median": float(np.median(both)),
        "p95": float(np.quantile(both, 0.95)),
        "look": float(np.median(looks)),
        "choice": float(np.median(choices)),
    }
