"""Which scenes the report draws: by rules that the page states, so that nobody picks what looks well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robo_meta.evaluation.records import EXPERT, RolloutRow, TaskRecord


@dataclass(frozen=True)
class Shown:
    """One scene to draw."""

    index: int
    """Number of the task."""
    why: str
    """The rule that chose it, in words."""
    rows: tuple[RolloutRow, ...] = ()
    """Rollouts on it: of the strategy shown, its rival and the expert."""


def scenes_to_show(
    tasks: Sequence[TaskRecord], split: str, transfer: str, shots: int, ours: str, rival: str | None
) -> list[Shown]:
    """At most three: what learning brings, where it fails, and the first task, whatever came of it.

    Args:
        tasks: finished tasks.
        split, transfer, shots: the rollouts looked at.
        ours: name of the strategy that is shown.
        rival: name of the best strategy without learning; None where none took part.
    """
    played: list[tuple[int, dict[str, RolloutRow]]] = []
    for task in sorted(tasks, key=lambda task: task.index):
        if task.split == split:
            here = (
                row for row in task.rows if row.strategy == EXPERT or (row.transfer, row.shots) == (transfer, shots)
            )
            rows = {row.strategy: row for row in here if row.strategy in (ours, rival, EXPERT)}
            if ours in rows:
                played.append((task.index, rows))
    found: dict[int, list[str]] = {}
    told = [index for index, rows in played if rival in rows and rows[ours].success and not rows[rival].success]
    if told:
        found.setdefault(told[0], []).append(
            f"Instructive: the first task on which {ours} succeeded and {rival} failed "
            f"({len(told)} of {len(played)} tasks)"
        )
    failed = [index for index, rows in played if not rows[ours].success]
    if failed:
        found.setdefault(failed[0], []).append(
            f"A failure: the first task on which {ours} failed ({len(failed)} of {len(played)} tasks)"
        )
    if played:
        found.setdefault(played[0][0], []).append("The first task, not chosen by its outcome")
    by_index = dict(played)
    return [
        Shown(index, "; ".join([why[0], *(more[0].lower() + more[1:] for more in why[1:])]), _in_order(by_index[index]))
        for index, why in found.items()
    ]


def _in_order(rows: dict[str, RolloutRow]) -> tuple[RolloutRow, ...]:
    """Learned first, the expert last."""
    return tuple(sorted(rows.values(), key=lambda row: row.strategy == EXPERT))
