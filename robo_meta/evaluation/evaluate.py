"""Evaluation: matched scenes × strategies × transfers × shots, on several processes, resumable task by task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from demos.storage.lock import sole_writer
from demos.workers import run_jobs
from robo_meta.evaluation.asking_cells import asking_cells
from robo_meta.evaluation.config import EvaluateConfig
from robo_meta.evaluation.failure_supports import novice_cells
from robo_meta.evaluation.films.records import open_folder
from robo_meta.evaluation.play_task import play_task
from robo_meta.evaluation.records import TaskRecord
from robo_meta.evaluation.result import Evaluation
from robo_meta.evaluation.retries import attempt_cells
from robo_meta.evaluation.stored import FINISHED
from robo_meta.evaluation.summary import Results, cells, failures, families, interpretability, pairs
from robo_meta.runs.journal import append, open_journal
from robo_meta.runs.provenance import git_revision
from robo_meta.strategies.build import build_strategies


def evaluate(config: EvaluateConfig, progress: bool = True) -> Evaluation:
    """Play what `config` asks for and sum it up.

    Args:
        config: what to play; tasks finished in its out folder are not played again.
        progress: draw a bar on standard error.

    Raises:
        demos.storage.lock.LockError: another process is evaluating into the out folder.
        robo_meta.runs.journal.JournalError: the out folder is not writable or holds another evaluation.
        robo_meta.training.checkpoint.CheckpointError: no checkpoint, or a damaged one.
    """
    # Asked and built here once, so that what is wrong is said before anything is written or any process started.
    config.check_reference()
    build_strategies(config.checkpoint_file, config.players, config.controller, config.selector_file)
    if config.films is not None:
        open_folder(config.films, config.identity)
    if config.out is None:
        return _filmed(config, _played(config, [], progress), progress)
    journal = config.out / FINISHED
    journal.parent.mkdir(parents=True, exist_ok=True)
    with sole_writer(config.out, "evaluating"):
        found = _played(config, open_journal(journal, config.identity), progress)
    return _filmed(config, found, progress)


def _filmed(config: EvaluateConfig, found: Evaluation, progress: bool) -> Evaluation:
    """The same with what filming it came to, where films were asked for."""
    if config.films is None:
        return found
    # Only here, as nobody else needs a camera.
    from robo_meta.evaluation.films.evaluated import film_evaluation

    return replace(found, films=film_evaluation(config, found.tasks, progress))


def _played(config: EvaluateConfig, finished: Sequence[dict[str, Any]], progress: bool) -> Evaluation:
    """Play the tasks that are not among the `finished` ones, and sum all up."""
    wanted = [(split, index) for split in config.split for index in range(config.tasks)]
    done = {(task.split, task.index): task for task in map(TaskRecord.from_json, finished)}
    missing = [key for key in wanted if key not in done]
    shared = (config.checkpoint_file, config.adapting, config.controller, config.seed)
    further = partial(play_task, attempts=config.attempts, novice=config.sloppy, asking=config.asking)
    play = partial(further, selector=config.selector_file, support=config.support)
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


def summary(config: EvaluateConfig, tasks: Sequence[TaskRecord]) -> Evaluation:
    """The result of finished tasks."""
    results = Results(tasks)
    return Evaluation(
        config=config.to_json(),
        identity=config.identity,
        revision=git_revision(),
        cells=tuple(cells(results)),
        pairs=tuple(pairs(results, config.compared)),
        families=tuple(families(results)),
        failures=tuple(failures(results)),
        interpretability=tuple(interpretability(results)),
        tasks=tuple(results.tasks),
        attempts=tuple(attempt_cells(results.tasks)) if config.attempts > 1 else None,
        contrast=tuple(novice_cells(results.tasks)) if config.sloppy else None,
        asking=tuple(asking_cells(results.tasks)) if config.asking else None,
    )
