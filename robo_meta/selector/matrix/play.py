"""Filling the matrix: every strategy on every scene, rollout by rollout, on several processes, resumable."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from demos.demo import installed_versions
from demos.expert.episode import shared_env
from demos.policy import Policy
from demos.storage.lock import sole_writer
from demos.support import SupportItem, SupportSet
from demos.workers import run_jobs
from robo_meta.runs.journal import append, open_journal
from robo_meta.runs.provenance import fingerprint
from robo_meta.scenarios.conditions import Condition, query_under
from robo_meta.scenarios.matched_scenes import AUTO, matched_task, support_for
from robo_meta.scenarios.scene_rollouts import SceneRollouts
from robo_meta.scenarios.supports import NoDemonstration, record_support
from robo_meta.selector.matrix import config as axes
from robo_meta.selector.matrix.config import LEFT_OUT, MatrixOrder
from robo_meta.selector.matrix.features import FEATURE_SCHEMA
from robo_meta.selector.matrix.file import SCHEMA, load_matrix, save_matrix
from robo_meta.selector.matrix.matrix import EMPTY, RETRY, Matrix, MatrixError
from robo_meta.selector.matrix.observe import look
from robo_meta.selector.matrix.records import assemble, records_of
from robo_meta.strategies.build import needs_checkpoint, playable, shared_strategies
from robo_meta.strategies.identity import shipped_code
from robo_meta.training.checkpoint import checkpoint_file
from sim.light import GREY, PLAIN
from sim.tasks.scenes import PAINT, ROLE, TRANSFERS
from sim.tasks.seeds import generator, seed_sequence

OTHER_OBJECTS = tuple(name for name in TRANSFERS if name != "same-object")
JOURNAL = ".rows.jsonl"
"""Ending of the file beside the matrix that keeps finished scenes until all are there."""
FOLLOWED_UP = 3
"""Failed rollouts of a strategy in a row of the matrix, the first ones, that `retry` is played after."""
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
    names = order.strategies or tuple(name for name in playable(file) if name not in LEFT_OUT)
    file_needed = file if needs_checkpoint(names, order.controller) else None
    # Loaded here once, so that a bad checkpoint is said before anything is written or any process started.
    _strategies(file_needed, names, order.controller)
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
    shared = (file_needed, names, order.controller, order.seed)
    jobs = [partial(play_scene, *shared, split_of(order, index), index, order.rollouts) for index in missing]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not progress) as bar:
        shown = bar.add_task("playing scenes", total=order.scenes, completed=order.scenes - len(missing))
        for record in run_jobs(jobs, order.workers):
            append(journal, record)
            records[record["index"]] = record
            bar.advance(shown)
            if report is not None:
                report(record["index"])
    seconds = nominal_seconds(*shared, order.split) if before is None else before.seconds
    matrix = assemble([records[index] for index in range(order.scenes)], names, seconds, identity)
    save_matrix(out, matrix)
    journal.unlink()
    return matrix


def draw_condition(root: int, split: str, index: int) -> Condition:
    """The condition of scene number `index`: its world first, then all that may differ within it."""
    rng = generator(root, "condition", split, index)

    def pick(table: Sequence[tuple[Any, float]]) -> Any:
        return table[int(rng.choice(len(table), p=[chance for _, chance in table]))][0]

    world = pick(axes.WORLDS)
    any_transfer = TRANSFERS[int(rng.integers(len(TRANSFERS)))]
    other_object = OTHER_OBJECTS[int(rng.integers(len(OTHER_OBJECTS)))]
    shots = 1 + int(rng.choice(3, p=axes.SHOTS[world]))
    operator, sensing, push = (pick(table) for table in (axes.OPERATORS, axes.SENSINGS, axes.PUSHES))
    some_failed, two = rng.random() < axes.FAILED, rng.random() < 0.5
    gains = "-".join(f"{gain:.2f}" for gain in rng.uniform(axes.DIMMEST, 1.0, 3))
    light = gains if rng.random() < axes.DIMMED else PLAIN
    grey, painted = rng.random() < axes.GREY_SHARE, rng.random() < 0.5
    found = Condition(shots=shots, operator=operator, sensing=sensing, push=push, light=light)
    # There is nothing to learn from failures of what nobody can tell.
    failed = min(shots - 1, 2 if two else 1) if some_failed and world != axes.UNTELLABLE else 0
    found = replace(found, failed=failed)
    if world == PAINT:
        return replace(found, transfer=any_transfer)
    if world == axes.REPAINTED:
        return replace(found, transfer="same-object", repainted=True)
    if world == ROLE:
        return replace(found, transfer=other_object, carries=ROLE)
    if grey:
        return replace(found, transfer=other_object, shots=1, light=GREY, carries=ROLE if painted else PAINT)
    return replace(found, transfer=other_object, repainted=True)


def split_of(order: MatrixOrder, index: int) -> str:
    """The split that the query of scene number `index` comes from: that of the order, or its meshes."""
    drawn = generator(order.seed, "meshes", order.split, index).random()
    return order.meshes if order.meshes is not None and drawn < axes.MESHES else order.split


def play_scene(
    checkpoint: Path | None, names: tuple[str, ...], controller: str, root: int, split: str, index: int, rollouts: int
) -> dict[str, Any]:
    """Play scene number `index` with its demonstrations, and with one more.

    Returns:
        `{index, split, family, intention, families, rows}`, a row `{condition, features (F,), success,
        retried}`, the last two (A, R); or `{index, skipped}` where the expert could not demonstrate.
    """
    strategies = _strategies(checkpoint, names, controller)
    condition = draw_condition(root, split, index)
    # The only imported object of its kind is demonstrated on shapes of training.
    shapes = support_for(AUTO, (split,), (condition.transfer,))
    matched = matched_task(root, split, index, shapes, condition.carries)
    more = replace(condition, shots=condition.shots + 1)
    try:
        longest = record_support(matched, more)
    except NoDemonstration as error:
        return {"index": index, "skipped": str(error)}
    seeds = [int(s) for s in seed_sequence(root, split, index, "matrix").generate_state(rollouts + 1)]
    table = SceneRollouts(query_under(matched, condition), seeds, condition.push)
    rows = []
    for this in (condition, more):
        support = SupportSet(longest.items[: this.shots])
        seen = look(strategies, support, table.scans[0])
        items = [[table.item(seen.policies[name], number) for number in range(1, rollouts + 1)] for name in names]
        retried = [[EMPTY] * rollouts for _ in names]
        if RETRY in names:
            retried = [follow_up(table.item, strategies[RETRY], support, row) for row in items]
        success = [[int(item.success) for item in row] for row in items]
        known = {"condition": _plain(this), "features": seen.features.tolist()}
        rows.append({**known, "success": success, "retried": retried})
    return {
        "index": index,
        "split": split,
        "family": matched.query.object.family,
        "intention": matched.task.intention,
        "families": sorted({matched.query.object.family, *(item.family for item in longest.items)}),
        "rows": rows,
    }


def follow_up(
    play: Callable[[Policy, int], SupportItem], retry: Any, support: SupportSet, items: Sequence[SupportItem]
) -> list[int]:
    """(R,) what `retry` comes to after the failed ones of a strategy's rollouts, each in the next rollout.

    Args:
        play: policy and number of a rollout, from 1 → what the policy comes to in it.
        retry: the strategy that learns from failures.
        support: the demonstrations.
        items: what the strategy came to in rollouts 1, 2, …
    """
    found = [EMPTY] * len(items)
    for place in [place for place, item in enumerate(items) if not item.success][:FOLLOWED_UP]:
        policy = retry.adapt_after(support, (items[place],))
        found[place] = int(play(policy, (place + 1) % len(items) + 1).success)
    return found


def nominal_seconds(
    checkpoint: Path | None, names: tuple[str, ...], controller: str, root: int, split: str
) -> np.ndarray:
    """(A,) s of processor time that each strategy takes to adapt to three demonstrations and choose, to the ms."""
    matched = matched_task(root, split, 0)
    support = record_support(matched, Condition("new-instance", TIMED_SHOTS))
    points = shared_env().reset(seed=0, options={"scene": matched.query})[0]["points"]
    found = []
    failed = replace(support.items[0], success=False)
    for name, strategy in _strategies(checkpoint, names, controller).items():
        taken = []
        for _ in range(TIMES):
            start = time.process_time()
            policy = strategy.adapt_after(support, (failed,)) if name == RETRY else strategy.adapt(support)
            policy.target(points)
            taken.append(time.process_time() - start)
        found.append(max(round(float(np.median(taken)), 3), 0.001))
    return np.array(found)


def _strategies(checkpoint: Path | None, names: tuple[str, ...], controller: str) -> dict[str, Any]:
    """Name → strategy, loaded once a process."""
    return {player.name: player.strategy for player in shared_strategies(checkpoint, names, controller)}


def _identity(order: MatrixOrder, checkpoint: Path | None, names: tuple[str, ...]) -> dict[str, Any]:
    """What the matrix depends on, scenes apart: an interrupted one goes on only where all is the same."""
    return {
        "schema": SCHEMA,
        "followed_up": FOLLOWED_UP,
        "axes": axes.tables(),
        "feature_schema": FEATURE_SCHEMA,
        "checkpoint": None if checkpoint is None else fingerprint(checkpoint),
        "split": order.split,
        "meshes": order.meshes,
        "rollouts": order.rollouts,
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


def _plain(condition: Condition) -> dict[str, Any]:
    """As JSON can have it: no limit is none."""
    return {**asdict(condition), "budget": condition.budget if np.isfinite(condition.budget) else None}
