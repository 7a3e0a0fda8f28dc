"""Evaluation: matched scenes × strategies × transfers × shots, on several processes, resumable task by task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from demos.workers import run_jobs
from robo_meta.evaluation.config import SCHEMA, EvaluateConfig
from robo_meta.evaluation.failure_supports import novice_cells
from robo_meta.evaluation.play_task import play_task
from robo_meta.evaluation.records import TaskRecord, to_json
from robo_meta.evaluation.retries import attempt_cells
from robo_meta.evaluation.summary import Results, cells, failures, families, interpretability, pairs
from robo_meta.runs.journal import append, open_journal
from robo_meta.runs.provenance import git_revision
from robo_meta.strategies.build import contestants

FINISHED = "tasks.jsonl"
"""Name, in the out folder, of the file with one finished task a line, after a line that says of which evaluation."""


def evaluate(config: EvaluateConfig, progress: bool = True) -> dict[str, Any]:
    """Play what `config` asks for and sum it up.

    Args:
        config: what to play; tasks finished in its out folder are not played again.
        progress: draw a bar on standard error.

    Returns:
        What `robo-meta evaluate --json` prints; latencies apart, it depends on `config.identity` and `tasks` alone.

    Raises:
        robo_meta.runs.journal.JournalError: the out folder is not writable or holds another evaluation.
        robo_meta.training.checkpoint.CheckpointError: no checkpoint, or a damaged one.
    """
    # Loaded here once, so that a bad checkpoint is said before anything is written or any process started.
    contestants(config.checkpoint_file, config.players, config.controller, config.selector_file)
    finished = [] if config.out is None else open_journal(config.out / FINISHED, config.identity)
    wanted = [(split, index) for split in config.split for index in range(config.tasks)]
    done = {(task.split, task.index): task for task in map(TaskRecord.from_json, finished)}
    missing = [key for key in wanted if key not in done]
    shared = (config.checkpoint_file, config.names, config.controller, config.seed)
    play = partial(play_task, attempts=config.attempts, sloppy=config.sloppy, selector=config.selector_file)
    jobs = [partial(play, *shared, split, index, config.transfer, config.shots) for split, index in missing]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not progress) as bar:
        shown = bar.add_task("evaluating tasks", total=len(wanted), completed=len(wanted) - len(missing))
        for task in run_jobs(jobs, config.workers):
            # Written and flushed before it counts, so that Ctrl-C and kill -9 lose only the tasks in progress.
            if config.out is not None:
                append(config.out / FINISHED, task.to_json())
            done[task.split, task.index] = task
            bar.advance(shown)
    return summary(config, [done[key] for key in wanted])


def summary(config: EvaluateConfig, tasks: Sequence[TaskRecord]) -> dict[str, Any]:
    """The result of finished tasks, ready for JSON."""
    results = Results(tasks)
    return {
        "schema": SCHEMA,
        "device": "cpu",
        "config": {name: _plain(value) for name, value in asdict(config).items()},
        "identity": config.identity,
        "revision": git_revision(),
        "cells": cells(results),
        "pairs": pairs(results),
        "families": families(results),
        "failures": failures(results),
        "interpretability": interpretability(results),
        "skipped": [
            {"split": task.split, "index": task.index, **to_json(note)}
            for task in results.tasks
            for note in task.skipped
        ],
        **({"attempts": [to_json(cell) for cell in attempt_cells(results.tasks)]} if config.attempts > 1 else {}),
        **({"contrast": [to_json(cell) for cell in novice_cells(results.tasks)]} if config.sloppy else {}),
    }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value
