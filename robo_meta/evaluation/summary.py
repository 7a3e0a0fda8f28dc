"""From rollouts of single tasks to rates, intervals and paired differences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from robo_meta.evaluation.cells import Cell, FailureCount, FamilyRate, Pair, Preference
from robo_meta.evaluation.intervals import paired_difference, ratio, wilson
from robo_meta.evaluation.rank_correlation import spearman
from robo_meta.evaluation.records import EXPERT, RolloutRow, TaskRecord

ALL = "all"
INTENTIONS = (ALL, "balance", "part")
REFERENCE = "maml"
"""What the others are compared with, where no other strategy is named."""
BASELINES = ("centre", "replay", "warped-replay")
BEST_BASELINE = "best-baseline"
"""Name in pairs of whichever of `BASELINES` has the highest rate in that cell, chosen on the same tasks."""


@dataclass(frozen=True)
class CellKey:
    """What a cell is about, its strategy apart."""

    split: str
    transfer: str
    intention: str
    """`balance`, `part` or `all`."""
    shots: int


@dataclass(frozen=True)
class Played:
    """One rollout with what it was played on."""

    row: RolloutRow
    task: TaskRecord


class Results:
    """Rollouts by cell, in an order that does not depend on the order in which tasks were finished."""

    def __init__(self, tasks: Iterable[TaskRecord]) -> None:
        self.tasks = sorted(tasks, key=lambda task: (task.split, task.index))
        self.splits = tuple(dict.fromkeys(task.split for task in self.tasks))
        rows = [row for task in self.tasks for row in task.rows if row.strategy != EXPERT]
        self.strategies = tuple(dict.fromkeys(row.strategy for row in rows))
        self.transfers = tuple(dict.fromkeys(row.transfer for row in rows if row.transfer is not None))
        self.shots = tuple(sorted({row.shots for row in rows}))
        self._by_cell: dict[tuple[str, str, str | None, int], dict[int, Played]] = {}
        for task in self.tasks:
            for row in task.rows:
                key = (row.strategy, task.split, row.transfer, row.shots)
                self._by_cell.setdefault(key, {})[task.index] = Played(row, task)

    def rows(self, strategy: str, key: CellKey) -> dict[int, Played]:
        """Rollouts of one cell by task number; the expert's are those of the tasks that this transfer was played on."""
        if strategy == EXPERT:
            played = self._by_cell.get((EXPERT, key.split, None, 0), {})
            any_strategy = self._by_cell.get((self.strategies[0], key.split, key.transfer, self.shots[0]), {})
            chosen = {index: played[index] for index in any_strategy}
        else:
            chosen = self._by_cell.get((strategy, key.split, key.transfer, key.shots), {})
        return {index: row for index, row in chosen.items() if key.intention in (ALL, row.task.intention)}

    def cell_keys(self) -> Iterable[CellKey]:
        """Of all cells."""
        for split in self.splits:
            for transfer in self.transfers:
                for intention in INTENTIONS:
                    for shots in self.shots:
                        yield CellKey(split, transfer, intention, shots)


def cells(results: Results) -> list[Cell]:
    """One for each strategy, split, transfer, intention and shot count that was played."""
    found = []
    for key in results.cell_keys():
        expert = results.rows(EXPERT, key)
        if expert and key.shots == results.shots[0]:
            found.append(_cell(EXPERT, key, 0, expert, expert))
        for strategy in results.strategies:
            rows = results.rows(strategy, key)
            if rows:
                found.append(_cell(strategy, key, key.shots, rows, expert))
    return found


def _cell(strategy: str, key: CellKey, shots: int, rows: dict[int, Played], expert: dict[int, Played]) -> Cell:
    successes = _successes(rows)
    rate = wilson(int(successes.sum()), len(rows))
    of_expert = ratio(successes, _successes({index: expert[index] for index in rows}), np.array(list(rows)))
    return Cell(
        strategy=strategy,
        split=key.split,
        transfer=key.transfer,
        intention=key.intention,
        shots=shots,
        n=len(rows),
        successes=int(successes.sum()),
        rate=rate.value,
        low=rate.low,
        high=rate.high,
        of_expert=_number(of_expert.value),
        of_expert_low=_number(of_expert.low),
        keypoint_mm=_over(rows, lambda row: row.keypoint_mm, np.mean),
        across_mm=_over(rows, lambda row: row.across_mm, np.mean),
        adapt_ms=_over(rows, lambda row: row.adapt_ms, np.median),
        act_ms=_over(rows, lambda row: row.act_ms, np.median),
        first_act_ms=_over(rows, lambda row: row.first_act_ms, np.median),
        controller="+".join(sorted({played.row.controller for played in rows.values()})),
    )


def pairs(results: Results, reference: str = REFERENCE) -> list[Pair]:
    """`reference` minus every other strategy, and minus the best baseline, on matched scenes."""
    if reference not in results.strategies:
        return []
    found = []
    for key in results.cell_keys():
        ours = results.rows(reference, key)
        if not ours:
            continue
        rates: dict[str, float] = {}
        for strategy in (*results.strategies, EXPERT):
            if strategy == reference:
                continue
            theirs = results.rows(strategy, key)
            found.append(_pair(reference, strategy, key, ours, theirs))
            if strategy in BASELINES:
                rates[strategy] = float(_successes(theirs).mean())
        if rates:
            best = max(rates, key=lambda name: rates[name])
            found.append(_pair(reference, BEST_BASELINE, key, ours, results.rows(best, key), best))
    return found


def _pair(
    a: str, b: str, key: CellKey, ours: dict[int, Played], theirs: dict[int, Played], best: str | None = None
) -> Pair:
    common = [index for index in ours if index in theirs]
    difference = paired_difference(
        _successes({index: ours[index] for index in common}),
        _successes({index: theirs[index] for index in common}),
        np.array(common),
    )
    return Pair(
        a=a,
        b=b,
        split=key.split,
        transfer=key.transfer,
        intention=key.intention,
        shots=key.shots,
        n=len(common),
        difference=_number(difference.value),
        low=_number(difference.low),
        high=_number(difference.high),
        best=best,
    )


def families(results: Results) -> list[FamilyRate]:
    """Rates by the query's family, the expert among the strategies."""
    found = []
    for key in results.cell_keys():
        if key.intention != ALL:
            continue
        names = (EXPERT, *results.strategies) if key.shots == results.shots[0] else results.strategies
        for strategy in names:
            rows = results.rows(strategy, key).values()
            for family in sorted({played.task.family for played in rows}):
                hits = [played.row.success for played in rows if played.task.family == family]
                rate, shots = wilson(sum(hits), len(hits)), 0 if strategy == EXPERT else key.shots
                counts = (len(hits), sum(hits), rate.value, rate.low, rate.high)
                found.append(FamilyRate(strategy, key.split, key.transfer, family, shots, *counts))
    return found


def failures(results: Results) -> list[FailureCount]:
    """How often each part of the verdict failed; parts overlap, and `cut off` counts episodes that never lifted."""
    found = []
    for key in results.cell_keys():
        if key.intention == ALL:
            continue
        for strategy in results.strategies:
            rows = results.rows(strategy, key)
            failed = [played.row for played in rows.values() if not played.row.success]
            parts: Counter[str] = Counter()
            for row in failed:
                # An episode that is cut off fails every part at once, which would drown the others.
                parts.update(["cut off"] if "lifted" in row.failed else row.failed)
            if failed:
                labels = (strategy, key.split, key.transfer, key.intention, key.shots)
                found.append(FailureCount(*labels, len(rows), len(failed), dict(sorted(parts.items()))))
    return found


def interpretability(results: Results) -> list[Preference]:
    """Rank correlation over *balance* tasks of the score's preference for a colour with its log density ratio."""
    grouped: dict[tuple[str, str, str, int], list[Any]] = {}
    for task in results.tasks:
        for score in task.scores:
            key = (score.strategy, task.split, score.transfer, score.shots)
            grouped.setdefault(key, []).append(score)
    found = []
    for key, scores in grouped.items():
        truth = np.array([score.truth for score in scores])
        before = spearman(np.array([score.before for score in scores]), truth)
        after = spearman(np.array([score.after for score in scores]), truth)
        found.append(Preference(*key, len(scores), _number(before), _number(after)))
    return found


def _successes(rows: dict[int, Played]) -> np.ndarray:
    return np.array([played.row.success for played in rows.values()], dtype=float)


def _over(
    rows: dict[int, Played], value: Callable[[RolloutRow], float], statistic: Callable[[Sequence[float]], Any]
) -> float:
    return float(statistic([value(played.row) for played in rows.values()]))


def _number(value: float) -> float | None:
    """JSON has neither nan nor infinity."""
    return float(value) if np.isfinite(value) else None
