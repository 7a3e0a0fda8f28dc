"""The shards of an evaluation, joined: their finished tasks in one folder, as if one machine had played them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from demos.storage.lock import sole_writer
from robo_meta.evaluation.config import EvaluateConfig
from robo_meta.evaluation.records import TaskRecord
from robo_meta.evaluation.stored import FINISHED
from robo_meta.runs.journal import append, open_journal
from sim.errors import InputError

Key = tuple[str, int]
"""Split and number of a task."""


class MergeError(InputError):
    """Folders that don't hold the evaluation together."""


def merged(config: EvaluateConfig) -> list[TaskRecord]:
    """All tasks of the evaluation, from the folders `config.merge`, kept in the folder `config.out` too.

    Raises:
        MergeError: a folder without finished tasks, or tasks that none of them has; nothing is written then.
        demos.storage.lock.LockError: a shard is still being played, or another process writes to the out folder.
        robo_meta.runs.journal.JournalError: a folder holds another evaluation, or a damaged one.
    """
    assert config.out is not None
    for folder in config.merge:
        if not (folder / FINISHED).is_file():
            raise MergeError(f"{folder}: no {FINISHED} of a shard; expected the --out of one")
    with ExitStack() as locks:
        # In one order, so that two merges never wait for each other.
        for folder in sorted(config.merge):
            locks.enter_context(sole_writer(folder, "evaluating"))
        found: dict[Key, TaskRecord] = {}
        for folder in config.merge:
            found |= _tasks(open_journal(folder / FINISHED, config.identity))
        there = config.out / FINISHED
        if there.is_file():
            found |= _tasks(open_journal(there, config.identity))
        wanted = [(split, index) for split in config.split for index in range(config.tasks)]
        _check_whole(wanted, found)
        config.out.mkdir(parents=True, exist_ok=True)
        locks.enter_context(sole_writer(config.out, "evaluating"))
        held = _tasks(open_journal(there, config.identity))
        for key in wanted:
            if key not in held:
                append(there, found[key].to_json())
    return [found[key] for key in wanted]


def _tasks(records: Sequence[Mapping]) -> dict[Key, TaskRecord]:
    return {(task.split, task.index): task for task in map(TaskRecord.from_json, records)}


def _check_whole(wanted: Sequence[Key], found: Mapping[Key, TaskRecord]) -> None:
    missing = [key for key in wanted if key not in found]
    if missing:
        split, index = missing[0]
        raise MergeError(
            f"{len(missing)} of {len(wanted)} tasks are in none of the folders, such as {split} {index}; give the "
            "commands of their shards again, then this one"
        )
