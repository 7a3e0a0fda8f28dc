"""The quickstart's JSON: what took how long, the table's cells, and where everything lies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from robo_meta.cli.quickstart import STAGES, Quickstart, QuickstartConfig

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
