"""Everything that is played of one task: all strategies, transfers and shots on its one query, as plain records.

Records hold only numbers and names, so that they can be kept one a line and an interrupted evaluation goes on.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from demos.expert.expert import shared_env
from demos.policy import Policy
from demos.support import SupportSet
from robo_meta.evaluation.colour_preference import colour_preference, true_preference
from robo_meta.evaluation.failure_supports import sloppy_rows
from robo_meta.evaluation.retries import attempt_rows
from robo_meta.scenarios.matched_scenes import MatchedTask, NoDemonstration, matched_task, record_support
from robo_meta.scenarios.rollout import Outcome, expert_rollout, rollout
from robo_meta.strategies.build import Participant, build_strategies
from sim.tasks.scenes import BALANCE

EXPERT = "expert"


def play_task(
    checkpoint: Path | None,
    names: tuple[str, ...],
    controller: str,
    root: int,
    split: str,
    index: int,
    transfers: tuple[str, ...],
    shots: tuple[int, ...],
    attempts: int = 1,
    sloppy: bool = False,
    selector: Path | None = None,
) -> dict[str, Any]:
    """Play task number `index` of `split` with every strategy.

    Args:
        checkpoint: file of the checkpoint; None where no strategy needs one.
        names: strategies, as `build_strategies` names them.
        controller: `learned` or `scripted`: what drives strategies that only choose a target.
        root: root seed.
        split, index: which task.
        transfers, shots: every combination is played.
        attempts: more than one: `retry` and `maml` try as often, see `robo_meta.evaluation.retries`.
        sloppy: `contrast` and `maml` adapt from a novice's tries, see `robo_meta.evaluation.failure_supports`.
        selector: file of the selector, where one takes part.

    Returns:
        `{split, index, intention, family, rows, scores, skipped}`: one row a rollout, one score a strategy whose
        preference can be read, one note for each transfer that the expert could not demonstrate; `attempts` and
        `contrast` rows where they are asked for.
    """
    players = _players(checkpoint, names, controller, selector)
    matched = matched_task(root, split, index)
    table = _Query(matched)
    rows, scores, skipped = [_row(EXPERT, None, 0, table.expert, 0.0)], list[dict[str, Any]](), list[dict[str, Any]]()
    for transfer in transfers:
        try:
            longest = record_support(matched, transfer, max(shots))
        except NoDemonstration as error:
            skipped.append({"transfer": transfer, "reason": str(error)})
            continue
        for count in sorted(shots):
            support = SupportSet(longest.items[:count])
            for player in players:
                start = perf_counter()
                policy = player.strategy.adapt(support)
                adapt_ms = (perf_counter() - start) * 1e3
                rows.append(_row(player.name, transfer, count, table.play(policy), adapt_ms))
                score = _score(matched, table.points, player, policy)
                if score is not None:
                    scores.append({"strategy": player.name, "transfer": transfer, "shots": count, **score})
    extra: dict[str, Any] = {}
    if attempts > 1:
        retry, blind = (player.strategy for player in _players(checkpoint, ("retry", "maml"), controller))
        extra["attempts"] = attempt_rows(matched, transfers, shots, attempts, retry, blind)
    if sloppy:
        contrast, maml = (player.strategy for player in _players(checkpoint, ("contrast", "maml"), controller))
        extra["contrast"] = sloppy_rows(matched, transfers, contrast, maml)
    return {
        "split": split,
        "index": index,
        "intention": matched.task.intention,
        "family": matched.query.object.family,
        "rows": rows,
        "scores": scores,
        "skipped": skipped,
        **extra,
    }


class _Query:
    """The query of one task; equal targets driven by the same controller are played once, outcomes being
    deterministic."""

    def __init__(self, matched: MatchedTask) -> None:
        self._matched = matched
        self._env = shared_env()
        self.expert = expert_rollout(self._env, matched.query, matched.rollout_seed)
        observation, _ = self._env.reset(seed=matched.rollout_seed, options={"scene": matched.query})
        self.points = observation["points"]
        self._played: dict[tuple[str, bytes], Outcome] = {}

    def play(self, policy: Policy) -> Outcome:
        """The outcome of `policy` on the query; the first action's latency is its own, whoever's rollout is shared."""
        scene, seed, choosing = self._matched.query, self._matched.rollout_seed, 0.0
        # A selector says which controller it has only once it has seen the scan.
        if policy.controller != "replayed":
            start = perf_counter()
            target = np.asarray(policy.target(self.points), dtype=np.float64)
            choosing = (perf_counter() - start) * 1e3
        if policy.controller == "replayed":
            outcome = rollout(self._env, scene, seed, policy)
        else:
            key = (policy.controller, target.tobytes())
            if key not in self._played:
                self._played[key] = rollout(self._env, scene, seed, policy)
            outcome = self._played[key]
        return replace(
            outcome, act_ms=outcome.act_ms + choosing / outcome.steps, first_act_ms=outcome.first_act_ms + choosing
        )


@lru_cache(maxsize=4)
def _players(
    checkpoint: Path | None, names: tuple[str, ...], controller: str, selector: Path | None = None
) -> tuple[Participant, ...]:
    """Load the strategies once a process; torch gets one thread, because every core has a worker of its own."""
    try:
        import torch

        torch.set_num_threads(1)
    except ImportError:
        pass
    return build_strategies(checkpoint, names, controller, selector)


def _row(name: str, transfer: str | None, shots: int, outcome: Outcome, adapt_ms: float) -> dict[str, Any]:
    return {
        "strategy": name,
        "transfer": transfer,
        "shots": shots,
        "success": outcome.success,
        "failed": list(outcome.failed_parts),
        "steps": outcome.steps,
        "keypoint_mm": outcome.keypoint_mm,
        "across_mm": outcome.across_mm,
        "controller": outcome.controller,
        "adapt_ms": adapt_ms,
        "act_ms": outcome.act_ms,
        "first_act_ms": outcome.first_act_ms,
    }


def _score(matched: MatchedTask, points: np.ndarray, player: Participant, policy: Any) -> dict[str, float] | None:
    """What the policy's score prefers before and after adapting, beside the truth; only where both can be read."""
    if matched.task.intention != BALANCE or len(matched.task.densities) != 2:
        return None
    before = None if player.prior is None else player.prior().point_scores(points)
    after = policy.point_scores(points)
    if before is None or after is None:
        return None
    colours = sorted(matched.task.densities)
    return {
        "before": colour_preference(points, before, colours),
        "after": colour_preference(points, after, colours),
        "truth": true_preference(matched.task.densities, colours),
    }
