"""The quickstart's JSON: what took how long, the table's cells, and where everything lies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from robo_meta.cli import quickstart
from robo_meta.cli.main import main

CELL = {"strategy": "maml", "n": 40, "rate": 0.9, "low": 0.77, "high": 0.96}


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stages that do nothing but what is seen of them."""
    for name in ("_draw", "_record", "_train", "_select"):
        monkeypatch.setattr(quickstart, name, lambda *_: None)

    def evaluate(config, console):
        console.print("the table")
        return {"cells": [CELL]}

    monkeypatch.setattr(quickstart, "run_evaluation", evaluate)


def test_json_is_all_that_is_printed_and_progress_is_beside(stages: None, tmp_path: Path, capsys) -> None:
    assert main(["quickstart", "--out", str(tmp_path), "--json"]) == 0
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


def test_without_it_people_read_the_same(stages: None, tmp_path: Path, capsys) -> None:
    assert main(["quickstart", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert said.err == "" and "the table" in said.out and "report:" in said.out
