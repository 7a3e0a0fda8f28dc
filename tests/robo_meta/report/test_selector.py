"""A judgement as people read it: ceilings, slices and seeds, in the terminal and on the page."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from robo_meta.report.selector import section
from robo_meta.report.selector_terminal import print_judgement
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


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    training = labelled(*two_kinds(60))
    judged = labelled(*two_kinds(60, seed=1, families=("axe", "hook")))
    selector = train_selector(training, Prices(attempts=1), LearnerConfig(trees=10))
    times = {"shots": 1, "n": 5, "median": 41.6, "slowest": 50.2, "look": 40.0, "choice": 1.6}
    return judge(judged, selector) | {
        "decision_ms": {**times, "several": {**times, "shots": 3, "median": 300.4}},
        "seeds": judge_seeds(judged, selector, training),
    }


def test_terminal_and_page_show_the_same(result: dict[str, Any]) -> None:
    written = StringIO()
    print_judgement(result, Console(width=250, file=written))
    found = result["slices"]["role"]["over_maml"]
    for shown in (written.getvalue(), section(result)):
        for part in (
            "told the world",
            "three-line rule",
            "virtual best (cross-fitted)",
            "single best in the judged set",
            "5 selector seeds: success median",
            "15 scenes in which nothing can tell",
            "untellable (n = 15, 15 tasks): selector",
            f"− maml {found['value']:+.3f} [{found['low']:+.3f}, {found['high']:+.3f}]",
            "a decision takes 42 ms of processor time from one demonstration (slowest of 5: 50 ms)",
            "from 3 it takes 300 ms",
            "calibration error of predicted success",
        ):
            assert part in shown, part
    # Told the world, one knows what is best: as much as the virtual best, which is estimated.
    assert result["told-the-world"]["rate"] == pytest.approx(result["vbs"]["rate"], abs=0.02)
