"""From records of single rollouts to rates, intervals and paired differences.

Cells and pairs have the fields that DESIGN.md names; a cell's numbers are of all tasks, or of one intention's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from robo_meta.evaluation.intervals import paired_difference, ratio, wilson
from robo_meta.evaluation.rank_correlation import spearman
from robo_meta.evaluation.records import EXPERT, ScoreRow, TaskRecord

Record = dict[str, Any]
INTENTIONS = ("all", "balance", "part")
OURS = "maml"
BASELINES = ("centre", "replay", "warped-replay")
BEST_BASELINE = "best-baseline"
"""Name in pairs of whichever of `BASELINES` has the highest rate in that cell, chosen on the same tasks."""


class Results:
    """Rollout records by cell, in an order that does not depend on the order in which tasks were finished."""

    def __init__(self, tasks: Iterable[TaskRecord]) -> None:
        self.tasks = sorted(tasks, key=lambda task: (task.split, task.index))
        self.splits = tuple(dict.fromkeys(task.split for task in self.tasks))
        rows = [row for task in self.tasks for row in task.rows if row.strategy != EXPERT]
        self.strategies = tuple(dict.fromkeys(row.strategy for row in rows))
        self.transfers = tuple(dict.fromkeys(row.transfer for row in rows if row.transfer is not None))
        self.shots = tuple(sorted({row.shots for row in rows}))
        self._by_cell: dict[tuple[Any, ...], dict[int, Record]] = {}
        for task in self.tasks:
            for row in task.rows:
                key = (row.strategy, task.split, row.transfer, row.shots)
                self._by_cell.setdefault(key, {})[task.index] = {**vars(row), **_labels(task)}

    def rows(self, strategy: str, split: str, transfer: str, intention: str, shots: int) -> dict[int, Record]:
        """Rows of one cell by task number; the expert's are those of the tasks that this transfer was played on."""
        if strategy == EXPERT:
            played = self._by_cell.get((EXPERT, split, None, 0), {})
            any_strategy = self._by_cell.get((self.strategies[0], split, transfer, self.shots[0]), {})
            chosen = {index: played[index] for index in any_strategy}
        else:
            chosen = self._by_cell.get((strategy, split, transfer, shots), {})
        return {index: row for index, row in chosen.items() if intention in ("all", row["intention"])}

    def each_cell(self) -> Iterable[tuple[str, str, str, int]]:
        """(split, transfer, intention, shots) of all cells."""
        for split in self.splits:
            for transfer in self.transfers:
                for intention in INTENTIONS:
                    for shots in self.shots:
                        yield split, transfer, intention, shots


def cells(results: Results) -> list[Record]:
    """One record for each strategy, split, transfer, intention and shot count that was played."""
    found = []
    for split, transfer, intention, shots in results.each_cell():
        expert = results.rows(EXPERT, split, transfer, intention, 0)
        if expert and shots == results.shots[0]:
            found.append(_cell(EXPERT, split, transfer, intention, 0, expert, expert))
        for strategy in results.strategies:
            rows = results.rows(strategy, split, transfer, intention, shots)
            if rows:
                found.append(_cell(strategy, split, transfer, intention, shots, rows, expert))
    return found


def _cell(
    strategy: str,
    split: str,
    transfer: str,
    intention: str,
    shots: int,
    rows: dict[int, Record],
    expert: dict[int, Record],
) -> Record:
    successes = _successes(rows)
    rate = wilson(int(successes.sum()), len(rows))
    of_expert = ratio(successes, _successes({index: expert[index] for index in rows}), np.array(list(rows)))
    return {
        "strategy": strategy,
        "split": split,
        "transfer": transfer,
        "intention": intention,
        "shots": shots,
        "n": len(rows),
        "successes": int(successes.sum()),
        "rate": rate.value,
        "low": rate.low,
        "high": rate.high,
        "of_expert": _number(of_expert.value),
        "of_expert_low": _number(of_expert.low),
        "keypoint_mm": _mean(rows, "keypoint_mm"),
        "across_mm": _mean(rows, "across_mm"),
        "adapt_ms": _median(rows, "adapt_ms"),
        "act_ms": _median(rows, "act_ms"),
        "first_act_ms": _median(rows, "first_act_ms"),
        "controller": "+".join(sorted({row["controller"] for row in rows.values()})),
    }


def pairs(results: Results) -> list[Record]:
    """`maml` minus every other strategy, and minus the best baseline, on matched scenes."""
    if OURS not in results.strategies:
        return []
    found = []
    for cell in results.each_cell():
        ours = results.rows(OURS, cell[0], cell[1], cell[2], cell[3])
        if not ours:
            continue
        rates: dict[str, float] = {}
        for strategy in (*results.strategies, EXPERT):
            if strategy == OURS:
                continue
            theirs = results.rows(strategy, *cell)
            found.append(_pair(OURS, strategy, cell, ours, theirs))
            if strategy in BASELINES:
                rates[strategy] = float(_successes(theirs).mean())
        if rates:
            best = max(rates, key=lambda name: rates[name])
            found.append({**_pair(OURS, best, cell, ours, results.rows(best, *cell)), "b": BEST_BASELINE, "best": best})
    return found


def _pair(
    a: str, b: str, cell: tuple[str, str, str, int], ours: dict[int, Record], theirs: dict[int, Record]
) -> Record:
    common = [index for index in ours if index in theirs]
    difference = paired_difference(
        _successes({index: ours[index] for index in common}),
        _successes({index: theirs[index] for index in common}),
        np.array(common),
    )
    split, transfer, intention, shots = cell
    return {
        "a": a,
        "b": b,
        "split": split,
        "transfer": transfer,
        "intention": intention,
        "shots": shots,
        "n": len(common),
        "difference": _number(difference.value),
        "low": _number(difference.low),
        "high": _number(difference.high),
    }


def families(results: Results) -> list[Record]:
    """Rates by the query's family, the expert among the strategies."""
    found = []
    for split, transfer, intention, shots in results.each_cell():
        if intention != "all":
            continue
        names = (EXPERT, *results.strategies) if shots == results.shots[0] else results.strategies
        for strategy in names:
            rows = results.rows(strategy, split, transfer, intention, shots)
            for family in sorted({row["family"] for row in rows.values()}):
                hits = [row["success"] for row in rows.values() if row["family"] == family]
                rate = wilson(sum(hits), len(hits))
                found.append(
                    {
                        "strategy": strategy,
                        "split": split,
                        "transfer": transfer,
                        "family": family,
                        "shots": 0 if strategy == EXPERT else shots,
                        "n": len(hits),
                        "successes": sum(hits),
                        "rate": rate.value,
                        "low": rate.low,
                        "high": rate.high,
                    }
                )
    return found


def failures(results: Results) -> list[Record]:
    """How often each part of the verdict failed; parts overlap, and `cut off` counts episodes that never lifted."""
    found = []
    for split, transfer, intention, shots in results.each_cell():
        if intention == "all":
            continue
        for strategy in results.strategies:
            rows = results.rows(strategy, split, transfer, intention, shots)
            failed = [row for row in rows.values() if not row["success"]]
            parts: Counter[str] = Counter()
            for row in failed:
                # An episode that is cut off fails every part at once, which would drown the others.
                parts.update(["cut off"] if "lifted" in row["failed"] else row["failed"])
            if failed:
                found.append(
                    {
                        "strategy": strategy,
                        "split": split,
                        "transfer": transfer,
                        "intention": intention,
                        "shots": shots,
                        "n": len(rows),
                        "failed": len(failed),
                        "parts": dict(sorted(parts.items())),
                    }
                )
    return found


def interpretability(results: Results) -> list[Record]:
    """Rank correlation over *balance* tasks of the score's preference for a colour with its log density ratio."""
    grouped: dict[tuple[Any, ...], list[ScoreRow]] = {}
    for task in results.tasks:
        for score in task.scores:
            key = (score.strategy, task.split, score.transfer, score.shots)
            grouped.setdefault(key, []).append(score)
    found = []
    for (strategy, split, transfer, shots), scores in grouped.items():
        truth = np.array([score.truth for score in scores])
        found.append(
            {
                "strategy": strategy,
                "split": split,
                "transfer": transfer,
                "shots": shots,
                "n": len(scores),
                "before": _number(spearman(np.array([score.before for score in scores]), truth)),
                "after": _number(spearman(np.array([score.after for score in scores]), truth)),
            }
        )
    return found


def _labels(task: TaskRecord) -> Record:
    return {"intention": task.intention, "family": task.family}


def _successes(rows: dict[int, Record]) -> np.ndarray:
    return np.array([row["success"] for row in rows.values()], dtype=float)


def _mean(rows: dict[int, Record], field: str) -> float:
    return _over(rows, field, np.mean)


def _median(rows: dict[int, Record], field: str) -> float:
    return _over(rows, field, np.median)


def _over(rows: dict[int, Record], field: str, statistic: Callable[[Sequence[float]], Any]) -> float:
    return float(statistic([row[field] for row in rows.values()]))


def _number(value: float) -> float | None:
    """JSON has no nan."""
    return None if np.isnan(value) else float(value)
