"""Filling the matrix: every strategy on every scene, rollout by rollout, on several processes, resumable."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from demos.demo import installed_versions
from demos.expert.episode import shared_env
from demos.storage.lock import sole_writer
from demos.workers import run_jobs
from robo_meta.evaluation.records import EXPERT
from robo_meta.runs.journal import append, open_journal
from robo_meta.runs.provenance import fingerprint
from robo_meta.scenarios.conditions import Condition
from robo_meta.scenarios.matched_scenes import matched_task
from robo_meta.scenarios.supports import record_support
from robo_meta.selector.matrix import config as axes
from robo_meta.selector.matrix.available import RETRY
from robo_meta.selector.matrix.config import PORTFOLIO, MatrixOrder
from robo_meta.selector.matrix.feature_names import FEATURE_SCHEMA
from robo_meta.selector.matrix.file import SCHEMA, load_matrix, save_matrix
from robo_meta.selector.matrix.matrix import Matrix, MatrixError
from robo_meta.selector.matrix.records import assemble, records_of
from robo_meta.selector.matrix.scene import FOLLOWED_UP, Player, play_scene
from robo_meta.strategies.build import needs_checkpoint, playable
from robo_meta.strategies.identity import shipped_code
from robo_meta.strategies.scan_memory import forget
from robo_meta.training.checkpoint import checkpoint_file

JOURNAL = ".rows.jsonl"
"""Ending of the file beside the matrix that keeps finished scenes until all are there."""
TIMED_SHOTS, TIMES = 3, 5
"""Demonstrations and repetitions by which a strategy's nominal seconds are measured."""


def play_matrix(
    order: MatrixOrder, out: Path, progress: bool = True, *, report: Callable[[int], None] | None = None
) -> Matrix:
    """Play what `order` asks for into the file `out`; scenes finished before an interruption, or that the matrix there
    already holds, are not played again.

    Args:
        order: what to play.
        out: the matrix file.
        progress: draw a bar on standard error.
        report: hears the number of every scene that was played, once it is kept.

    Raises:
        MatrixError: `out` holds another matrix, or more scenes, or no scene could be demonstrated.
        demos.storage.lock.LockError: another process is playing into `out`.
        robo_meta.runs.journal.JournalError: the journal beside it is of another order or damaged.
        robo_meta.training.checkpoint.CheckpointError: no checkpoint, a damaged one, or one that lacks a named strategy.
    """
    file = checkpoint_file(order.checkpoint)
    names = order.strategies or tuple(name for name in PORTFOLIO if name in playable(file))
    learned = (*names, *(name for name in order.beside if name != EXPERT))
    file_needed = file if needs_checkpoint(learned, order.controller) else None
    # Loaded here once, so that a bad checkpoint is said before anything is written or any process started.
    _ = Player(order, names, file_needed).strategies
    identity = _identity(order, file_needed, names)
    out.parent.mkdir(parents=True, exist_ok=True)
    with sole_writer(out, "playing a matrix"):
        return _played(order, out, identity, file_needed, progress, report)


def _played(
    order: MatrixOrder,
    out: Path,
    identity: dict[str, Any],
    file_needed: Path | None,
    progress: bool,
    report: Callable[[int], None] | None,
) -> Matrix:
    """What `play_matrix` does, by the only process that writes to `out`."""
    names = tuple(identity["strategies"])
    before = _already_there(out, identity, order) if out.exists() else None
    if before is not None and before.provenance["scenes"] == order.scenes:
        return before
    journal = out.with_name(out.name + JOURNAL)
    records = {} if before is None else {record["index"]: record for record in records_of(before)}
    records |= {record["index"]: record for record in open_journal(journal, identity)}
    missing = [index for index in range(order.scenes) if index not in records]
    player = Player(order, names, file_needed)
    jobs = [partial(play_scene, player, index) for index in missing]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not progress) as bar:
        shown = bar.add_task("playing scenes", total=order.scenes, completed=order.scenes - len(missing))
        for record in run_jobs(jobs, order.workers):
            append(journal, record)
            records[record["index"]] = record
            bar.advance(shown)
            if report is not None:
                report(record["index"])
    seconds = nominal_seconds(player) if before is None else before.seconds
    matrix = assemble([records[index] for index in range(order.scenes)], names, seconds, identity)
    save_matrix(out, matrix)
    journal.unlink()
    return matrix


def nominal_seconds(player: Player) -> np.ndarray:
    """(A,) s of processor time that each strategy takes to adapt to three demonstrations and choose, to the ms."""
    matched = matched_task(player.order.seed, player.order.split, 0)
    support = record_support(matched, Condition("new-instance", TIMED_SHOTS))
    points = shared_env().reset(seed=0, options={"scene": matched.query})[0]["points"]
    found, strategies = [], player.strategies
    failed = replace(support.items[0], success=False)
    for name in player.names:
        strategy, taken = strategies[name], []
        for _ in range(TIMES):
            forget()
            start = time.process_time()
            policy = strategy.adapt_after(support, (failed,)) if name == RETRY else strategy.adapt(support)
            policy.target(points)
            taken.append(time.process_time() - start)
        found.append(max(round(float(np.median(taken)), 3), 0.001))
    return np.array(found)


def _identity(order: MatrixOrder, checkpoint: Path | None, names: tuple[str, ...]) -> dict[str, Any]:
    """What the matrix depends on, scenes apart: an interrupted one goes on only where all is the same."""
    return {
        "schema": SCHEMA,
        "scored": order.scored,
        "beside": list(order.beside),
        "followed_up": FOLLOWED_UP[order.scored],
        "axes": axes.tables(),
        "feature_schema": FEATURE_SCHEMA,
        "checkpoint": None if checkpoint is None else fingerprint(checkpoint),
        "split": order.split,
        "meshes": order.meshes,
        "library": order.library,
        "rollouts": order.rollouts,
        "asked_rollouts": order.asked_rollouts or order.rollouts,
        "strategies": list(names),
        "controller": order.controller,
        "seed": order.seed,
        # Rows of other code are never taken for this code's.
        "versions": {**installed_versions(), "strategies": shipped_code()},
    }


def _already_there(out: Path, identity: dict[str, Any], order: MatrixOrder) -> Matrix:
    found = load_matrix(out)
    changed = [name for name, value in identity.items() if found.provenance.get(name) != value]
    if changed:
        raise MatrixError(f"{out}: holds a matrix with other {', '.join(changed)}; write to another file")
    held = found.provenance["scenes"]
    if held > order.scenes:
        raise MatrixError(f"{out}: holds {held} scenes already, not {order.scenes}; ask for as many, or for more")
    return found
