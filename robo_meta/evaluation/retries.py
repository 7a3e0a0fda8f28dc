"""Several attempts at one query: does learning from one's own failure beat repeating the same?

On each scene `retry` makes attempts until it succeeds, learning from what failed; `maml` repeats blindly. Both get the
same rollout seeds, so that they meet the same poses and noise at each attempt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from demos.support import SupportItem, SupportSet
from robo_meta.evaluation.cells import AttemptCell
from robo_meta.evaluation.intervals import paired_difference, wilson
from robo_meta.evaluation.records import AttemptRow, TaskRecord
from robo_meta.scenarios.attempts import policy_attempt
from robo_meta.scenarios.conditions import Condition
from robo_meta.scenarios.matched_scenes import MatchedTask, attempt_seeds
from robo_meta.scenarios.supports import NoDemonstration, record_support
from sim.tasks.queries import QUERY_OBJECT
from sim.tasks.scenes import INTENTIONS, Scene


def play_attempts(
    scene: Scene, seeds: Sequence[int], support: SupportSet, retry: Any, blind: Any
) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
    """Play `scene` until it is done, with each of the two.

    Args:
        scene: what to grasp.
        seeds: a rollout seed for each attempt.
        support: what both adapt from beforehand.
        retry: a `robo_meta.strategies.learned.retry.Retry`: learns from its failures.
        blind: a strategy that repeats itself.

    Returns:
        Whether the scene was done by attempt 1, 2, …: of `retry`, and of `blind`.
    """
    attempts: list[SupportItem] = []
    for seed in seeds:
        policy = retry.adapt_after(support, tuple(attempts))
        attempts.append(policy_attempt(scene, seed, policy, QUERY_OBJECT))
        if attempts[-1].success:
            break
    repeated: list[bool] = []
    policy = blind.adapt(support)
    for seed in seeds:
        repeated.append(policy_attempt(scene, seed, policy, QUERY_OBJECT).success)
        if repeated[-1]:
            break
    return _done_by([item.success for item in attempts], seeds), _done_by(repeated, seeds)


def _done_by(successes: list[bool], seeds: Sequence[int]) -> tuple[bool, ...]:
    """Once done, done: the attempts that were not needed any more count as successes."""
    return (*successes, *[successes[-1]] * (len(seeds) - len(successes)))


def attempt_rows(
    matched: MatchedTask, transfers: Sequence[str], shots: Sequence[int], attempts: int, retry: Any, blind: Any
) -> tuple[AttemptRow, ...]:
    """One row for each transfer and number of shots that can be shown; the first seed is the matched rollout's."""
    seeds, rows = attempt_seeds(matched, attempts), list[AttemptRow]()
    for transfer in transfers:
        try:
            longest = record_support(matched, Condition(transfer), max(shots))
        except NoDemonstration:
            continue
        for count in shots:
            support = SupportSet(longest.items[:count])
            played = play_attempts(matched.query, seeds, support, retry, blind)
            rows.append(AttemptRow(transfer, count, *played))
    return tuple(rows)


def attempt_cells(tasks: Sequence[TaskRecord]) -> list[AttemptCell]:
    """One cell for each split, transfer, intention and number of shots, from tasks that hold `attempts` rows."""
    groups: dict[tuple[str, str, str, int], list[tuple[int, AttemptRow]]] = {}
    for task in tasks:
        for row in task.attempts or ():
            for intention in ("all", task.intention):
                key = (task.split, row.transfer, intention, row.shots)
                groups.setdefault(key, []).append((task.index, row))
    order = {name: number for number, name in enumerate(("all", *INTENTIONS))}
    return [_cell(key, groups[key]) for key in sorted(groups, key=lambda k: (k[0], k[1], k[3], order[k[2]]))]


def _cell(key: tuple[str, str, str, int], rows: list[tuple[int, AttemptRow]]) -> AttemptCell:
    index = np.array([number for number, _ in rows])
    retry, blind = np.array([row.retry for _, row in rows]), np.array([row.blind for _, row in rows])
    each = range(retry.shape[1])
    return AttemptCell(
        *key,
        n=len(rows),
        retry=tuple(wilson(int(retry[:, k].sum()), len(rows)) for k in each),
        blind=tuple(wilson(int(blind[:, k].sum()), len(rows)) for k in each),
        difference=tuple(paired_difference(retry[:, k], blind[:, k], index) for k in each),
    )
