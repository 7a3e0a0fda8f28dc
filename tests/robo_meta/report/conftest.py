"""A judgement of a selector, made up: what its page and its table are drawn from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from robo_meta.selector.judging.judge import judge
from robo_meta.selector.judging.seeds import judge_seeds
from robo_meta.selector.learner.config import LearnerConfig
from robo_meta.selector.learner.fitted_q import train_selector
from robo_meta.selector.learner.prices import Prices
from robo_meta.selector.matrix.matrix import Matrix
from tests.robo_meta.selector.selector_matrices import two_kinds


def labelled(matrix: Matrix, best: np.ndarray) -> Matrix:
    """Every fourth scene is untellable; the others are named by what is best in them."""
    names = np.where(np.arange(len(matrix)) % 4 == 3, "untellable", np.where(best == 0, "paint", "role"))
    return replace(matrix, scenes={**matrix.scenes, "world": names})


@pytest.fixture(scope="session")
def judged() -> dict[str, Any]:
    training = labelled(*two_kinds(60))
    scenes = labelled(*two_kinds(60, seed=1, families=("axe", "hook")))
    selector = train_selector(training, Prices(attempts=1), LearnerConfig(trees=10))
    times = {"shots": 1, "n": 5, "median": 41.6, "slowest": 50.2, "look": 40.0, "choice": 1.6}
    return judge(scenes, selector) | {
        "decision_ms": {**times, "several": {**times, "shots": 3, "median": 300.4}},
        "seeds": judge_seeds(scenes, selector, training),
    }
