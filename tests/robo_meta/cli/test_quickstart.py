"""The quickstart: its JSON, and what is told of its training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from robo_meta.cli.quickstart import PLACES, STAGES, Quickstart, QuickstartConfig

CELL = {"strategy": "maml", "n": 40, "rate": 0.9, "low": 0.77, "high": 0.96}


def nothing(config: QuickstartConfig, console: Console) -> None:
    """A stage that takes no time."""


def evaluated(config: QuickstartConfig, console: Console) -> dict[str, Any]:
    console.print("the table")
    return {"cells": [CELL]}


QUICK = {**dict.fromkeys(STAGES, nothing), "adaptation on unseen families": evaluated}
"""All stages by name, which do nothing but what is seen of them."""


def test_json_is_all_that_is_printed_and_progress_is_beside(tmp_path: Path, capsys) -> None:
    assert not Quickstart(out=tmp_path, json=True).run(QUICK)
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert list(found["seconds"]) == [
        "objects",
        "demonstrations",
        "meta-training",
        "selector",
        "adaptation on unseen families",
    ]
    assert found["total_seconds"] == pytest.approx(sum(found["seconds"].values()), abs=0.01)
    assert found["cells"] == [CELL] and found["paths"]["report"] == str(tmp_path / "evaluation" / "report.html")
    assert "meta-training …" in said.err and "the table" in said.err and "total" in said.err


def test_without_it_people_read_the_same(tmp_path: Path, capsys) -> None:
    assert not Quickstart(out=tmp_path).run(QUICK)
    said = capsys.readouterr()
    assert said.err == "" and "the table" in said.out and "report:" in said.out


def test_training_tells_how_far_keypoints_miss_on_other_objects_and_learns_the_same(tmp_path: Path, capsys) -> None:
    """In a folder that was begun without it too, as older versions did."""
    reading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    stages = {**QUICK, **{name: STAGES[name] for name in ("demonstrations", "meta-training")}}
    small = {"out": tmp_path / "q", "recorded": 0, "planned": 8, "preset": "tiny", "workers": 1}
    files = {name: tmp_path / "q" / place for name, place in PLACES.items()}
    learned = files["run"] / "policy.safetensors"

    assert not Quickstart(**small, validation=0).run(stages)
    plain = learned.read_bytes()
    assert not files["validation"].exists() and not list(files["run"].rglob("*tfevents*"))
    learned.unlink()
    for state in (files["run"] / "state").iterdir():
        state.unlink()
    capsys.readouterr()

    assert not Quickstart(**small, validation=2).run(stages)
    said = capsys.readouterr()
    assert learned.read_bytes() == plain
    assert f"tensorboard --logdir {files['logs']}" in said.out.replace("\n", "")
    assert "mm off on other objects" in said.err
    for method in ("maml", "zero-shot"):
        events = reading.EventAccumulator(str(files["logs"] / method))
        events.Reload()
        missed = events.Scalars(f"{method}/validation/keypoint_mm")
        assert len(missed) == 8 and all(1 < one.value < 300 for one in missed)
