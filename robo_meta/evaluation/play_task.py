"""Everything that is played of one task: all strategies, transfers and shots on its one query, as one record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, cast

import numpy as np

from demos.expert.episode import shared_env
from demos.policy import Policy
from demos.support import SupportSet
from robo_meta.evaluation.asking import Decider, asking_row, play_asking
from robo_meta.evaluation.colour_preference import colour_preference, true_preference
from robo_meta.evaluation.expert_grasp import expert_grasp
from robo_meta.evaluation.failure_supports import novice_rows
from robo_meta.evaluation.records import EXPERT, AskingRow, RolloutRow, ScoreRow, SkippedTransfer, TaskRecord
from robo_meta.evaluation.retries import attempt_rows
from robo_meta.scenarios.conditions import Condition
from robo_meta.scenarios.matched_scenes import OWN, MatchedTask, attempt_seeds, matched_task
from robo_meta.scenarios.rollout import Outcome, expert_rollout
from robo_meta.scenarios.scene_rollouts import SceneRollouts
from robo_meta.scenarios.supports import NoDemonstration, record_support
from robo_meta.strategies.build import Participant, shared_strategies
from robo_meta.strategies.sources import AskingSource
from sim.tasks.scenes import BALANCE


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
    novice: bool = False,
    asking: tuple[AskingSource, ...] = (),
    selector: Path | None = None,
    support: str = OWN,
) -> TaskRecord:
    """Play task number `index` of `split` with every strategy.

    Args:
        checkpoint: file of the checkpoint; None where no strategy needs one.
        names: strategies, as `build_strategies` names them.
        controller: `learned` or `scripted`: what drives strategies that only choose a target.
        root: root seed.
        split, index: which task.
        transfers, shots: every combination is played.
        attempts: more than one: `retry` and `maml` make as many, see `robo_meta.evaluation.retries`.
        novice: `contrast` and `maml` adapt from a novice's attempts, see `robo_meta.evaluation.failure_supports`.
        asking: whole policies that may ask for demonstrations, see `robo_meta.evaluation.asking`.
        selector: file of the selector, where one takes part.
        support: what new shapes are demonstrated on, see `matched_task`.
    """
    players = shared_strategies(checkpoint, names, controller, selector)
    matched = matched_task(root, split, index, support)
    expert = expert_rollout(shared_env(), matched.query, matched.rollout_seed, expert_grasp(matched))
    rows, scores, skipped = [_row(EXPERT, None, 0, expert, 0.0)], list[ScoreRow](), list[SkippedTransfer]()
    deciders = shared_deciders(checkpoint, asking, controller, selector)
    most = max((decider.attempts for decider in deciders.values()), default=1)
    query, asked = SceneRollouts(matched.query, attempt_seeds(matched, most)), list[AskingRow]()
    for transfer in transfers:
        try:
            longest = record_support(matched, Condition(transfer), max(shots))
        except NoDemonstration as error:
            skipped.append(SkippedTransfer(transfer, str(error)))
            continue
        for count in sorted(shots):
            shown = SupportSet(longest.items[:count])
            played, scored = _play_support(matched, query, players, transfer, shown)
            rows += played
            scores += scored
            for name, decider in deciders.items():
                found = play_asking(decider, matched, Condition(transfer), shown, query)
                rows.append(_row(name, transfer, count, found.last, found.adapt_ms))
                asked.append(asking_row(name, transfer, count, found, decider.worst))
    tried, imprecise = None, None
    if attempts > 1:
        retry, blind = (player.strategy for player in shared_strategies(checkpoint, ("retry", "maml"), controller))
        tried = attempt_rows(matched, transfers, shots, attempts, retry, blind)
    if novice:
        contrast, maml = (player.strategy for player in shared_strategies(checkpoint, ("contrast", "maml"), controller))
        imprecise = novice_rows(matched, transfers, contrast, maml)
    return TaskRecord(
        split=split,
        index=index,
        intention=matched.task.intention,
        family=matched.query.object.family,
        rows=tuple(rows),
        scores=tuple(scores),
        skipped=tuple(skipped),
        attempts=tried,
        contrast=imprecise,
        asking=tuple(asked) if asking else None,
    )


def shared_deciders(
    checkpoint: Path | None, asking: Sequence[AskingSource], controller: str, selector: Path | None
) -> dict[str, Decider]:
    """Name in the results → what decides there."""
    if not asking:
        return {}
    choosers = shared_strategies(checkpoint, tuple(source.chooser for source in asking), controller, selector)
    # Strategies have no `deciding`; the selector's has.
    found = [cast(Any, chooser.strategy).deciding for chooser in choosers]
    return {source.name: decider for source, decider in zip(asking, found, strict=True)}


def _play_support(
    matched: MatchedTask, query: SceneRollouts, players: Sequence[Participant], transfer: str, support: SupportSet
) -> tuple[list[RolloutRow], list[ScoreRow]]:
    """Adapt every strategy to a support and play it; a row each, and a score each whose preference can be read."""
    rows, scores = list[RolloutRow](), list[ScoreRow]()
    for player in players:
        start = perf_counter()
        policy = player.strategy.adapt(support)
        adapt_ms = (perf_counter() - start) * 1e3
        rows.append(_row(player.name, transfer, support.shots, query.outcome(policy), adapt_ms))
        preferences = _preferences(matched, query.scans[0], player, policy)
        if preferences is not None:
            scores.append(ScoreRow(player.name, transfer, support.shots, *preferences))
    return rows, scores


def _row(name: str, transfer: str | None, shots: int, outcome: Outcome, adapt_ms: float) -> RolloutRow:
    return RolloutRow(
        strategy=name,
        transfer=transfer,
        shots=shots,
        success=outcome.success,
        failed=outcome.failed_parts,
        steps=outcome.steps,
        keypoint_mm=outcome.keypoint_mm,
        across_mm=outcome.across_mm,
        controller=outcome.controller,
        adapt_ms=adapt_ms,
        act_ms=outcome.act_ms,
        first_act_ms=outcome.first_act_ms,
    )


def _preferences(
    matched: MatchedTask, points: np.ndarray, player: Participant, policy: Policy
) -> tuple[float, float, float] | None:
    """What the policy's scores prefer before and after adapting, and the truth; None where these can't be read."""
    if matched.task.intention != BALANCE or len(matched.task.densities) != 2 or player.prior is None:
        return None
    before, after = player.prior().point_scores(points), policy.point_scores(points)
    if before is None or after is None:
        return None
    colours = sorted(matched.task.densities)
    return (
        colour_preference(points, before, colours),
        colour_preference(points, after, colours),
        true_preference(matched.task.densities, colours),
    )
