"""What a policy that may ask comes to, from single scenes to rates and returns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robo_meta.evaluation.cells import AskingCell
from robo_meta.evaluation.intervals import clustered_mean, wilson
from robo_meta.evaluation.records import AskingRow, TaskRecord
from robo_meta.scenarios.demonstration_kinds import KINDS
from sim.tasks.scenes import INTENTIONS

BEST = 1.0
"""No return is larger: a success, and nothing to pay."""


def asking_cells(tasks: Sequence[TaskRecord]) -> list[AskingCell]:
    """One cell for each policy, split, transfer, intention and number of shots, from tasks that hold `asking` rows."""
    groups: dict[tuple[str, str, str, str, int], list[tuple[int, AskingRow]]] = {}
    for task in tasks:
        for row in task.asking or ():
            for intention in ("all", task.intention):
                key = (row.strategy, task.split, row.transfer, intention, row.shots)
                groups.setdefault(key, []).append((task.index, row))
    order = {name: number for number, name in enumerate(("all", *INTENTIONS))}
    keys = sorted(groups, key=lambda key: (key[0], key[1], key[2], key[4], order[key[3]]))
    return [_cell(key, groups[key]) for key in keys]


def _cell(key: tuple[str, str, str, str, int], found: list[tuple[int, AskingRow]]) -> AskingCell:
    rows = [row for _, row in found]
    tasks, worst = np.array([number for number, _ in found]), min(row.worst for row in rows)
    usual = [row.maml for row in rows if row.maml is not None]
    return AskingCell(
        *key,
        n=len(rows),
        success=wilson(sum(row.success for row in rows), len(rows)),
        discounted=clustered_mean(np.array([row.discounted for row in rows]), tasks, worst, BEST),
        selector=clustered_mean(np.array([row.selector for row in rows]), tasks, worst, BEST),
        maml=clustered_mean(np.array(usual), tasks, worst, BEST) if len(usual) == len(rows) else None,
        attempts=float(np.mean([row.attempts for row in rows])),
        asked={kind: float(np.mean([row.asked.count(kind) for row in rows])) for kind in KINDS},
        gave_up=float(np.mean([row.gave_up for row in rows])),
    )
