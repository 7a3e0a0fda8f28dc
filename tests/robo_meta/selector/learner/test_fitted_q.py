"""Learning on made-up matrices: the best choice is found, decisions survive the file, and outcomes change beliefs."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from robo_meta.selector.judging.cross_validation import LeftOut, cross_judge, leave_out, sharpness_of
from robo_meta.selector.judging.drift import WITHIN, Drift, judge_online, meet, uses_until_abandoned
from robo_meta.selector.judging.expected_return import walk
from robo_meta.selector.judging.explain import explain
from robo_meta.selector.learner.config import LearnerConfig, LearnerError
from robo_meta.selector.learner.file import FORM, SelectorError, load_selector, refuse_shared_families, save_selector
from robo_meta.selector.learner.fitted_q import situations
from robo_meta.selector.learner.fitted_q import train_selector as train_with
from robo_meta.selector.learner.forest import Forest
from robo_meta.selector.learner.prices import Prices
from robo_meta.selector.learner.reference_rules import ReferenceRules
from robo_meta.selector.learner.selector import ASKING, GIVE_UP, Selector, base_value, sharpened
from robo_meta.selector.matrix.matrix import EMPTY, Matrix, MatrixError
from tests.altered import altered as alter
from tests.altered import other_schema
from tests.robo_meta.selector.selector_matrices import STRATEGIES, made_up, two_kinds, with_retry

NOTHING = np.zeros((1, 3))
EVERYTHING = np.ones((1, 3), dtype=bool)
SMALL = LearnerConfig(trees=40)


def train_selector(matrix: Matrix, prices: Prices, config: LearnerConfig = SMALL, seed: int = 0) -> Selector:
    return train_with(matrix, prices, config, seed)


@pytest.fixture(scope="module")
def selector() -> Selector:
    return train_selector(two_kinds()[0], Prices())


def test_the_best_strategy_is_found() -> None:
    prices = Prices(attempts=1)
    found = train_selector(two_kinds()[0], prices)
    judged, best = two_kinds(100, seed=5)
    choice = found.strategy_for(judged.features, np.zeros((100, 3)), judged.available)
    assert (choice == best).mean() >= 0.95
    predicted = found.predicted_success(judged.features, np.zeros((100, 3)))
    assert np.abs(predicted[np.arange(100), best] - np.where(best == 0, 0.9, 0.95)).mean() < 0.06
    same = train_selector(two_kinds()[0], prices)
    assert np.array_equal(predicted, same.predicted_success(judged.features, np.zeros((100, 3))))


def test_without_branches_the_single_best_is_chosen() -> None:
    """Also where the single best fails on the scenes that are hard, so that after failures others look better."""
    easy = np.arange(60) < 50
    matrix = made_up(np.where(easy[:, None], [[1.0, 0.8, 0.0]], [[0.0, 0.7, 0.0]]))
    rates = matrix.success.mean(axis=(0, 2))
    assert rates[0] > rates[1]
    unbranched = train_selector(matrix, Prices(), LearnerConfig(trees=5, least=1_000_000))
    choice = unbranched.strategy_for(matrix.features, np.zeros((60, 3)), matrix.available)
    assert (choice == ReferenceRules.of(matrix).best(matrix)).all()
    assert (choice == 0).all()


@pytest.mark.parametrize(
    "given, line",
    [
        ({"trees": 0}, "trees 0; expected 1 or more"),
        ({"leaves": 1}, "leaves 1; expected 2 or more"),
        ({"least": 0}, "least 0; expected 1 or more"),
        ({"pairs": 0}, "pairs 0; expected 1 or more"),
        ({"borrowed": -0.5}, r"borrowed -0\.5; expected 0 or more"),
    ],
)
def test_numbers_that_make_no_sense(given: dict, line: str) -> None:
    with pytest.raises(LearnerError, match=line):
        LearnerConfig(**given)


def test_every_number_of_the_configuration_is_heeded() -> None:
    matrix, prices = two_kinds(60)[0], Prices()

    def learned(**given) -> np.ndarray:
        selector = train_selector(matrix, prices, LearnerConfig(**{"trees": 8, **given}))
        histories = [np.tile(row, (60, 1)) for row in np.eye(3)]
        values = [selector.values(matrix.features, failed, 1, matrix.available) for failed in histories]
        assert all(len(stage.strategies.arrays["roots"]) == given.get("trees", 8) for stage in selector.stages)
        return np.concatenate(values)

    usual = learned()
    assert np.array_equal(usual, learned())
    for other in ({"trees": 9}, {"leaves": 4}, {"least": 40}, {"pairs": 3}, {"borrowed": 30.0}):
        assert not np.array_equal(usual, learned(**other)), other


def test_values_match_dynamic_programming() -> None:
    """One kind of scene with certain chances: the values of the whole tree of attempts, by hand."""
    chances = np.array([0.6, 0.3, 0.0])
    matrix = made_up(np.tile(chances, (200, 1)), rollouts=40)
    prices = Prices(attempt=0.1, failure=0.15, demo=0.2, second=0.0, gamma=0.9, attempts=3)
    selector = train_selector(matrix, prices)
    expected = 0.0
    for left in (1, 2, 3):
        expected_q = chances - 0.1 + (1 - chances) * (0.9 * expected - 0.15)
        values = selector.values(matrix.features[:1], NOTHING, left, EVERYTHING)[0]
        assert values[:3] == pytest.approx(expected_q, abs=0.05)
        assert (values[3:5] == -np.inf).all() and values[5] == 0.0
        expected = max(0.0, expected_q.max())


def test_what_failed_changes_the_choice() -> None:
    """In each scene one of two strategies always works and nothing tells which: after a failure, the other one."""
    works = np.random.default_rng(0).random(160) < 0.7
    chances = np.where(works[:, None], [[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]])
    selector = train_selector(made_up(chances), Prices())
    row = made_up(chances).features[:1]
    assert selector.strategy_for(row, NOTHING, EVERYTHING) == [0]
    assert selector.strategy_for(row, np.array([[1.0, 0, 0]]), EVERYTHING) == [1]
    # With the only two that ever work gone, nothing is worth its price.
    values = selector.values(row, np.array([[1.0, 1.0, 0.0]]), 1, EVERYTHING)[0]
    assert selector.actions[int(values.argmax())] == GIVE_UP


def test_one_more_demonstration_is_asked_for_where_it_helps_and_is_cheap() -> None:
    scenes = np.arange(120)
    following = np.where(scenes % 2 == 0, scenes + 1, -1)
    helped = scenes % 4 < 2  # the first two of four: hopeless alone, certain with one more; the others fine as they are
    chances = np.where((helped & (scenes % 2 == 0))[:, None], [[0.05, 0.05, 0.05]], [[0.95, 0.1, 0.1]])
    features = {"colour not shown": 1.0 * (helped & (scenes % 2 == 0))}
    matrix = made_up(chances, following=following, features=features)
    cheap = train_selector(matrix, Prices(demo=0.1))
    dear = train_selector(matrix, Prices(demo=0.99))

    def choice(selector: Selector, scene: int) -> str:
        values = selector.values(matrix.features[[scene]], NOTHING, 3, EVERYTHING, matrix.following[[scene]] >= 0)[0]
        return selector.actions[int(values.argmax())]

    assert choice(cheap, 0) == ASKING[0] and choice(cheap, 2) == "maml" and choice(dear, 0) not in ASKING
    found = walk(matrix, cheap)
    assert found.demos[0] == 1.0 and found.demos[2] == 0.0 and found.success[0] > 0.9
    assert found.discounted.mean() > walk(matrix, dear).discounted.mean()
    assert (walk(matrix, dear).demos == 0).all()
    assert (found.success <= 1 + 1e-9).all() and (found.attempts <= 3).all()


def test_a_demonstration_on_the_object_is_worth_another_price() -> None:
    """Half of the scenes can be told by one more of any, half only by one on the object itself."""
    tasks = np.arange(60)
    first, more, own = 3 * tasks, 3 * tasks + 1, 3 * tasks + 2
    any_helps = tasks % 2 == 0
    chances = np.full((180, 3), 0.05)
    chances[more[any_helps]] = chances[own] = 0.95
    following, on_object, known = np.full(180, -1), np.full(180, -1), np.zeros(180)
    following[first], on_object[first], known[first[any_helps]] = more, own, 1.0
    features = {"colour not shown": known, "shape distance": np.where(chances[:, 0] > 0.5, 0.0, 4.0)}
    matrix = made_up(chances, following=following, on_object=on_object, features=features)
    selector = train_selector(matrix, Prices(demo=0.1, own_demo=0.2))
    found = walk(matrix, selector)
    values = selector.values(matrix.features[first], np.zeros((60, 3)), 3, matrix.available[first], True)
    assert (values[:, 3:5].argmax(axis=1) == np.where(any_helps, 0, 1)).all()
    assert (found.demos[first] == 1).all() and found.success[first].mean() > 0.9
    # Asking always costs the dearer price where the cheaper one would do, and never asking leaves the task undone.
    always = walk(matrix, selector, must_ask=True).discounted[first]
    never = walk(matrix, selector, asking=False).discounted[first]
    assert found.discounted[first].mean() > always.mean() + 0.02 and found.discounted[first].mean() > never.mean() + 0.3


def test_a_rule_walks_with_the_selectors_asking() -> None:
    matrix, best = two_kinds(80)
    selector = train_selector(matrix, Prices(second=0.0, attempts=2))
    told, misled = (walk(matrix, selector, first=choice) for choice in (best, np.full(80, 2)))
    own = walk(matrix, selector)
    assert told.discounted.mean() == pytest.approx(own.discounted.mean(), abs=0.02)
    # `centre` first, with 0.3, and what is best afterwards.
    assert misled.discounted.mean() < own.discounted.mean() - 0.2 and misled.attempts.mean() > own.attempts.mean()


def test_situations_are_weighted_by_how_likely_they_are() -> None:
    matrix = made_up(np.array([[1.0, 0.5, 0.0]] * 4), rollouts=10)
    found = situations(matrix, 1, 12, seed=0)
    failed = {tuple(t): w for t, w in zip(found.tried[4:7], found.weights[4:7], strict=True)}
    misses = 1 - matrix.success[0].mean(axis=1)
    assert found.weights[0] == 1.0
    assert failed[1.0, 0.0, 0.0] == 0.0  # a certain success leads nowhere
    assert failed[0.0, 1.0, 0.0] == pytest.approx(misses[1] / 3) and failed[0.0, 0.0, 1.0] == pytest.approx(1 / 3)
    again = matrix.chances(found.rows, found.tried, found.tried)[5, 1]
    assert again == pytest.approx(matrix.success[0, 1].sum() / 9)


def test_trees_as_arrays_predict_what_the_library_does() -> None:
    from sklearn import ensemble

    from robo_meta.selector.learner.forest import from_sklearn

    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 6)).astype(np.float32)
    x[:, 2] = np.round(x[:, 2])  # ties with thresholds
    y = x[:, 0] * (x[:, 1] > 0) + x[:, 2]
    model = ensemble.ExtraTreesRegressor(n_estimators=20, random_state=0).fit(x, y)
    forest = from_sklearn(model)
    assert np.abs(forest.predict(x) - model.predict(x)).max() < 1e-5
    base, moved = forest.contributions(x[0])
    assert base + moved.sum() == pytest.approx(model.predict(x[:1])[0], abs=1e-5)
    assert np.abs(moved[:3]).sum() > 5 * np.abs(moved[3:]).sum()


def test_file_round_trip(tmp_path: Path) -> None:
    matrix = two_kinds(40)[0]
    selector = train_selector(matrix, Prices(attempts=2, gamma=0.9))
    path = save_selector(tmp_path / "s.safetensors", selector)
    found = load_selector(path)
    assert found.prices == selector.prices and found.rules == selector.rules and found.strategies == STRATEGIES
    nothing = np.zeros((40, 3))
    before = selector.values(matrix.features, nothing, 2, matrix.available)
    assert np.array_equal(before, found.values(matrix.features, nothing, 2, matrix.available))
    first = path.read_bytes()
    assert save_selector(path, found) and path.read_bytes() == first
    assert json.loads(path.with_suffix(".json").read_text())["learner"] == "extra-trees"


altered = partial(alter, form=FORM)


@pytest.mark.parametrize(
    "damage, line",
    [
        (lambda p: p.unlink(), "no selector; train one with robo-meta select train"),
        (lambda p: p.write_bytes(p.read_bytes()[:-9]), "truncated or damaged"),
        (lambda p: p.write_bytes(b"x"), "truncated or damaged"),
        (lambda p: other_schema(p, FORM), "schema '0', this version reads '4'"),
        (lambda p: altered(p, record={"feature_schema": "0"}), "trained on feature schema '0'; this version computes"),
        (
            lambda p: altered(p, record={"prices": {**Prices().card, "gamma": 3}}),
            "its arrays don't fit its card (gamma 3; expected more than 0",
        ),
        (lambda p: altered(p, record={"strategies": ["maml"]}), "its arrays don't fit its card"),
        (lambda p: altered(p, drop="1/strategies/value"), "its arrays don't fit its card"),
        (lambda p: altered(p, **{"1/strategies/left": np.zeros(3, np.int32)}), "its arrays don't fit its card"),
        (lambda p: altered(p, **{"seconds": np.zeros(2)}), "its arrays don't fit its card"),
    ],
)
def test_damaged_files_are_one_line(damage, line: str, selector: Selector, tmp_path: Path) -> None:
    path = save_selector(tmp_path / "s.safetensors", selector)
    damage(path)
    with pytest.raises(SelectorError) as caught:
        load_selector(path)
    assert line in str(caught.value) and "\n" not in str(caught.value) and str(path) in str(caught.value)


def test_trees_that_never_end_are_refused(selector: Selector, tmp_path: Path) -> None:
    forest = selector.stages[0].strategies
    assert isinstance(forest, Forest)
    path = save_selector(tmp_path / "s.safetensors", selector)
    altered(path, **{"1/strategies/left": np.zeros_like(forest.left)})
    with pytest.raises(SelectorError, match="trees whose nodes don't lead down"):
        load_selector(path)


def test_families_are_kept_apart() -> None:
    refuse_shared_families("m.safetensors", ("wedge", "flag"), ("axe",))
    with pytest.raises(
        SelectorError, match=r"m\.safetensors: family 'flag' is among those that the selector was trained on"
    ):
        refuse_shared_families("m.safetensors", ("wedge", "flag"), ("axe", "flag"))


def test_sabotage_is_noticed(selector: Selector) -> None:
    judged, _ = two_kinds(150, seed=3)
    result = judge_online(judged, selector, scenes=300, seed=0)
    assert result["abandoned"] and result["uses_until_abandoned"] <= WITHIN
    success = result["success"]
    assert success["after the sabotage, online"] > success["after the sabotage, frozen"] + 0.1
    assert success["undisturbed, online"] > success["undisturbed, frozen"] - 0.03


def test_a_mended_strategy_is_taken_up_again() -> None:
    drift = Drift(1)
    for _ in range(8):
        drift.observe(0, 0.9, False)
        drift.next_scene()
    assert drift.corrected(np.array([0.9]))[0] < 0.2
    for _ in range(250):
        drift.next_scene()
    assert drift.corrected(np.array([0.9]))[0] > 0.6
    for _ in range(30):
        drift.observe(0, 0.5, True)
    assert drift.corrected(np.array([0.5]))[0] > 0.75


def test_counting_uses_until_abandoned() -> None:
    used = np.zeros(60, dtype=bool)
    used[[0, 3, 10, 20, 55]] = True
    assert uses_until_abandoned(used) == 4
    assert uses_until_abandoned(np.ones(60, dtype=bool)) is None


def test_streams_are_matched(selector: Selector) -> None:
    judged, _ = two_kinds(60, seed=3)
    frozen = meet(judged, selector, 80, 1, online=False, broken=None)
    assert np.array_equal(frozen.choices, meet(judged, selector, 80, 1, online=False, broken=None).choices)
    other = meet(judged, selector, 80, 1, online=False, broken=0)
    assert np.array_equal(frozen.choices, other.choices)
    assert not other.successes[40:][other.choices[40:] == 0].any()
    assert np.array_equal(frozen.successes[:40], other.successes[:40])


def test_explanation_names_what_moved_the_prediction(selector: Selector) -> None:
    judged, best = two_kinds(30, seed=4)
    found = explain(judged, selector, 0)
    assert found["chosen"] == STRATEGIES[best[0]]
    rows = {row["strategy"]: row for row in found["strategies"]}
    assert rows["replay"]["happened"] == pytest.approx(judged.success[0, 1].mean())
    assert "shape distance" in [feature["name"] for feature in rows["replay"]["features"]]
    for row in found["strategies"]:
        assert row["features"][0]["name"] == "success in training scenes"
        total = sum(feature["moved"] for feature in row["features"])
        assert np.clip(total, 0, 1) == pytest.approx(row["predicted"], abs=0.02)
    json.dumps(found, allow_nan=False)
    with pytest.raises(MatrixError, match="scene 30; the matrix has 0 to 29"):
        explain(judged, selector, 30)


def test_cross_judging() -> None:
    left_out = leave_out(two_kinds(90)[0], Prices(), SMALL, 0)
    assert left_out is not None and len(left_out.judged) == 90
    found = cross_judge(left_out)
    assert found["selector"] > found["sbs"] + 0.15 and found["closed_gap"] > 0.8
    assert leave_out(two_kinds(20, families=("wedge",))[0], Prices(), SMALL, 0) is None


def test_chances_are_sharpened_to_what_happens_elsewhere() -> None:
    """0.7 and 0.3 were said where 0.9 and 0.1 happen."""
    works = np.arange(300) % 2 == 0
    chances = np.where(works[:, None], [[0.9, 0.1, 0.9]], [[0.1, 0.9, 0.1]])
    matrix = made_up(chances)
    said = np.where(chances > 0.5, 0.7, 0.3)
    a, b = sharpness_of(LeftOut(matrix, np.zeros(300), np.zeros(300), said))
    assert a == pytest.approx(np.log(9) / np.log(7 / 3), abs=0.15) and abs(b) < 0.1
    assert sharpened(np.array([0.7, 0.3]), (a, b)) == pytest.approx([0.9, 0.1], abs=0.02)
    selector = train_selector(two_kinds(60)[0], Prices(attempts=1))
    sharp, judged = replace(selector, sharpness=(a, b)), two_kinds(60, seed=7)[0]
    nothing = np.zeros((60, 3))
    before, after = (one.predicted_success(judged.features, nothing) for one in (selector, sharp))
    assert (np.abs(after - 0.5) > np.abs(before - 0.5) - 0.03).all() and not np.array_equal(before, after)
    # What is chosen stays the same.
    choices = (one.strategy_for(judged.features, nothing, judged.available) for one in (selector, sharp))
    assert np.array_equal(*choices)


def test_base_by_hand() -> None:
    base = np.array([[0.1, 0.5, 0.6], [0.4, 0.2, 0.9], [0.0, 0.0, 0.0], [0.7, 0.3, 0.7]])
    tried = np.array([[0, 0, 0], [1, 0, 0], [0, 2, 0], [1, 1, 0]])
    assert base_value(base, tried).tolist() == [[0.7, 0.3, 0.7], [0.1, 0.5, 0.6], [0.4, 0.2, 0.9], [0.1, 0.2, 0.6]]


def test_chances_by_hand() -> None:
    matrix = with_retry(1, rollouts=4)
    success = np.array([[[1, 1, 0, 0], [0, 0, 0, 1], [1, 1, 0, 0]]])
    retried = np.array([[[-1, -1, 1, 0], [1, 1, 1, -1], [-1, -1, 0, 0]]])
    matrix = replace(matrix, success=success, retried=retried)
    assert matrix.retry_rates.tolist() == [[0.5, 1.0, 0.0]]
    tried = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 1]])
    found = matrix.chances(np.zeros(4, dtype=int), tried, tried)
    assert found[:, 0].tolist() == pytest.approx([1 / 2, 2 / 3, 2 / 3, 1 / 2])
    assert found[:, 1].tolist() == pytest.approx([1 / 4, 1 / 4, 1 / 3, 1 / 3])
    assert found[:, 2].tolist() == pytest.approx([1 / 2, 0.5, 0.75, 0.5])


def test_situations_after_a_retry_are_weighted_by_what_it_had_learnt() -> None:
    matrix = with_retry(200)
    found = situations(matrix, 2, 5, 0)
    both = (found.tried[:, 0] == 1) & (found.tried[:, 2] == 1)
    misses = 1 - matrix.success[found.rows[both], 0].mean(axis=1)
    expected = misses * (1 - matrix.retry_rates[found.rows[both], 0]) / 5
    assert found.weights[both] == pytest.approx(expected)
    # It is never the first to fail.
    alone = (found.tried[:, 2] > 0) & (found.tried[:, :2].sum(axis=1) == 0)
    assert alone.any() and not found.weights[alone].any()


def test_a_rare_failure_borrows_from_what_follows_others() -> None:
    """`maml` fails once in all; what follows that failure is drawn toward what follows `replay`'s many."""
    matrix = with_retry(40, learnt=1.0)
    success, retried = np.array(matrix.success), np.array(matrix.retried)
    success[:, 0], retried[:, 0] = 1, EMPTY
    success[0, 0, 0], retried[0, 0, 0] = 0, 0
    selector = train_selector(
        replace(matrix, success=success, retried=retried), Prices(second=0.0), LearnerConfig(least=10**6)
    )
    after_maml, after_replay = selector.stages[0].base[0, 2], selector.stages[0].base[1, 2]
    assert after_replay > 0.9
    assert after_replay - 0.25 < after_maml < after_replay
