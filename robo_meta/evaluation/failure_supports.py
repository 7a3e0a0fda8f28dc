"""Supports of a novice: one sloppy success and some failures, or failures alone; `contrast` against `maml` on them.

`maml` is given the success alone, and nothing where there is none: it can't learn from what failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from demos.expert.episode import shared_env
from demos.expert.grasp_plan import NoGrasp
from demos.support import SupportSet
from robo_meta.evaluation.intervals import paired_difference, wilson
from robo_meta.scenarios.matched_scenes import MatchedTask, support_object
from robo_meta.scenarios.novice import NoAttempt, failure, sloppy_success
from robo_meta.scenarios.rollout import rollout
from sim.tasks.sampling import draw_scene
from sim.tasks.scenes import INTENTIONS
from sim.tasks.seeds import seed_sequence

Record = dict[str, Any]
SUPPORTS = ((1, 1), (1, 2), (1, 3), (1, 4), (0, 1), (0, 4))
"""Successes and failures of the supports compared; those with more failures contain those with fewer."""


def sloppy_rows(matched: MatchedTask, transfers: Sequence[str], contrast: Any, maml: Any) -> list[Record]:
    """One row for each transfer and support that the novice can show: `{transfer, successes, failures, contrast, maml,
    contrast_mm, maml_mm}`, success and the keypoint's error, all on the matched query."""
    rows = []
    for transfer in transfers:
        family, label = support_object(matched, transfer, 0)
        scene = draw_scene(matched.root, matched.task, family, label)
        path = (matched.task.split, matched.task.index, "novice", label)
        try:
            good = sloppy_success(scene, seed_sequence(matched.root, *path, "success"), label)
            most = max(count for _, count in SUPPORTS)
            bad = [failure(scene, seed_sequence(matched.root, *path, "failure", k), label) for k in range(most)]
        except (NoAttempt, NoGrasp):
            continue
        plain = {1: _play(matched, maml.adapt(SupportSet((good,)))), 0: _play(matched, maml.prior_policy())}
        for successes, failures in SUPPORTS:
            support = SupportSet((*[good] * successes, *bad[:failures]))
            done, error = _play(matched, contrast.adapt(support))
            other, other_error = plain[successes]
            counts = {"transfer": transfer, "successes": successes, "failures": failures}
            rows.append({**counts, "contrast": done, "maml": other, "contrast_mm": error, "maml_mm": other_error})
    return rows


def _play(matched: MatchedTask, policy: Any) -> tuple[bool, float]:
    outcome = rollout(shared_env(), matched.query, matched.rollout_seed, policy)
    return outcome.success, outcome.keypoint_mm


def sloppy_cells(tasks: Sequence[Record]) -> list[Record]:
    """From tasks that hold `contrast` rows, for each split, transfer, intention and support: `{split, transfer,
    intention, successes, failures, n, contrast, maml, difference}`, the last three `{value, low, high}`, and the median
    errors `contrast_mm` and `maml_mm`."""
    groups: dict[tuple[Any, ...], list[tuple[int, Record]]] = {}
    for task in tasks:
        for row in task["contrast"]:
            for intention in ("all", task["intention"]):
                key = (task["split"], row["transfer"], intention, row["successes"], row["failures"])
                groups.setdefault(key, []).append((task["index"], row))
    order = {name: number for number, name in enumerate(("all", *INTENTIONS))}
    return [_cell(key, groups[key]) for key in sorted(groups, key=lambda k: (k[0], k[1], -k[3], k[4], order[k[2]]))]


def _cell(key: tuple[Any, ...], rows: list[tuple[int, Record]]) -> Record:
    index = np.array([number for number, _ in rows])
    ours, other = (np.array([row[name] for _, row in rows]) for name in ("contrast", "maml"))
    names = ("split", "transfer", "intention", "successes", "failures")
    return {
        **dict(zip(names, key, strict=True)),
        "n": len(rows),
        "contrast": vars(wilson(int(ours.sum()), len(rows))),
        "maml": vars(wilson(int(other.sum()), len(rows))),
        "difference": vars(paired_difference(ours, other, index)),
        **{name: float(np.median([row[name] for _, row in rows])) for name in ("contrast_mm", "maml_mm")},
    }
