"""Tables fit the terminal: no name and no number is cut, and any encoding is survived."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from rich.console import Console

from robo_meta.bench.row import Row, Target
from robo_meta.bench.timing import Spread
from robo_meta.report.bench_terminal import print_rows
from robo_meta.report.dataset_terminal import print_description
from robo_meta.report.terminal import print_result
from tests.robo_meta.report.results import cell, result


def printed(width: int) -> list[str]:
    wide = result()
    names = ("maml+scripted-controller", "warped-replay")
    wide["cells"] += [cell(name, "new-shape", 1, which, 1.0) for name in names for which in ("all", "balance", "part")]
    file = io.StringIO()
    print_result(wide, Console(file=file, width=width, force_terminal=True, color_system=None))
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 100, 140])
def test_every_row_names_its_strategy_and_shows_whole_intervals(width: int) -> None:
    lines = printed(width)
    assert max(len(line.rstrip()) for line in lines) <= width
    rows = [line for line in lines if line.strip().startswith("maml+scripted")]
    names = [line.split()[0] for line in lines if line.strip()]
    assert "maml+scripted-controller" in names or "maml+scripted-controller" in "".join(names)
    assert any(row.count("100% [90, 100]") == 3 for row in rows) and any("7.0" in row for row in rows)
    assert not any("…" in line for line in lines)
    assert any("+0.52 [+0.40, +0.64]" in line for line in lines)


def test_an_encoding_without_the_characters_is_survived() -> None:
    code = """
import sys
from collections.abc import Callable
from robo_meta.cli.main import main
status = main(["objects", "--families", "hammer"])
print("µ ÷ …")
sys.exit(status)
"""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0 and "hammer" in done.stdout, done.stderr


def shown(printer: Callable[[Console], None], width: int = 100) -> str:
    file = io.StringIO()
    printer(Console(file=file, width=width, force_terminal=True, color_system=None))
    return file.getvalue()


def test_a_dataset_is_told_as_tables() -> None:
    counts = {
        "episodes": 32, "successes": 31, "steps": 618, "tasks": 8, "planned_tasks": 1200,
        "families": {"club": {"episodes": 20, "successes": 19}, "comb": {"episodes": 12, "successes": 12}},
        "intentions": {"balance": 28, "part": 4}, "splits": {"training": 32},
    }  # fmt: skip
    config = {"actor": "expert", "families": [], "seed": 0}
    described = {"schema": "3", "versions": {"physics": "1"}, "complete": False, "config": config, "merged": []}
    text = shown(lambda console: print_description({**described, "counts": counts}, console))
    rows = [" ".join(line.split()) for line in text.splitlines()]
    for row in ("episodes 32", "club 20 19", "episodes, intention part 4", "families all", "version of physics 1"):
        assert row in rows, row
    assert any(row.startswith("recording not complete") for row in rows)


def test_measurements_are_told_as_tables() -> None:
    one, quick = Spread(12.3456, 12.0, 13.0, 5), Spread(0.0456, 0.04, 0.05, 5)
    rows = [
        Row("sim", "reset", "ms", one, "panda-gym", quick, Spread(1.1, 1.0, 1.2, 5), Target(1.08), "one scene"),
        Row("adapt", "a later action: maml", "ms", Spread(18423.2, 18423.2, 18423.2, 1)),
    ]
    where = {"cpu": "Some CPU", "cores": 2, "load": 0.25}
    result = {"rows": [row.as_json() for row in rows], "machine": where, "date": "2026-11-28T10:00:00+00:00"}
    lines = [" ".join(line.split()) for line in shown(lambda c: print_rows(result, c)).splitlines()]
    assert "reset 12.3 [12, 13] ms panda-gym 0.0456 [0.04, 0.05] 1.1 [1, 1.2] ≤ 1.08× not met" in lines
    assert "a later action: maml 18423 ms" in lines and "reset: one scene" in lines
    assert lines[-1] == "Some CPU, 2 cores, load 0.2 at the start; 2026-11-28T10:00:00+00:00"
