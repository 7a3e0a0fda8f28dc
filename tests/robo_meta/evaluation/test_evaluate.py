"""Evaluation: what it refuses, that workers and interruptions don't show, and how records become cells and pairs."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from demos.support import SupportSet
from robo_meta.catalogue import CATALOGUE
from robo_meta.cli.evaluate import write_result
from robo_meta.evaluation.colour_preference import colour_preference, true_preference
from robo_meta.evaluation.config import EvaluateConfig
from robo_meta.evaluation.evaluate import FINISHED, evaluate, summary
from robo_meta.evaluation.records import RolloutRow, ScoreRow, SkippedTransfer, TaskRecord
from robo_meta.evaluation.result import FrameError
from robo_meta.evaluation.summary import Results, cells, failures, families, interpretability, pairs
from robo_meta.report.terminal import learned_over_scripted, print_result
from robo_meta.runs.journal import JournalError, append, open_journal
from robo_meta.runs.json_records import to_json
from robo_meta.strategies.build import build_strategies, default_names, needs_checkpoint
from robo_meta.training.checkpoint import CheckpointError
from sim.errors import InputError

LATENCIES = ("adapt_ms", "act_ms", "first_act_ms")
CHEAP = {"split": ("validation",), "transfer": ("new-shape",), "shots": (1,), "controller": "scripted", "workers": 1}


def config(**changes: Any) -> EvaluateConfig:
    return EvaluateConfig(**{**CHEAP, "tasks": 2, "strategies": ("centre", "density-fit"), **changes})


# Refusals


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"split": ("unseen-family",)}, "unknown split 'unseen-family'; did you mean 'unseen-families'?"),
        ({"split": ("test",)}, "unknown split 'test'; expected one of training, validation, unseen-objects, unseen-"),
        ({"transfer": ("newshape",)}, "unknown transfer 'newshape'; did you mean 'new-shape'?"),
        ({"strategies": ("mam",)}, "unknown strategy 'mam'; did you mean 'maml'?"),
        ({"strategies": ("magic",)}, "unknown strategy 'magic'"),
        ({"shots": (0, 1)}, "shots 0; expected 1 or more"),
        ({"shots": ()}, "shots empty; expected one or more, each once"),
        ({"shots": (1, 1)}, "shots 1 1; expected one or more, each once"),
        ({"tasks": 0}, "tasks 0; expected 1 or more"),
        ({"tasks": -3}, "tasks -3; expected 1 or more"),
        ({"workers": 0}, "workers 0; expected 1 or more"),
        ({"seed": -1}, "seed -1; expected 0 or more"),
        ({"controller": "left"}, "controller 'left'; expected learned or scripted"),
    ],
)
def test_bad_requests_get_one_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        config(**changes)
    assert str(caught.value).startswith(message) and "\n" not in str(caught.value)


def test_no_checkpoint_is_said_before_anything_is_written(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere"
    with pytest.raises(CheckpointError, match="no checkpoint"):
        evaluate(config(checkpoint=missing, strategies=("maml",), out=tmp_path / "out"), progress=False)
    assert not (tmp_path / "out").exists()


def test_out_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(FileExistsError, match="out"):
        evaluate(config(out=tmp_path / "out"), progress=False)


def test_names() -> None:
    named_only = ("contrast", "retry", "maml-both", "context-both", "selector")
    assert default_names() == (*(name for name in CATALOGUE if name not in named_only), "maml+scripted-controller")
    shipped = default_names({"maml", "zero-shot", "closing", "controller"})
    assert {"maml", "zero-shot", "fine-tune", "scratch", "centre", "maml+scripted-controller"} <= set(shipped)
    assert not {"context", "fomaml", "anil", "reptile"} & set(shipped)
    assert "fine-tune" in default_names({"pretrain", "closing"}) and "fine-tune" not in default_names({"closing"})
    assert "maml" not in default_names({"maml"})  # without `closing` it could choose a place and no grasp
    assert not {"maml", "maml+scripted-controller"} & set(default_names({"closing"}))
    assert not needs_checkpoint(("centre", "density-fit"), "scripted") and not needs_checkpoint(("replay",), "learned")
    assert needs_checkpoint(("centre",), "learned") and needs_checkpoint(("maml+scripted-controller",), "scripted")
    built = build_strategies(None, ("centre", "replay"), "scripted")
    assert [player.name for player in built] == ["centre", "replay"]


# Running


def without_latencies(result: dict[str, Any]) -> dict[str, Any]:
    kept = copy.deepcopy({name: value for name, value in result.items() if name != "config"})
    for cell in kept["cells"]:
        for name in LATENCIES:
            del cell[name]
    return kept


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The out folder of an evaluation, played by two workers."""
    folder = tmp_path_factory.mktemp("evaluation")
    evaluate(config(workers=2, out=folder), progress=False)
    return folder


def test_one_and_two_workers_agree(finished: Path) -> None:
    one = evaluate(config(), progress=False).to_json()
    two = evaluate(config(out=finished), progress=False).to_json()  # as it was played: nothing is missing
    assert without_latencies(one) == without_latencies(two)
    assert {cell["strategy"] for cell in one["cells"]} == {"expert", "centre", "density-fit"}
    assert [cell["n"] for cell in one["cells"] if cell["intention"] == "balance"] == [1, 1, 1]
    json.dumps(one, allow_nan=False)


def fake_task(split: str, index: int, success: dict[str, bool], **changes: Any) -> TaskRecord:
    """A record as `play_task` gives it: every strategy at new-shape, one shot."""
    rows = [row("expert", None, 0, success.get("expert", True))]
    rows += [row(name, "new-shape", 1, hit) for name, hit in success.items() if name != "expert"]
    record = TaskRecord(split, index, ("balance", "part")[index % 2], "bar", tuple(rows))
    return replace(record, **changes)


def row(strategy: str, transfer: str | None, shots: int, success: bool) -> RolloutRow:
    return RolloutRow(
        strategy,
        transfer,
        shots,
        success,
        failed=() if success else ("level",),
        steps=30,
        keypoint_mm=4.0 if success else 40.0,
        across_mm=2.0,
        controller="learned",
        adapt_ms=1.0,
        act_ms=0.1,
        first_act_ms=0.5,
    )


class StoppedOnce:
    """Grasps the middle, counts in a file how often it adapted, and is interrupted at the second time."""

    name = "stopped-once"

    def __init__(self, count: Path) -> None:
        self.count = count

    def adapt(self, support: SupportSet) -> Callable[[np.ndarray], np.ndarray]:
        times = int(self.count.read_text()) + 1
        self.count.write_text(str(times))
        if times == 2:
            raise KeyboardInterrupt
        return lambda points: np.array([*points[:, :2].mean(axis=0), 0.02, 0.0])


def test_interrupted_evaluation_goes_on(tmp_path: Path) -> None:
    count, out = tmp_path / "count", tmp_path / "out"
    count.write_text("0")
    wanted = config(out=out, strategies=(StoppedOnce(count),))
    with pytest.raises(KeyboardInterrupt):
        evaluate(wanted, progress=False)
    # As a kill in the middle of a write leaves it.
    with (out / FINISHED).open("a") as file:
        file.write('{"split": "validation", "ind')
    whole = evaluate(wanted, progress=False)
    assert count.read_text() == "3"  # the first task, the second, and the second again
    assert evaluate(wanted, progress=False) == whole and count.read_text() == "3"
    # Nothing shows that it was interrupted.
    straight = evaluate(replace(wanted, out=None), progress=False)
    assert without_latencies(straight.to_json()) == without_latencies(whole.to_json()) and count.read_text() == "5"
    # Fewer tasks are a part of what is there; another seed is another evaluation.
    assert evaluate(replace(wanted, tasks=1), progress=False).cells[0].n == 1 and count.read_text() == "5"
    with pytest.raises(JournalError, match=r"begun with other .*seed.*; remove it or write elsewhere"):
        evaluate(replace(wanted, seed=1), progress=False)


def test_progress_of_an_evaluation_with_more_to_it_is_refused(finished: Path, tmp_path: Path) -> None:
    tasks = open_journal(finished / FINISHED, config().identity)
    open_journal(tmp_path / FINISHED, {**config().identity, "selector": "0" * 64})
    for task in tasks:
        append(tmp_path / FINISHED, task)
    with pytest.raises(JournalError, match="begun with other selector; remove it or write elsewhere"):
        evaluate(config(out=tmp_path), progress=False)


def test_damaged_progress_is_refused(finished: Path, tmp_path: Path) -> None:
    text = (finished / FINISHED).read_text().split("\n")
    (tmp_path / FINISHED).write_text("\n".join([text[0], text[1][:-5], *text[2:]]))
    with pytest.raises(JournalError, match="damaged"):
        evaluate(config(out=tmp_path), progress=False)


# From records to numbers


def tasks_of(table: dict[str, str]) -> list[TaskRecord]:
    """One task a character: `1` for success, `0` for failure."""
    length = len(next(iter(table.values())))
    return [
        fake_task("validation", index, {name: marks[index] == "1" for name, marks in table.items()})
        for index in range(length)
    ]


TABLE = {
    "expert": "1111111110",
    "maml": "1111111010",
    "maml+scripted-controller": "1111111110",
    "centre": "0100000000",
    "replay": "1010110010",
    "warped-replay": "1010000000",
    "density-fit": "1010101010",
}


def find(records: Sequence[Any], **wanted: Any) -> dict[str, Any]:
    plain = [to_json(record) for record in records]
    found = [record for record in plain if all(record[name] == value for name, value in wanted.items())]
    assert len(found) == 1, found
    return found[0]


def test_cells_count_what_was_played() -> None:
    found = cells(Results(tasks_of(TABLE)))
    maml = find(found, strategy="maml", intention="all", shots=1)
    assert (maml["n"], maml["successes"], maml["rate"]) == (10, 8, 0.8)
    assert (maml["low"], maml["high"]) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert maml["of_expert"] == pytest.approx(8 / 9) and maml["of_expert_low"] <= maml["of_expert"]
    assert maml["keypoint_mm"] == pytest.approx((8 * 4 + 2 * 40) / 10)
    assert find(found, strategy="maml", intention="balance", shots=1)["successes"] == 5
    part = find(found, strategy="maml", intention="part", shots=1)
    assert (part["successes"], part["n"]) == (3, 5)
    expert = find(found, strategy="expert", intention="all")
    assert (expert["shots"], expert["successes"], expert["of_expert"]) == (0, 9, 1.0)


def test_results_do_not_depend_on_the_order_of_finishing() -> None:
    tasks = tasks_of(TABLE)
    for make in (cells, pairs, families, failures, interpretability):
        assert make(Results(tasks)) == make(Results(tasks[::-1]))  # type: ignore[operator]


def test_pairs_are_matched_and_name_the_best_baseline() -> None:
    found = pairs(Results(tasks_of(TABLE)))
    centre = find(found, b="centre", intention="all")
    assert centre["difference"] == pytest.approx(0.7) and centre["n"] == 10
    assert centre["low"] < 0.7 < centre["high"]
    best = find(found, b="best-baseline", intention="all")
    assert best["best"] == "replay" and best["difference"] == pytest.approx(0.3)
    assert find(found, b="best-baseline", intention="balance")["best"] == "replay"
    assert find(found, b="expert", intention="all")["difference"] == pytest.approx(-0.1)
    assert pairs(Results(tasks_of({"centre": "10"}))) == []
    other = find(pairs(Results(tasks_of(TABLE)), "centre"), b="maml", intention="all")
    assert other["difference"] == pytest.approx(-0.7) and other["low"] == pytest.approx(-centre["high"])


def test_a_result_prints_and_makes_frames() -> None:
    found = summary(config(), tasks_of(TABLE))
    assert "validation, new-shape" in repr(found) and "80% [49, 94]" in repr(found) and "n = 10" in repr(found)
    with pytest.raises(FrameError, match="table 'cell'; expected one of cells, pairs, rows"):
        found.to_frame("cell")
    pandas = pytest.importorskip("pandas")
    rows = found.to_frame("rows")
    assert isinstance(rows, pandas.DataFrame) and len(rows) == 10 * len(TABLE)
    assert rows[rows.strategy == "maml"].success.mean() == 0.8 and set(rows.intention) == {"balance", "part"}
    assert found.to_frame().n.max() == 10


def test_a_task_left_out_leaves_the_expert_out_too() -> None:
    tasks = tasks_of(TABLE)
    skipped = (SkippedTransfer("new-shape", "no demonstration"),)
    tasks[4] = replace(tasks[4], rows=tasks[4].rows[:1], skipped=skipped)
    found = cells(Results(tasks))
    assert find(found, strategy="expert", intention="all")["n"] == 9
    assert find(found, strategy="maml", intention="all")["n"] == 9


def test_families_and_failures() -> None:
    tasks = tasks_of({"maml": "1100", "centre": "0000"})
    tasks[1] = replace(tasks[1], family="cross")
    expert, maml, centre = tasks[3].rows
    tasks[3] = replace(tasks[3], rows=(expert, replace(maml, failed=("lifted", "held", "level")), centre))
    results = Results(tasks)
    assert find(families(results), strategy="maml", family="bar")["successes"] == 1
    assert find(families(results), strategy="maml", family="cross")["rate"] == 1.0
    assert find(failures(results), strategy="maml", intention="part")["parts"] == {"cut off": 1}
    assert find(failures(results), strategy="maml", intention="balance")["parts"] == {"level": 1}


def test_interpretability_is_a_rank_correlation() -> None:
    tasks = tasks_of({"maml": "1" * 8})
    for index, task in enumerate(tasks):
        scores = (ScoreRow("maml", "new-shape", 1, before=0.0, after=float(index) ** 3, truth=float(index)),)
        tasks[index] = replace(task, scores=scores)
    found = interpretability(Results(tasks))[0]
    assert found.after == pytest.approx(1.0) and found.before is None and found.n == 8


def test_preference_reads_density_from_ideal_weights() -> None:
    rng = np.random.default_rng(0)
    points = np.zeros((96, 6))
    points[:, 2] = rng.uniform(0.02, 0.05, 96)
    red = rng.random(96) < 0.4
    points[:, 3:6] = np.where(red[:, None], (0.9, 0.1, 0.1), (0.1, 0.2, 0.9))
    weights = points[:, 2] * np.where(red, 6.0, 1.0)
    weights /= weights.sum()
    truth = true_preference({"red": 6.0, "blue": 1.0}, ("blue", "red"))
    assert colour_preference(points, weights, ("blue", "red")) == pytest.approx(truth) == pytest.approx(-np.log(6))
    assert colour_preference(points[red], weights[red], ("blue", "red")) == 0.0
    # Only the first points of a scan are weighed.
    assert colour_preference(points, weights[:60], ("blue", "red")) == pytest.approx(truth)


def test_printed_table_and_written_result(tmp_path: Path) -> None:
    tasks = [task for split in ("a", "b") for task in (replace(t, split=split) for t in tasks_of(TABLE))]
    result = summary(config(reference="density-fit"), tasks).to_json()
    stream = io.StringIO()
    print_result(result, Console(file=stream, width=80))
    text = stream.getvalue()
    assert "80% [49, 94]" in text and "b, new-shape" in text and "maml+scripted-controller" in text and "…" not in text
    assert learned_over_scripted(result["cells"]) == pytest.approx(8 / 9)
    assert "learned controller ÷ scripted controller, maml: 0.889" in text
    path = write_result(tmp_path, result)
    assert json.loads(path.read_text())["schema"] == "2" and len(list(tmp_path.iterdir())) == 1
