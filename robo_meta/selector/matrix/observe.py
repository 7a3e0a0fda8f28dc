"""Features of a scene before acting: every strategy is adapted to the support and asked about the query."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from demos.policy import Policy
from demos.support import SupportItem, SupportSet
from robo_meta.catalogue import CATALOGUE, bare
from robo_meta.selector.matrix.available import CONTRAST, RETRY
from robo_meta.selector.matrix.features import USUAL, scene_features

MOST_LEFT_OUT = 3
"""Demonstrations left out in turn, at most: adapting all strategies once more for each takes its time."""


@dataclass(frozen=True)
class Look:
    """What is known of a scene before acting."""

    features: np.ndarray
    """(F,) float32."""
    policies: Mapping[str, Policy]
    """Strategy → the policy adapted to the support."""


def shown(name: str, support: SupportSet) -> SupportSet:
    """The part of the support that the strategy called `name` is made for.

    A strategy that takes every demonstration for an example to follow is not shown the failed ones, unless there are
    no others; one whose row of `robo_meta.catalogue` says that it learns from failures sees all.
    """
    row = CATALOGUE.get(bare(name))
    if row is not None and row.learns_from_failures:
        return support
    successes = tuple(item for item in support.items if item.success)
    return SupportSet(successes) if successes else support


def look(strategies: Mapping[str, Any], support: SupportSet, points: np.ndarray) -> Look:
    """Adapt `strategies` (name → strategy) to the support and describe the query's scan (P, 6).

    What comes to the same is adapted once: `retry`, until an attempt failed, is `contrast`, and that is `maml` where no
    demonstration failed.
    """
    like = {name: same_as(name, strategies, support) for name in strategies}
    adapted = {name: strategies[name].adapt(shown(name, support)) for name in set(like.values())}
    targets = {name: np.asarray(policy.target(points), dtype=np.float64) for name, policy in adapted.items()}
    spreads = {name: _spread(policy, points, targets[name]) for name, policy in adapted.items()}
    followed = [item for item in support.items if item.success][:MOST_LEFT_OUT]
    fits = {
        name: float(np.mean([_error(policy, item) for item in followed])) if followed else np.inf
        for name, policy in adapted.items()
    }
    left_out: dict[str, float] = {}
    if len(followed) > 1:
        for name in adapted:
            errors = []
            for item in followed:
                rest = SupportSet(tuple(other for other in support.items if other is not item))
                errors.append(_error(strategies[name].adapt(shown(name, rest)), item))
            left_out[name] = float(np.mean(errors))

    def each(found: Mapping[str, Any]) -> dict[str, Any]:
        return {name: found[other] for name, other in like.items()} if found else {}

    known = scene_features(support, points, each(targets), each(spreads), each(fits), each(left_out))
    return Look(known, each(adapted))


def same_as(name: str, strategies: Collection[str], support: SupportSet) -> str:
    """The strategy that `name` comes to before anything was attempted."""
    if name == RETRY and CONTRAST in strategies:
        name = CONTRAST
    if name == CONTRAST and USUAL in strategies and all(item.success for item in support.items):
        name = USUAL
    return name


def _error(policy: Policy, item: SupportItem) -> float:
    """m from a demonstrated grasp to where `policy` would grasp the same object."""
    return float(np.hypot(*(policy.target(item.points)[:2] - item.grasp[:2])))


def _spread(policy: Policy, points: np.ndarray, target: np.ndarray) -> float:
    """m: root mean square distance of the scored places from the choice, by their weights; 0 without scores."""
    weights = policy.point_scores(points)
    if weights is None:
        return 0.0
    return float(np.sqrt(weights @ ((points[: len(weights), :2] - target[:2]) ** 2).sum(axis=1)))
