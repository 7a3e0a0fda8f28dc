"""Other seeds of a selector: which matrix they may learn from, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from robo_meta.selector.judging.judge import judge
from robo_meta.selector.judging.seeds import judge_seeds, learned_from, refuse_other_training
from robo_meta.selector.learner.config import LearnerConfig
from robo_meta.selector.learner.file import SelectorError
from robo_meta.selector.learner.fitted_q import train_selector
from robo_meta.selector.learner.prices import Prices
from tests.robo_meta.selector.selector_matrices import made_up, two_kinds

CONFIG = LearnerConfig(trees=10)


def test_median_and_worst_of_five() -> None:
    training, judged = two_kinds(60)[0], two_kinds(60, seed=1, families=("axe", "hook"))[0]
    selector = train_selector(training, Prices(attempts=2), CONFIG, seed=7)
    found = judge_seeds(judged, selector, training)
    assert [one["seed"] for one in found["each"]] == [7, 8, 9, 10, 11] and found["n"] == 5
    result = judge(judged, selector)
    assert found["each"][0]["selector"] == pytest.approx(result["selector"]["rate"])
    assert found["each"][0]["closed_gap"] == pytest.approx(result["closed_gap"]["value"])
    for name in ("selector", "closed_gap"):
        values = [one[name] for one in found["each"]]
        assert found[name] == {"median": pytest.approx(np.median(values)), "worst": min(values)}
    # Another seed is what training with it would have come to.
    again = judge(judged, train_selector(training, Prices(attempts=2), CONFIG, seed=9))
    assert found["each"][2]["closed_gap"] == pytest.approx(again["closed_gap"]["value"])


def test_without_a_gap_there_is_none_to_close() -> None:
    training, judged = two_kinds(40)[0], made_up(np.ones((12, 3)), families=("axe", "hook"))
    found = judge_seeds(judged, train_selector(training, Prices(attempts=1), CONFIG), training, seeds=2)
    assert found["closed_gap"] is None and found["selector"] == {"median": 1.0, "worst": 1.0}


def test_only_the_matrix_that_it_learned_from_gives_other_seeds() -> None:
    training = two_kinds(40)[0]
    selector = train_selector(training, Prices(attempts=1), CONFIG)
    assert learned_from(selector, training)
    for other in (
        two_kinds(42)[0],
        two_kinds(40, families=("axe", "hook"))[0],
        replace(training, provenance={**training.provenance, "seed": 3}),
        replace(training, provenance={**training.provenance, "checkpoint": "0" * 64}),
    ):
        assert not learned_from(selector, other)
        with pytest.raises(SelectorError, match="m: not the matrix that the selector learned from"):
            refuse_other_training("m", selector, other)
