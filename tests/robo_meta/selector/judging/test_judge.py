"""The judge on made-up matrices: its estimates against known truths, its gate, and what the rules choose."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from robo_meta.selector.judging.cluster_bootstrap import Resampled
from robo_meta.selector.judging.expected_return import walk
from robo_meta.selector.judging.judge import closed_gap, gate, judge
from robo_meta.selector.judging.scoring import JUDGED, TRAINED, chosen, score
from robo_meta.selector.judging.virtual_best import cross_fitted
from robo_meta.selector.learner.fitted_q import train_selector
from robo_meta.selector.learner.prices import Prices
from robo_meta.selector.learner.reference_rules import ReferenceRules, one_pilot, taken, twice
from robo_meta.selector.matrix.matrix import EMPTY, MatrixError
from tests.robo_meta.selector.selector_matrices import made_up, two_kinds, with_retry


def test_two_attempts_and_pilots_by_enumeration() -> None:
    rng = np.random.default_rng(0)
    first, second = (rng.random((5, 4)) < 0.5).astype(float), (rng.random((5, 4)) < 0.6).astype(float)
    for row in range(5):
        pairs = list(permutations(range(4), 2))
        expected = np.mean([max(first[row, r], second[row, q]) for r, q in pairs])
        assert twice(first, second)[row] == pytest.approx(expected)
        pilots = [first[row, q] if first[row, r] else second[row, q] for r, q in pairs]
        assert one_pilot(first, second)[row] == pytest.approx(np.mean(pilots))


def test_rules() -> None:
    chances = np.where(np.arange(40)[:, None] % 2 == 0, [[0.9, 0.0, 0.2]], [[0.1, 0.7, 0.2]])
    matrix = made_up(chances)  # even scenes are same-object, odd ones new-shape
    rules = ReferenceRules.of(matrix)
    assert rules.ranking == (0, 1, 2)
    assert np.array_equal(rules.looked_up(matrix), np.arange(40) % 2)
    assert set(rules.best(matrix)) == {0} and set(rules.best(matrix, 1)) == {1}
    # Transfer, shots and noise that the training had not: the single best.
    other = made_up(chances, transfer=np.full(40, "new-instance"))
    assert set(rules.looked_up(other)) == {0}
    with pytest.raises(
        MatrixError, match="matrix of strategies maml, replay; the selector chooses among maml, replay, c"
    ):
        rules.best(made_up(chances[:, :2]))


def test_bootstrap_clusters_by_family_and_task() -> None:
    families = np.repeat(np.arange(6), 40)
    values = np.repeat(np.random.default_rng(0).normal(size=6), 40)
    by_task = Resampled(np.zeros(240, dtype=int), np.arange(240)).error(values)
    by_family = Resampled(families, np.arange(240)).error(values)
    assert by_family == pytest.approx(values.reshape(6, 40)[:, 0].std() / np.sqrt(6), rel=0.1)
    assert by_family > 4 * by_task
    # Rows of one task are drawn together: copies of them add no certainty.
    tasks, doubled = np.arange(60), np.random.default_rng(1).normal(size=60)
    once = Resampled(tasks % 3, tasks).error(doubled)
    copied = Resampled(np.tile(tasks % 3, 5), np.tile(tasks, 5)).error(np.tile(doubled, 5))
    assert copied == pytest.approx(once, rel=0.1)


def test_closed_gap_of_an_oracle_is_one_and_of_the_single_best_zero() -> None:
    matrix, best = two_kinds(300, rollouts=40)
    sample = Resampled(*matrix.clusters)
    ceiling = cross_fitted(matrix.success, matrix.first)
    sbs = taken(matrix, ReferenceRules.of(matrix).best(matrix)).mean(axis=1)
    oracle = taken(matrix, best).mean(axis=1)
    assert sample.share(oracle - sbs, ceiling - sbs).value == pytest.approx(1.0, abs=0.03)
    assert sample.share(sbs - sbs, ceiling - sbs).value == 0.0


def test_judging_a_selector() -> None:
    training, _ = two_kinds(seed=0)
    judged, best = two_kinds(160, seed=1, families=("axe", "hook", "girder", "sword"))
    selector = train_selector(training, Prices())
    result = judge(judged, selector)
    assert result["gate"]["passed"] and result["gates"]["all"] == result["gate"]
    assert (chosen(judged, selector)["selector"] == best).mean() > 0.95
    gap = result["closed_gap"]
    assert 0.85 < gap["value"] < 1.15 and gap["low"] > 0.3 and gap["low"] <= gap["value"] <= gap["high"]
    # Four families don't settle a difference of 0.05.
    assert result["retry"]["low"] < 0 < 0.03 < result["retry"]["difference"] < result["retry"]["high"]
    assert result["vbs"]["naive"] >= result["vbs"]["rate"]
    assert result["closed_gap"]["value"] == pytest.approx(closed_gap(score(judged, selector)))
    # One world: to be told of it is worth the single best.
    assert result["untellable"] == 0 and result["told-the-world"]["rate"] == result["sbs_trained"]["rate"]
    names = ("sbs", "vbs", "selector", "look-up", "random", "best-then-second-best", "one-pilot", "selector-with-retry")
    for rate in (result[name] for name in names):
        assert rate["low"] <= rate["rate"] <= rate["high"] and rate["n"] == 160


def test_the_gap_is_counted_from_the_better_single_best() -> None:
    """Trained where `maml` is best on the whole, judged where `replay` is: a selector that takes `replay` blindly would
    seem to close a gap that a constant closes as well."""
    training = made_up(np.tile([[0.9, 0.5, 0.1]], (60, 1)))
    judged = made_up(np.tile([[0.5, 0.9, 0.1]], (60, 1)), families=("axe", "hook"))
    selector = train_selector(training, Prices(attempts=1))
    result = judge(judged, selector)
    assert (result["sbs_trained"]["strategy"], result["sbs_judged"]["strategy"]) == ("maml", "replay")
    assert result["sbs"] == {**result["sbs_judged"], "chosen_by": JUDGED}
    assert result["sbs"]["rate"] > result["sbs_trained"]["rate"] + 0.3
    assert result["gate"]["difference"] < 0.02
    home = judge(training, selector)
    assert home["sbs"]["chosen_by"] == TRAINED and home["sbs"]["strategy"] == "maml"


def test_scenes_where_nothing_can_tell_are_a_slice_outside_the_gap() -> None:
    """Half of the scenes are untellable, and there the selector's choice always fails."""
    training, _ = two_kinds(seed=0)
    tellable, _ = two_kinds(80, seed=1, families=("axe", "hook"))
    hopeless = np.arange(80) % 2 == 1
    success = np.where(hopeless[:, None, None], np.array([0, 0, 1])[None, :, None], tellable.success)
    labels = np.where(hopeless, "untellable", "paint")
    judged = replace(tellable, success=success, scenes={**tellable.scenes, "world": labels})
    selector = train_selector(training, Prices(attempts=1))
    result = judge(judged, selector)
    assert (result["scenes"], result["untellable"]) == (40, 40)
    assert result["closed_gap"]["value"] > 0.8 and result["selector"]["rate"] > 0.85
    slices = result["slices"]
    assert slices["untellable"]["n"] == 40 and slices["untellable"]["selector"]["rate"] == 0
    assert slices["paint"]["n"] == slices["all"]["n"] == 40
    assert "untellable" not in result["gates"] and "paint" in result["gates"]
    with pytest.raises(MatrixError, match="matrix of 40 scenes of the world 'untellable' alone"):
        judge(judged.only(np.flatnonzero(hopeless)), selector)


def test_slices_compare_the_selector_with_maml_on_the_same_rollouts() -> None:
    training, _ = two_kinds(seed=0)
    judged, best = two_kinds(120, seed=1, families=("axe", "hook", "girder"))
    labels = np.where(best == 0, "paint", "role")
    judged = replace(judged, scenes={**judged.scenes, "world": labels})
    found = judge(judged, train_selector(training, Prices(attempts=1)))["slices"]
    # Where `maml` is best the selector is `maml`: no difference, and yet some doubt.
    same, other = found["paint"]["over_maml"], found["role"]["over_maml"]
    assert abs(same["value"]) < 0.02 and same["low"] < -0.02 and same["high"] > 0.02
    assert other["value"] == pytest.approx(0.55, abs=0.05) and other["low"] > 0
    # Without features of paint and left-out errors, the three-line rule is `maml`.
    assert found["role"]["over_rule"] == other and found["role"]["three-line-rule"]["n"] == found["role"]["n"]
    assert found["paint"]["n"] + found["role"]["n"] == found["all"]["n"] == 120
    assert found["paint"]["tasks"] == found["paint"]["n"]


def test_gate_finds_no_problem_where_one_strategy_is_always_best() -> None:
    matrix = made_up(np.tile([[0.8, 0.2, 0.1]], (90, 1)))
    sbs = taken(matrix, ReferenceRules.of(matrix).best(matrix)).mean(axis=1)
    found = gate(matrix, cross_fitted(matrix.success, matrix.first) - sbs)
    assert not found["passed"] and abs(found["difference"]) < 0.02 and found["needed"] >= 0.05
    # Few scenes: even a real difference is not told from chance.
    few, _ = two_kinds(6)
    sbs = taken(few, np.zeros(6, dtype=int)).mean(axis=1)
    assert gate(few, cross_fitted(few.success, few.first) - sbs)["needed"] > 0.05


def test_retry_is_taken_up_after_a_failure_and_judged_on_what_it_learnt() -> None:
    matrix = with_retry()
    selector = train_selector(with_retry(seed=1), Prices(second=0.0))
    found = judge(matrix, selector)
    missed = 1 - matrix.success[:, 0].mean(axis=1)
    again = matrix.retry_rates[:, 0]
    assert found["sbs"]["strategy"] == "maml"
    assert found["selector"]["rate"] == pytest.approx(found["sbs"]["rate"], abs=0.02)
    # Repeating itself: another of the rollouts, those that failed being in the draw but for the first one.
    other = matrix.success[:, 0].sum(axis=1) / (matrix.rollouts - 1)
    assert found["best-twice"]["rate"] == pytest.approx((1 - missed + missed * other).mean())
    over = found["retry_over_repeating"]["all"]
    assert over["value"] == pytest.approx(found["best-then-retry"]["rate"] - found["best-twice"]["rate"])
    # Three families don't settle a difference of 0.05.
    assert over["low"] < 0 < 0.03 < over["value"] < over["high"]
    assert found["best-then-retry"]["rate"] == pytest.approx((1 - missed + missed * again).mean())
    assert found["selector-with-retry"]["rate"] == pytest.approx(found["best-then-retry"]["rate"], abs=0.01)
    assert found["retry"]["difference"] > 0.1
    # `retry` is no strategy of its own before anything failed: the second best and the random choice leave it out.
    assert selector.rules.ranking == (0, 1, 2)
    assert found["random"]["rate"] == pytest.approx(matrix.success[:, :2].mean())
    free = walk(matrix, selector)
    assert free.success.mean() > found["selector-with-retry"]["rate"] - 0.02


def test_a_retry_that_learns_nothing_is_not_taken() -> None:
    selector = train_selector(with_retry(learnt=0.05), Prices(second=0.0))
    row = with_retry().features[:1]
    assert selector.strategy_for(row, np.array([[1.0, 0, 0]]), np.ones((1, 3), dtype=bool)) == [0]


def test_retry_rates_by_hand() -> None:
    matrix = with_retry(2)
    for scene, strategy in ((0, 0), (1, 1)):
        outcomes = matrix.retried[scene, strategy]
        assert matrix.retry_rates[scene, strategy] == pytest.approx(outcomes[outcomes != EMPTY].mean())
    nothing = replace(matrix, retried=np.full(matrix.success.shape, EMPTY))
    assert nothing.retry_rates[:, 1] == pytest.approx(matrix.success[:, 2].mean(axis=1))
    with pytest.raises(MatrixError, match="expected 'retry' among them"):
        made_up(np.full((2, 3), 0.5)).retry_rates  # noqa: B018
