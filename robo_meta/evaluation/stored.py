"""Reading back what `robo-meta evaluate --out` wrote: the result, and the rollouts behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from demos.storage.files import read_bounded
from demos.storage.schema import Unfit, parse_json
from robo_meta.evaluation.cells import (
    AskingCell,
    AttemptCell,
    Cell,
    ContrastCell,
    FailureCount,
    FamilyRate,
    Pair,
    Preference,
)
from robo_meta.evaluation.records import TaskRecord
from robo_meta.evaluation.result import SCHEMA
from robo_meta.evaluation.stored_form import check_cells, check_facts, check_row
from robo_meta.runs.journal import read_journal
from robo_meta.runs.json_records import JsonRecordError, from_json
from sim.errors import InputError

RESULT = "result.json"
"""Name, in the out folder, of the result."""
FINISHED = "tasks.jsonl"
"""Name, in the out folder, of the file with one finished task a line, after a line that says of which evaluation."""
LARGEST = 2**28
"""Bytes of a result at most."""
TABLES: dict[str, type] = {
    "cells": Cell,
    "pairs": Pair,
    "families": FamilyRate,
    "failures": FailureCount,
    "interpretability": Preference,
}
"""Field of a result → what its entries are."""
FURTHER_TABLES: dict[str, type] = {"attempts": AttemptCell, "contrast": ContrastCell, "asking": AskingCell}
"""The same of fields that only some results have."""


class StoredError(InputError):
    """A stored result that is damaged, or of another version."""


def read_result(path: Path) -> tuple[Path, dict[str, Any]]:
    """A result and the file that it lies in.

    Args:
        path: `result.json`, or the folder that holds it.

    Raises:
        StoredError: there is none, or it is damaged or of another version.
    """
    file = path / RESULT if path.is_dir() else path
    try:
        found = parse_json(read_bounded(file, LARGEST))
    except FileNotFoundError as error:
        raise StoredError(f"{file}: no result; expected one, or a folder that `evaluate --out` filled") from error
    except Unfit as error:
        raise StoredError(f"{file}: damaged ({error})") from error
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        version = found.get("schema") if isinstance(found, dict) else None
        raise StoredError(f"{file}: schema {version!r} of a result; expected {SCHEMA!r}: evaluate again")
    try:
        check_facts(found)
        for name, kind in (TABLES | {n: kind for n, kind in FURTHER_TABLES.items() if n in found}).items():
            _check_table(file, name, found.get(name), kind)
        check_cells(found["cells"])
    except Unfit as error:
        raise StoredError(f"{file}: damaged ({error})") from error
    return file, {"revision": None, **found}


def read_tasks(file: Path, result: dict[str, Any]) -> list[TaskRecord]:
    """The rollouts behind a result, from the journal beside it; none where it isn't there.

    Args:
        file: of the result.
        result: what it holds. The journal may know of further tasks, of an evaluation that asked for more.

    Raises:
        robo_meta.runs.journal.JournalError: the journal is damaged.
    """
    journal = file.with_name(FINISHED)
    if not journal.is_file():
        return []
    splits = {cell["split"] for cell in result["cells"]}
    tasks = map(TaskRecord.from_json, read_journal(journal))
    wanted = (task for task in tasks if task.split in splits and task.index < result["config"]["tasks"])
    return sorted(wanted, key=lambda task: (task.split, task.index))


def _check_table(file: Path, name: str, rows: Any, kind: type) -> None:
    if not isinstance(rows, list):
        raise StoredError(f"{file}: damaged ({name} is no list)")
    for number, row in enumerate(rows):
        try:
            from_json(kind, row)
        except JsonRecordError as error:
            raise StoredError(f"{file}: damaged ({name} {number}: {error})") from error
        check_row(name, number, row)
