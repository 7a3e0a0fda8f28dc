"""What failed: counts by the verdict's parts, and the rollouts of one strategy one by one, with their films."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from robo_meta.evaluation.records import EXPERT, RolloutRow, TaskRecord
from robo_meta.report.films import Film
from robo_meta.report.numbers import SPACE
from robo_meta.report.tables import csv_link, table

Record = Mapping[str, Any]
PART_WORDS = {
    "lifted": "not lifted",
    "held": "not held through the shake",
    "level": "not level",
    "clamped": "not clamped by both fingers",
    "unsupported": "carried by something else",
    "on_part": "not on the wanted part",
    "attempted": "gave up",
    "cut off": "never lifted",
}
"""Part of the verdict that didn't hold → what that means."""


def failure_words(failed: Sequence[str]) -> str:
    """What went wrong, in words; who never lifted failed every other part, too.

    Example:
        >>> failure_words(("level", "unsupported"))
        'not level, carried by something else'
    """
    parts = ("lifted",) if "lifted" in failed else failed
    return ", ".join(PART_WORDS.get(name, name) for name in parts)


def counts_table(rows: Sequence[Record], ours: str | None) -> Markup | None:
    """How often each part of the verdict failed; None where nothing failed."""
    if not rows:
        return None
    head = ("strategy", "split", "transfer", "intention", "shots", "failed", "why, and how often")
    body = []
    for row in rows:
        parts = sorted(row["parts"].items(), key=lambda part: -part[1])
        said = ", ".join(f"{PART_WORDS.get(name, name)} {count}" for name, count in parts)
        labels = [row["strategy"], row["split"], row["transfer"], row["intention"], str(row["shots"])]
        body.append((row["strategy"] == ours, [*labels, f"{row['failed']} of {row['n']}", said]))
    caption = "Why rollouts failed. One rollout may fail in several ways."
    return table(caption, head, body, csv_link("failures", rows))


def failure_list(tasks: Sequence[TaskRecord], ours: str, films: Sequence[Film] = ()) -> Markup | None:
    """Every failed rollout of one strategy, with its film where there is one; None where none failed."""
    failed = [(task, row) for task in tasks for row in task.rows if row.strategy == ours and not row.success]
    if not failed:
        return None
    body, records = [], []
    for task, row in failed:
        found = film_of(films, task, row)
        film = "–" if found is None else film_link(found, f"film of task {task.index}")
        labels = [f"task {task.index}", task.split, str(row.transfer), str(row.shots), task.intention, task.family]
        body.append((False, [*labels, failure_words(row.failed), f"{row.keypoint_mm:.0f}{SPACE}mm", film]))
        records.append(_record(task, row))
    head = ("task", "split", "transfer", "shots", "intention", "family", "what went wrong", "off", "film")
    caption = f"Every failed rollout of {ours} ({len(failed)})."
    return table(caption, head, body, csv_link(f"failed-{ours}", records))


def film_of(films: Sequence[Film], task: TaskRecord, row: RolloutRow) -> Film | None:
    """The film of a rollout, None where there is none."""
    shown = (task.split, row.transfer, task.index, row.strategy, row.shots)
    return next((film for film in films if film.shows(*shown)), None)


def film_table(films: Sequence[Film]) -> Markup | None:
    """All films; None without any."""
    if not films:
        return None
    head = ("task", "strategy", "shots", "outcome", "film")
    body = [
        (
            False,
            [
                f"{film.split} {film.task}" if film.split else film.task,
                film.strategy,
                "" if film.strategy == EXPERT else str(film.shots),
                "✓ success" if film.success else "✗ failure",
                film_link(film, f"film of {film.strategy}, task {film.task}"),
            ],
        )
        for film in films
    ]
    return table(f"Films of rollouts ({len(films)}), files beside this page.", head, body)


def film_link(film: Film, said: str) -> Markup:
    """A link to a film, named for people who hear only the link."""
    return Markup('<a href="{}" aria-label="{}">film</a>').format(film.href, said)


def _record(task: TaskRecord, row: RolloutRow) -> dict[str, Any]:
    return {
        "task": task.index,
        "split": task.split,
        "transfer": row.transfer,
        "shots": row.shots,
        "strategy": row.strategy,
        "intention": task.intention,
        "family": task.family,
        "failed": list(row.failed),
        "keypoint_mm": row.keypoint_mm,
    }
