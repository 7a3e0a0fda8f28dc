"""Records of filmed rollouts: which ones are wanted, and what the index of a folder says of each film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from robo_meta.evaluation.records import EXPERT, TaskRecord
from robo_meta.runs.journal import open_journal
from robo_meta.runs.json_records import from_json

INDEX, JOURNAL = "films.json", "films.jsonl"
"""Names, in the folder of films, of the list of all and of what goes on where it was stopped."""


@dataclass(frozen=True)
class Wanted:
    """An evaluated rollout that can be filmed."""

    task: int
    """Number of the task within its split."""
    split: str
    """Split that the task was drawn from."""
    transfer: str | None
    """What demonstrations and query share; None for the expert, who needs none."""
    shots: int
    """Demonstrations that the strategy adapted from, or began with."""
    strategy: str
    """As the results have it, `expert` for the demonstrator."""
    intention: str
    """`balance` or `part`."""
    family: str
    """Shape family of the query's object."""
    success: bool
    """Whether every part of the verdict held."""
    failed: tuple[str, ...]
    """Names of the parts of the verdict that did not hold."""
    steps: int
    """Actions played."""
    keypoint_mm: float
    """mm in the plane from the grasp to the right place."""

    @property
    def key(self) -> tuple[str, int, str, int, str]:
        """What tells it apart within an evaluation."""
        return self.split, self.task, self.transfer or "", self.shots, self.strategy

    @property
    def outcome(self) -> str:
        """In a word."""
        return "success" if self.success else "failure"


@dataclass(frozen=True)
class FilmRow(Wanted):
    """A film as the index has it."""

    rollout: int
    """Rollout seed: pose, arm start and noise."""
    file: str
    """Its name in the folder."""

    @staticmethod
    def of(wanted: Wanted, rollout: int, file: str) -> FilmRow:
        """The row of a rollout that was filmed."""
        return FilmRow(**{one.name: getattr(wanted, one.name) for one in fields(Wanted)}, rollout=rollout, file=file)


@dataclass(frozen=True)
class Films:
    """What filming an evaluation came to."""

    folder: str
    """Where the films are."""
    films: int
    """Films there."""
    wanted: int
    """Rollouts that were to be filmed."""
    most: int
    """How many were to be filmed at most."""
    otherwise: tuple[str, ...]
    """Rollouts that came to something else in front of the camera, and have no film."""
    left_out: tuple[str, ...] = ()
    """What else was evaluated and can't be filmed, and why."""


def open_folder(folder: Path, identity: dict[str, Any]) -> list[FilmRow]:
    """The films that a folder holds; makes it where there is none.

    Raises:
        robo_meta.runs.journal.JournalError: it holds films of another evaluation than `identity`.
        OSError: it can't be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = [from_json(FilmRow, found) for found in open_journal(folder / JOURNAL, identity)]
    return [one for one in kept if (folder / one.file).is_file()]


def wanted_films(tasks: Sequence[TaskRecord]) -> list[Wanted]:
    """All rollouts in which anything was played, a task's in the order in which they were asked for, the expert's last:
    where films are few, it is the strategies that are to be seen."""
    return [
        Wanted(
            task=task.index,
            split=task.split,
            transfer=row.transfer,
            shots=row.shots,
            strategy=row.strategy,
            intention=task.intention,
            family=task.family,
            success=row.success,
            failed=row.failed,
            steps=row.steps,
            keypoint_mm=row.keypoint_mm,
        )
        for task in tasks
        for row in sorted(task.rows, key=lambda row: row.strategy == EXPERT)
        if row.steps
    ]


def without_attempt(tasks: Sequence[TaskRecord]) -> list[str]:
    """The rollouts in which nothing was played, in words: whole policies may give up at once."""
    return [
        f"{row.strategy}, {task.split} task {task.index}, {row.transfer}: it gave up without an attempt"
        for task in tasks
        for row in task.rows
        if not row.steps
    ]
