"""A stored result is read back whole, or refused in one line."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from robo_meta.evaluation.records import TaskRecord
from robo_meta.evaluation.stored import FINISHED, StoredError, read_result, read_tasks
from robo_meta.runs.journal import JournalError, append, open_journal
from sim.errors import InputError
from tests.robo_meta.report.results import result, task


def stored(folder: Path, found: Any) -> Path:
    path = folder / "result.json"
    path.write_text(found if isinstance(found, str) else json.dumps(found))
    return path


def journal(folder: Path, *tasks: TaskRecord) -> None:
    open_journal(folder / FINISHED, {"of": "whatever"})
    for one in tasks:
        append(folder / FINISHED, one.to_json())


def test_a_result_and_its_rollouts_come_back(tmp_path: Path) -> None:
    path, found = stored(tmp_path, result()), result()
    journal(tmp_path, task(4, maml=True), task(1, maml=False), task(60, maml=True))
    assert read_result(tmp_path) == read_result(path) == (path, found)
    # Task 60 is of a larger evaluation than the 50 of this result.
    assert [one.index for one in read_tasks(path, found)] == [1, 4]


def test_without_a_journal_there_are_no_rollouts(tmp_path: Path) -> None:
    assert read_tasks(stored(tmp_path, result()), result()) == []


def test_a_damaged_journal_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = stored(tmp_path, result())
    journal(tmp_path, task(1, maml=True), task(2, maml=True))
    lines = (tmp_path / FINISHED).read_text().replace("balance", "part", 1)
    (tmp_path / FINISHED).write_text(lines)
    with pytest.raises(JournalError, match="line 2 is damaged"):
        read_tasks(path, result())
    assert (tmp_path / FINISHED).read_text() == lines


def without(found: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key != name}


def edited(found: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A result whose first cell, of both intentions together, says something else."""
    number = next(k for k, cell in enumerate(found["cells"]) if cell["intention"] == "all")
    cells = [found["cells"].pop(number) | values, *found["cells"]]
    return found | {"cells": cells}


CELL = result()["cells"][0]
BAD: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (lambda found: "{", "damaged"),
    (lambda found: [], "schema None of a result; expected '2'"),
    (lambda found: found | {"schema": "1"}, "schema '1' of a result; expected '2': evaluate again"),
    (lambda found: without(found, "cells"), "cells is no list"),
    (lambda found: found | {"cells": [without(CELL, "rate")]}, "cells 0: Cell: no field 'rate'"),
    (lambda found: found | {"cells": [CELL | {"n": "8"}]}, "cells 0: Cell.n: text; expected a whole number"),
    (lambda found: found | {"identity": {}}, "identity has no 'checkpoint'"),
    (lambda found: found | {"config": 3}, "config is 3; expected a table"),
    (lambda found: found | {"config": found["config"] | {"shots": 3}}, "config.shots is 3; expected a list"),
    (
        lambda found: found | {"config": found["config"] | {"checkpoint": "\ud800"}},
        "expected a text that can be encoded",
    ),
    (lambda found: found | {"config": found["config"] | {"tasks": math.nan}}, "config.tasks is nan; expected a whole"),
    (
        lambda found: found | {"identity": found["identity"] | {"versions": 3}},
        "identity.versions is 3; expected a table",
    ),
    (lambda found: found | {"identity": found["identity"] | {"benchmark": []}}, "identity.benchmark is ..; expected a"),
    (lambda found: edited(found, transfer="nowhere"), "cells 0: transfer is 'nowhere'; expected same-object"),
    (lambda found: edited(found, n=-7), "cells 0: n is -7; expected a whole number from 0"),
    (lambda found: edited(found, rate=0.01), "cells 0: rate 0.01 of .* successes in .*; they don't agree"),
    (lambda found: edited(found, high=1e300), "with an interval from .* to 1e.300; they don't agree"),
    (lambda found: edited(found, strategy="another"), "has no row of intention all"),
    (lambda found: found | {"cells": [CELL, CELL]}, "stands there twice"),
    (lambda found: found | {"attempts": [{}]}, "attempts 0: AttemptCell: no field"),
    (lambda found: found | {"failures": [{**found["failures"][0], "parts": {"level": "2"}}]}, "parts.level: text"),
]


@pytest.mark.parametrize(("change", "said"), BAD)
def test_bad_results_are_refused_in_one_line(change: Callable[[Any], Any], said: str, tmp_path: Path) -> None:
    path = stored(tmp_path, change(result()))
    with pytest.raises(StoredError, match=said) as caught:
        read_result(path)
    assert isinstance(caught.value, InputError) and str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_no_result_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"result\.json"):
        read_result(tmp_path)
