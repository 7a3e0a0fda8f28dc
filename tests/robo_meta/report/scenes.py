"""A scene of an adaptation, made up."""

from __future__ import annotations

import numpy as np

from robo_meta.report.adaptation import AdaptationScene
from robo_meta.report.instructive import Shown
from tests.robo_meta.report.results import rollout


def scene(index: int = 0) -> AdaptationScene:
    rng = np.random.default_rng(0)
    points = np.hstack([rng.uniform(-0.1, 0.1, (96, 2)), np.full((96, 1), 0.03), rng.uniform(0, 1, (96, 3))])
    weights = rng.dirichlet(np.ones(96))
    grasp = np.array([0.02, 0.0, 0.015, 0.4])
    truth = np.array([[0.03, 0.01]])
    sharp = weights**2 / (weights**2).sum()
    return AdaptationScene(index, "a & b", points, grasp, points, weights, sharp, grasp, grasp, truth, (41.0, 6.0))


def shown(index: int = 0) -> Shown:
    return Shown(
        index, "A rule <1>", (rollout("maml", True), rollout("replay", False), rollout("expert", True, None, 0))
    )
