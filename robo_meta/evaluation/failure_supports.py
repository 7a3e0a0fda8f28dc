"""Supports of a novice: one imprecise success and some failures, or failures alone; `contrast` against `maml` on them.

`maml` is given the success alone, and nothing where there is none: it can't learn from what failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from demos.expert.episode import shared_env
from demos.expert.grasp_plan import NoGrasp
from demos.policy import Policy
from demos.support import SupportSet
from robo_meta.evaluation.cells import ContrastCell
from robo_meta.evaluation.intervals import paired_difference, wilson
from robo_meta.evaluation.records import ContrastRow, TaskRecord
from robo_meta.scenarios.matched_scenes import MatchedTask, support_object
from robo_meta.scenarios.novice import NoAttempt, failure, imprecise_success
from robo_meta.scenarios.rollout import rollout
from sim.tasks.sampling import draw_scene
from sim.tasks.scenes import INTENTIONS
from sim.tasks.seeds import seed_sequence

SUPPORTS = ((1, 1), (1, 2), (1, 3), (1, 4), (0, 1), (0, 4))
"""Successes and failures of the supports compared; those with more failures contain those with fewer."""


def novice_rows(matched: MatchedTask, transfers: Sequence[str], contrast: Any, maml: Any) -> tuple[ContrastRow, ...]:
    """One row for each transfer and support that the novice can show, all on the matched query.

    Args:
        matched: the task and its query.
        transfers: of `TRANSFERS`.
        contrast: the strategy that learns from failures.
        maml: the one that doesn't, with a policy before any demonstration.
    """
    rows = []
    for transfer in transfers:
        family, label = support_object(matched, transfer, 0)
        scene = draw_scene(matched.root, matched.task, family, label)
        path = (matched.task.split, matched.task.index, "novice", label)
        try:
            good = imprecise_success(scene, seed_sequence(matched.root, *path, "success"), label)
            most = max(count for _, count in SUPPORTS)
            bad = [failure(scene, seed_sequence(matched.root, *path, "failure", k), label) for k in range(most)]
        except (NoAttempt, NoGrasp):
            continue
        plain = {1: _play(matched, maml.adapt(SupportSet((good,)))), 0: _play(matched, maml.prior_policy())}
        for successes, failures in SUPPORTS:
            support = SupportSet((*[good] * successes, *bad[:failures]))
            done, error = _play(matched, contrast.adapt(support))
            other, other_error = plain[successes]
            rows.append(ContrastRow(transfer, successes, failures, done, other, error, other_error))
    return tuple(rows)


def _play(matched: MatchedTask, policy: Policy) -> tuple[bool, float]:
    """Success on the query, and the keypoint's error in mm."""
    outcome = rollout(shared_env(), matched.query, matched.rollout_seed, policy)
    return outcome.success, outcome.keypoint_mm


def novice_cells(tasks: Sequence[TaskRecord]) -> list[ContrastCell]:
    """One cell for each split, transfer, intention and support, from tasks that hold `contrast` rows."""
    groups: dict[tuple[str, str, str, int, int], list[tuple[int, ContrastRow]]] = {}
    for task in tasks:
        for row in task.contrast or ():
            for intention in ("all", task.intention):
                key = (task.split, row.transfer, intention, row.successes, row.failures)
                groups.setdefault(key, []).append((task.index, row))
    order = {name: number for number, name in enumerate(("all", *INTENTIONS))}
    return [_cell(key, groups[key]) for key in sorted(groups, key=lambda k: (k[0], k[1], -k[3], k[4], order[k[2]]))]


def _cell(key: tuple[str, str, str, int, int], rows: list[tuple[int, ContrastRow]]) -> ContrastCell:
    index = np.array([number for number, _ in rows])
    contrast, maml = np.array([row.contrast for _, row in rows]), np.array([row.maml for _, row in rows])
    return ContrastCell(
        *key,
        n=len(rows),
        contrast=wilson(int(contrast.sum()), len(rows)),
        maml=wilson(int(maml.sum()), len(rows)),
        difference=paired_difference(contrast, maml, index),
        contrast_mm=float(np.median([row.contrast_mm for _, row in rows])),
        maml_mm=float(np.median([row.maml_mm for _, row in rows])),
    )
