"""Records: what `to_json` writes, `from_json` reads back, and nothing else."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from robo_meta.evaluation.cells import AttemptCell
from robo_meta.evaluation.intervals import Interval
from robo_meta.evaluation.records import AttemptRow, ContrastRow, RolloutRow, ScoreRow, SkippedTransfer, TaskRecord
from robo_meta.runs.json_records import JsonRecordError, from_json, to_json

ROW = RolloutRow("maml", "new-shape", 1, False, ("level", "held"), 30, 4.5, 2.0, "learned", 12.0, 0.5, 8.0)
EXPERT_ROW = RolloutRow("expert", None, 0, True, (), 28, 3.0, 1.0, "scripted", 0.0, 0.0, 0.0)
PLAIN = TaskRecord("validation", 3, "part", "bar", (EXPERT_ROW, ROW))
FULL = TaskRecord(
    "validation",
    2,
    "balance",
    "bar",
    (EXPERT_ROW, ROW),
    scores=(ScoreRow("maml", "new-shape", 1, 0.1, -0.5, -1.2),),
    skipped=(SkippedTransfer("new-instance", "no demonstration on bar a1 succeeded"),),
    attempts=(AttemptRow("new-shape", 1, (False, True), (False, False)),),
    contrast=(ContrastRow("new-shape", 1, 2, True, False, 4.0, 20.0),),
)


@pytest.mark.parametrize("record", [PLAIN, FULL])
def test_a_line_of_the_journal_and_back(record: TaskRecord) -> None:
    line = json.dumps(record.to_json(), allow_nan=False)
    assert TaskRecord.from_json(json.loads(line)) == record
    assert json.dumps(TaskRecord.from_json(json.loads(line)).to_json()) == line


def test_json_has_the_fields_in_their_order_and_leaves_out_what_was_not_asked_for() -> None:
    assert list(PLAIN.to_json()) == ["split", "index", "intention", "family", "rows", "scores", "skipped"]
    assert list(FULL.to_json())[-2:] == ["attempts", "contrast"]
    assert PLAIN.to_json()["rows"][1]["failed"] == ["level", "held"] and PLAIN.to_json()["rows"][0]["transfer"] is None


def test_records_in_records_become_objects() -> None:
    half = Interval(0.5, 0.1, 0.9)
    cell = AttemptCell("validation", "new-shape", "all", 1, 4, (half, half), (half, half), (half, half))
    found = to_json([cell])
    assert found[0]["retry"] == [{"value": 0.5, "low": 0.1, "high": 0.9}] * 2
    assert from_json(AttemptCell, found[0]) == cell


@pytest.mark.parametrize(
    "place, value, message",
    [
        (("split",), 3, "TaskRecord.split: a whole number; expected text"),
        (("index",), "3", "TaskRecord.index: text; expected a whole number"),
        (("index",), 3.0, "TaskRecord.index: a number; expected a whole number"),
        (("index",), True, "TaskRecord.index: true or false; expected a whole number"),
        (("family",), None, "TaskRecord.family: null; expected text"),
        (("rows",), {}, "TaskRecord.rows: an object; expected a list"),
        (("rows", 1), [], "TaskRecord.rows[1]: a list; expected an object"),
        (("rows", 1, "success"), 1, "TaskRecord.rows[1].success: a whole number; expected true or false"),
        (("rows", 1, "failed"), "level", "TaskRecord.rows[1].failed: text; expected a list"),
        (("rows", 1, "failed", 0), None, "TaskRecord.rows[1].failed[0]: null; expected text"),
        (("rows", 0, "transfer"), 2, "TaskRecord.rows[0].transfer: a whole number; expected text"),
        (("rows", 1, "keypoint_mm"), float("nan"), "TaskRecord.rows[1].keypoint_mm: nan; expected a finite number"),
        (("rows", 1, "act_ms"), float("inf"), "TaskRecord.rows[1].act_ms: inf; expected a finite number"),
        (("rows", 1, "act_ms"), 10**400, "TaskRecord.rows[1].act_ms: a whole number; expected a finite number"),
        (("rows", 1, "extra"), 1, "TaskRecord.rows[1]: unknown field 'extra'; expected strategy, transfer, shots"),
        (("attempts",), [[]], "TaskRecord.attempts[0]: a list; expected an object"),
    ],
)
def test_damage_is_one_line(place: tuple[Any, ...], value: Any, message: str) -> None:
    found: Any = copy.deepcopy(PLAIN.to_json())
    *way, last = place
    inner = found
    for step in way:
        inner = inner[step]
    inner[last] = value
    with pytest.raises(JsonRecordError) as caught:
        TaskRecord.from_json(found)
    assert str(caught.value).startswith(message) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["split", "rows"])
def test_a_field_that_is_missing(name: str) -> None:
    found = PLAIN.to_json()
    del found[name]
    with pytest.raises(JsonRecordError, match=f"TaskRecord: no field '{name}'"):
        TaskRecord.from_json(found)


@pytest.mark.parametrize("found", [None, 3, "text", [1], float("nan")])
def test_what_is_no_record_at_all(found: Any) -> None:
    with pytest.raises(JsonRecordError, match="expected an object"):
        TaskRecord.from_json(found)


def test_a_whole_number_may_stand_for_a_fraction() -> None:
    found = PLAIN.to_json()
    found["rows"][1]["keypoint_mm"] = 4
    read = TaskRecord.from_json(found).rows[1].keypoint_mm
    assert read == 4.0 and isinstance(read, float)
