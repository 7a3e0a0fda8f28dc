"""Second attempts: does learning from one's own failure beat trying the same again?

On each scene `retry` tries until it succeeds, learning from what failed; `maml` repeats blindly. Both get the same
rollout seeds, so that they meet the same poses and noise at each attempt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from demos.support import SupportItem, SupportSet
from robo_meta.evaluation.intervals import paired_difference, wilson
from robo_meta.scenarios.attempts import policy_attempt
from robo_meta.scenarios.matched_scenes import QUERY, MatchedTask, NoDemonstration, record_support
from sim.tasks.scenes import INTENTIONS, Scene
from sim.tasks.seeds import seed_sequence

Record = dict[str, Any]


def play_attempts(scene: Scene, seeds: Sequence[int], support: SupportSet, retry: Any, blind: Any) -> Record:
    """Play `scene` until it is done, with each of the two.

    Args:
        scene: what to grasp.
        seeds: a rollout seed for each attempt.
        support: what both adapt from beforehand.
        retry: a `robo_meta.strategies.learned.retry.Retry`: learns from its failures.
        blind: a strategy that repeats itself.

    Returns:
        `retry` and `blind`: whether the scene was done by attempt 1, 2, …
    """
    tried: list[SupportItem] = []
    for seed in seeds:
        policy = retry.adapt_after(support, tuple(tried))
        tried.append(policy_attempt(scene, seed, policy, QUERY))
        if tried[-1].success:
            break
    repeated: list[bool] = []
    policy = blind.adapt(support)
    for seed in seeds:
        repeated.append(policy_attempt(scene, seed, policy, QUERY).success)
        if repeated[-1]:
            break
    return {"retry": _done_by([item.success for item in tried], seeds), "blind": _done_by(repeated, seeds)}


def _done_by(successes: list[bool], seeds: Sequence[int]) -> list[bool]:
    """Once done, done: the attempts that were not needed any more count as successes."""
    return successes + [successes[-1]] * (len(seeds) - len(successes))


def attempt_rows(
    matched: MatchedTask, transfers: Sequence[str], shots: Sequence[int], attempts: int, retry: Any, blind: Any
) -> list[Record]:
    """One row for each transfer and number of shots that can be shown; the first seed is the matched rollout's."""
    path = (matched.task.split, matched.task.index, "rollout")
    later = [int(seed_sequence(matched.root, *path, k).generate_state(1)[0]) for k in range(1, attempts)]
    rows = []
    for transfer in transfers:
        try:
            longest = record_support(matched, transfer, max(shots))
        except NoDemonstration:
            continue
        for count in shots:
            support = SupportSet(longest.items[:count])
            played = play_attempts(matched.query, [matched.rollout_seed, *later], support, retry, blind)
            rows.append({"transfer": transfer, "shots": count, **played})
    return rows


def attempt_cells(tasks: Sequence[Record]) -> list[Record]:
    """Success by attempt 1, 2, … of both, and the paired difference, from tasks that hold `attempts` rows.

    One cell for each split, transfer, intention and number of shots: `{split, transfer, intention, shots, n, retry,
    blind, difference}`, the last three a list of `{value, low, high}`, one an attempt.
    """
    groups: dict[tuple[Any, ...], list[tuple[int, Record]]] = {}
    for task in tasks:
        for row in task["attempts"]:
            for intention in ("all", task["intention"]):
                key = (task["split"], row["transfer"], intention, row["shots"])
                groups.setdefault(key, []).append((task["index"], row))
    order = {name: number for number, name in enumerate(("all", *INTENTIONS))}
    return [_cell(key, groups[key]) for key in sorted(groups, key=lambda k: (k[0], k[1], k[3], order[k[2]]))]


def _cell(key: tuple[Any, ...], rows: list[tuple[int, Record]]) -> Record:
    index = np.array([number for number, _ in rows])
    retry, blind = (np.array([row[name] for _, row in rows]) for name in ("retry", "blind"))
    each = range(retry.shape[1])
    return {
        **dict(zip(("split", "transfer", "intention", "shots"), key, strict=True)),
        "n": len(rows),
        "retry": [vars(wilson(int(retry[:, k].sum()), len(rows))) for k in each],
        "blind": [vars(wilson(int(blind[:, k].sum()), len(rows))) for k in each],
        "difference": [vars(paired_difference(retry[:, k], blind[:, k], index)) for k in each],
    }
