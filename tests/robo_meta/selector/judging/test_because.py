"""A decision's reason in a sentence."""

from __future__ import annotations

from robo_meta.selector.judging.because import because
from robo_meta.selector.judging.explain import explain
from robo_meta.selector.learner.config import LearnerConfig
from robo_meta.selector.learner.fitted_q import train_selector
from robo_meta.selector.learner.prices import Prices
from tests.robo_meta.selector.selector_matrices import two_kinds

CHANCES = {"maml": 0.4, "role": 0.92}


def test_what_a_person_would_say() -> None:
    repainted = {"colour not shown": 1.0, "shape distance": 0.1, "left one out": 0.0, "left-out: maml": 5.0}
    assert because(repainted, CHANCES, "role") == (
        "the query wears paint that no demonstration shows, but its outline is that of a demonstrated object: "
        "taking role (expected 0.92, maml 0.40)"
    )
    hammers = {"colour not shown": 0.0, "shape distance": 1.24, "left one out": 1.0}
    hammers |= {"left-out: maml": 4.0, "left-out: role": 0.6}
    assert because(hammers, CHANCES, "role") == (
        "all of its paint was shown, but its outline is 1.2 cm off that of any demonstrated object; on demonstrations "
        "left out role comes nearest (0.6 cm): taking role (expected 0.92, maml 0.40)"
    )


def test_nothing_that_is_not_known_is_said() -> None:
    assert because({}, {"maml": 0.9}, "maml") == "nothing is known of the scene: taking maml (expected 0.90)"
    shaped = because({"shape distance": 0.2}, {"maml": 0.9, "role": 0.89}, "maml")
    assert shaped == "its outline is that of a demonstrated object: taking maml (expected 0.90, role about as much)"


def test_a_selector_that_learned_a_constant_explains_itself() -> None:
    """Trees that don't branch move nothing; what is taken is what usually succeeds."""
    training, judged = two_kinds(40)[0], two_kinds(10, seed=1)[0]
    found = explain(judged, train_selector(training, Prices(attempts=1), LearnerConfig(trees=2, least=10**6)), 0)
    for row in found["strategies"]:
        assert [feature["name"] for feature in row["features"]] == ["success in training scenes"]
    assert f": taking {found['chosen']} (expected" in found["because"]
