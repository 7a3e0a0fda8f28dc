"""A policy that asks, attempts again and gives up: played step by step, priced, and summed up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demos.support import SupportItem, SupportSet
from robo_meta.evaluation.asking import AskedOutcome, Decision, asking_row, play_asking
from robo_meta.evaluation.asking_cells import asking_cells
from robo_meta.evaluation.config import EvaluateConfig
from robo_meta.evaluation.evaluate import evaluate
from robo_meta.evaluation.records import TaskRecord
from robo_meta.report.parts import asking_part
from robo_meta.report.terminal import asking_lines
from robo_meta.runs.json_records import to_json
from robo_meta.scenarios.conditions import Condition
from robo_meta.scenarios.demonstration_kinds import ANY, THIS_OBJECT
from robo_meta.scenarios.matched_scenes import MatchedTask, attempt_seeds, matched_task
from robo_meta.scenarios.rollout import Outcome
from robo_meta.scenarios.supports import ON_QUERY, record_support
from robo_meta.selector.deciding import Deciding, Situation
from robo_meta.selector.judging.expected_return import walk
from robo_meta.selector.learner.config import LearnerConfig
from robo_meta.selector.learner.file import save_selector
from robo_meta.selector.learner.fitted_q import train_selector
from robo_meta.selector.learner.prices import Prices
from tests.robo_meta.selector.selector_matrices import made_up, with_retry

CONDITION = Condition("new-instance")
TREES = LearnerConfig(trees=5)
PRICES = {ANY: 0.1, THIS_OBJECT: 0.25}


@pytest.fixture(scope="module")
def matched() -> MatchedTask:
    return matched_task(0, "validation", 0)


@pytest.fixture(scope="module")
def support(matched: MatchedTask) -> SupportSet:
    return record_support(matched, CONDITION, 1)


class Table:
    """Rollouts that come out as told: strategy → outcome of each attempt."""

    def __init__(self, item: SupportItem, **success: Sequence[bool]) -> None:
        self.item, self.success, self.attempted = item, success, list[tuple[str, int]]()
        self.scans = tuple(np.full((4, 6), float(number)) for number in range(3))

    def outcome(self, policy: str, number: int = 0) -> Outcome:
        done = bool(self.success[policy][number])
        return Outcome(done, {"level": done}, 20, (0.0, 0.0, 0.02, 0.0), 4.0, 2.0, "scripted")

    def attempt(self, policy: str, number: int = 0) -> tuple[Outcome, SupportItem]:
        self.attempted.append((policy, number))
        found = self.outcome(policy, number)
        return found, replace(self.item, success=found.success)


class Scripted:
    """Does what it was told to, and notes what it was shown. An attempt costs 0.125, a failure 0.25 more."""

    attempts, gamma, worst, strategies = 3, 0.5, -1.5, ("maml", "retry")

    def __init__(self, *steps: str) -> None:
        self.steps, self.looks = list(steps), list[tuple[SupportSet, float]]()
        self.asked, self.learnt = list[tuple[tuple[str, ...], int, bool]](), list[int]()

    def look(self, support: SupportSet, points: np.ndarray) -> int:
        self.looks.append((support, float(points[0, 0])))
        return len(self.looks)

    def decide(self, seen: int, failed: Sequence[str], left: int, may_ask: bool) -> Decision:
        assert seen == len(self.looks)
        self.asked.append((tuple(failed), left, may_ask))
        step = self.steps[len(self.asked) - 1]
        if step in PRICES:
            return Decision(f"ask {step}", demo=step)
        return Decision(step, strategy=step if step in self.strategies else None)

    def first(self, seen: int) -> str:
        return "maml"

    def policy(self, seen: int, strategy: str, failed: tuple[SupportItem, ...]) -> Any:
        if strategy == "retry":
            self.learnt.append(len(failed))
            assert not any(item.success for item in failed)
        return strategy

    def reward(self, strategy: str, success: bool) -> float:
        return success - 0.125 - 0.25 * (not success)

    def price(self, demo: str) -> float:
        return PRICES[demo]


def play(decider: Any, matched: Any, support: SupportSet, table: Any) -> AskedOutcome:
    return play_asking(decider, matched, CONDITION, support, table)


def test_a_failed_attempt_is_followed_up(matched: MatchedTask, support: SupportSet) -> None:
    decider, table = Scripted("maml", "retry"), Table(support.items[0], maml=[0, 0, 0], retry=[0, 1, 0])
    found = play(decider, matched, support, table)
    assert found.success and found.actions == ("maml", "retry") and found.attempts == 2 and not found.gave_up
    # Every attempt has a rollout of its own, and the second one learns from the first.
    assert table.attempted == [("maml", 0), ("retry", 1)] and decider.learnt == [1]
    assert decider.asked == [((), 3, True), (("maml",), 2, True)] and len(decider.looks) == 1
    assert found.discounted == -0.375 + 0.5 * 0.875 and found.first == found.usual == -0.375
    # The last attempt is the last one, whatever came of it.
    failing = play(Scripted(*["maml"] * 4), matched, support, Table(support.items[0], maml=[0, 0, 0]))
    assert not failing.success and failing.attempts == 3 and failing.discounted == -0.375 * (1 + 0.5 + 0.25)


@pytest.mark.parametrize("kind", [ANY, THIS_OBJECT])
def test_what_was_asked_for_is_in_the_support(kind: str, matched: MatchedTask, support: SupportSet) -> None:
    decider, table = Scripted("maml", kind, "maml"), Table(support.items[0], maml=[0, 1, 1])
    found = play(decider, matched, support, table)
    assert found.asked == (kind,) and found.actions == ("maml", f"ask {kind}", "maml") and found.success
    assert found.discounted == pytest.approx(-0.375 - 0.5 * PRICES[kind] + 0.25 * 0.875)
    assert [may_ask for _, _, may_ask in decider.asked] == [True, True, False]
    (before, scan), (after, later) = decider.looks
    # It looks at the object as it lies now.
    assert (before, scan, later) == (support, 0.0, 1.0) and after.items[:-1] == support.items
    more = after.items[-1]
    assert more.success and more.family == matched.query.object.family
    if kind == ANY:
        assert np.array_equal(more.points, record_support(matched, CONDITION, 2).items[1].points)
    else:
        assert more.object_id == ON_QUERY


def test_giving_up(matched: MatchedTask, support: SupportSet) -> None:
    table = Table(support.items[0], maml=[1, 1, 1])
    found = play(Scripted("give up"), matched, support, table)
    assert found.gave_up and not found.success and found.attempts == 0 and found.discounted == 0.0
    assert table.attempted == [] and found.last.failed_parts == ("attempted",) and found.last.steps == 0
    assert found.first == 0.875  # what it would have attempted, would have succeeded
    late = play(Scripted("maml", "give up"), matched, support, Table(support.items[0], maml=[0, 1, 1]))
    assert late.gave_up and late.attempts == 1 and late.last.failed_parts == ("level",)


class OnMatrix(Deciding):
    """Sees the features that a matrix has for so many demonstrations."""

    def __init__(self, selector: Any, features: np.ndarray) -> None:
        super().__init__(selector, {})
        self.features = features

    def look(self, support: SupportSet, points: np.ndarray) -> Situation:
        return Situation(support, self.features[support.shots - 1], {name: name for name in self.strategies})  # type: ignore[misc]


def test_it_asks_where_that_is_worth_it_and_returns_what_the_judge_expects(
    matched: MatchedTask, support: SupportSet
) -> None:
    shots = np.arange(24) % 2 + 1
    chances = np.where(shots[:, None] == 1, [[0.0, 0.0, 0.0]], [[1.0, 0.0, 0.0]])
    on_object = np.where(shots == 1, np.arange(24) + 1, -1)
    matrix = made_up(chances, features={"shots": shots}, on_object=on_object)
    table = Table(support.items[0], maml=[1, 1, 1], replay=[0, 0, 0], centre=[0, 0, 0])
    cheap = train_selector(matrix, Prices(attempts=2), TREES)
    decider = OnMatrix(cheap, matrix.features[:2])
    found = play(decider, matched, support, table)
    assert found.actions == ("demo on this object", "maml") and found.asked == (THIS_OBJECT,)
    assert found.discounted == pytest.approx(walk(matrix, cheap).discounted[0])
    assert decider.worst < found.discounted < found.usual  # type: ignore[operator]
    # Too dear, and hopeless without: it gives up.
    dear = OnMatrix(train_selector(matrix, Prices(attempts=2, own_demo=3.0), TREES), matrix.features[:2])
    assert play(dear, matched, support, table).actions == ("give up",)


def test_retry_comes_after_a_failure_alone(support: SupportSet) -> None:
    matrix = with_retry()
    decider = OnMatrix(train_selector(matrix, Prices(attempts=2), TREES), matrix.features[:1])
    seen = decider.look(support, np.zeros((4, 6)))
    assert decider.decide(seen, [], 2, True).action == "maml" == decider.first(seen)
    assert decider.decide(seen, ["maml"], 1, True).action == "retry"


def test_scenes_are_summed_up(matched: MatchedTask, support: SupportSet) -> None:
    asked = Scripted(THIS_OBJECT, "maml"), Table(support.items[0], maml=[1, 1, 1])
    gave_up = Scripted("give up"), Table(support.items[0], maml=[0, 0, 0])
    rows = [
        asking_row("selector+asking", "new-shape", 1, play(d, matched, support, t), d.worst)
        for d, t in (asked, gave_up)
    ]
    tasks = [
        TaskRecord("validation", k, ("balance", "part")[k % 2], "bar", (), asking=(rows[k % 2],)) for k in range(8)
    ]
    assert [TaskRecord.from_json(json.loads(json.dumps(task.to_json()))) for task in tasks] == tasks
    cells = asking_cells(tasks)
    assert [cell.intention for cell in cells] == ["all", "balance", "part"]
    whole = cells[0]
    assert whole.n == 8 and whole.success.value == 0.5 and whole.gave_up == 0.5 and whole.attempts == 0.5
    assert whole.asked == {ANY: 0.0, THIS_OBJECT: 0.5}
    assert whole.discounted.value == pytest.approx((-0.25 + 0.5 * 0.875) / 2)
    assert Scripted.worst < whole.discounted.low < whole.discounted.value < whole.discounted.high < 1
    assert whole.selector.value == pytest.approx((0.875 - 0.375) / 2) and whole.maml == whole.selector
    (line,) = asking_lines(to_json(cells))
    assert "return +0.09 [" in line and "this-object 0.50, gave up 50%" in line and "of maml +0.25 [" in line
    part = asking_part(to_json(cells))
    assert part is not None and "asked for: this-object" in part.table and asking_part(()) is None


def test_attempts_have_seeds_of_their_own(matched: MatchedTask) -> None:
    seeds = attempt_seeds(matched, 3)
    assert seeds[0] == matched.rollout_seed and len(set(seeds)) == 3 and attempt_seeds(matched, 2) == seeds[:2]


def test_evaluate_plays_it_the_same_with_any_number_of_workers(tiny_run: Path, tmp_path: Path) -> None:
    shots = np.arange(24) % 2 + 1
    chances = np.where(shots[:, None] == 1, [[0.2, 0.2]], [[0.9, 0.1]])
    following = np.where(shots == 1, np.arange(24) + 1, -1)
    matrix = made_up(chances, features={"shots": shots}, following=following, strategies=("replay", "centre"))
    file = save_selector(
        tmp_path / "s.safetensors", train_selector(matrix, Prices(attempts=2), replace(TREES, least=4))
    )
    common: dict[str, Any] = {
        "checkpoint": tiny_run, "split": ("validation",), "transfer": ("same-object",), "shots": (1,), "tasks": 2,
        "controller": "scripted", "selector": file,
    }  # fmt: skip
    config = EvaluateConfig(**common, strategies=("centre", "selector+asking"), workers=2, out=tmp_path / "out")
    assert config.names == ("centre", "selector+asking") and [source.name for source in config.adapting] == ["centre"]
    two = evaluate(config, progress=False)
    again = evaluate(config, progress=False)  # nothing is missing
    one = evaluate(replace(config, workers=1, out=None), progress=False)
    assert two.asking is not None and two == again
    assert [task.asking for task in one.tasks] == [task.asking for task in two.tasks] and one.asking == two.asking
    (cell,) = [cell for cell in two.cells if (cell.strategy, cell.intention) == ("selector+asking", "all")]
    assert (cell.n, cell.rate) == (2, two.asking[0].success.value) and two.asking[0].asked[ANY] == 1.0
    assert "asking" in two.to_json() and {pair.b for pair in two.pairs} == {"selector+asking", "expert"}
    plain = EvaluateConfig(**common, strategies=("centre",))
    assert plain.asking == () and plain.selector_file is None and plain.identity != config.identity
