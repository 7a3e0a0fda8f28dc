"""Judgement of a selector, beside baselines and the virtual best, on a matrix of families that it didn't train on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from robo_meta.evaluation.intervals import Interval
from robo_meta.selector.judging import virtual_best
from robo_meta.selector.judging.cluster_bootstrap import Resampled
from robo_meta.selector.judging.expected_return import walk
from robo_meta.selector.learner.reference_rules import in_two, once, one_pilot, taken
from robo_meta.selector.learner.selector import Selector
from robo_meta.selector.matrix.matrix import RETRY, Matrix

SCHEMA = "2"
LEAST_GAP = 0.05
"""Smallest virtual best − single best (and two standard errors) for which there is a selection problem."""
BASELINES = (
    "look-up", "random", "best-twice", "best-then-second-best", "best-then-retry", "one-pilot", "selector-with-retry",
)  # fmt: skip
"""What stands beside selector, single best and virtual best, by its name in the result; the last is the selector again,
with a second attempt. `best-twice` repeats itself blindly; `best-then-retry` is there where the matrix has `retry`: a
rule without a selector."""
TIMED = 200
"""Decisions by which the time of one is measured."""
SLICES: dict[str, Callable[[Matrix], np.ndarray]] = {
    "all": lambda m: np.ones(len(m), dtype=bool),
    "same-object": lambda m: m.scenes["transfer"] == "same-object",
    "new-instance": lambda m: m.scenes["transfer"] == "new-instance",
    "new-shape": lambda m: m.scenes["transfer"] == "new-shape",
    "colours known": lambda m: m.scenes["world"] != "untellable",
    "colours unknown": lambda m: m.scenes["world"] == "untellable",
    "usual sensing": lambda m: m.scenes["sensing"] == 1,
    "noisier sensing": lambda m: m.scenes["sensing"] > 1,
}
"""Name → (S,) bool: scenes for which the selection problem is measured apart."""


def judge(matrix: Matrix, selector: Selector, seed: int = 0) -> dict[str, Any]:
    """Everything that `robo-meta select evaluate --json` holds but the online part.

    Args:
        matrix: to judge on; its families must not be those of the selector's training.
        selector: with the rules of its own training matrix.
        seed: of the bootstrap over families and tasks.

    Raises:
        MatrixError: the matrix has other strategies than the selector.
    """
    choices = chosen(matrix, selector)
    scores = _scores(matrix, choices)
    best = virtual_best.apart(matrix.success, matrix.affordable)
    sample = Resampled(*matrix.clusters, seed=seed)
    sbs = scores["single best"]
    gaps = {name: sample.share(scores[name] - sbs, best - sbs) for name in ("selector", "look-up", "random")}
    return {
        "schema": SCHEMA,
        "strategies": list(matrix.strategies),
        "families": list(matrix.families),
        "scenes": len(matrix),
        "rollouts": matrix.rollouts,
        "tasks": int(matrix.clusters[1].max()) + 1,
        "sbs": {"strategy": matrix.strategies[selector.rules.ranking[0]], **_rate(sample.rate(sbs), matrix)},
        "vbs": _virtual_best(matrix, sample, best),
        "selector": _rate(sample.rate(scores["selector"]), matrix),
        **{name: _rate(sample.rate(scores[name]), matrix) for name in BASELINES if name in scores},
        "closed_gap": _interval(gaps["selector"]),
        "closed_gaps": {name: _interval(value) for name, value in gaps.items()},
        "gate": gate(matrix, sbs, best, seed),
        "gates": {name: gate(matrix.only(rows), sbs[rows], best[rows], seed) for name, rows in _slices(matrix, SLICES)},
        **_retries(matrix, sample, scores, seed),
        "selector_over_sbs": _interval(sample.mean(scores["selector"] - sbs)),
        "free": _free(matrix, selector, sample, sbs - selector.costs[choices["single best"]]),
        "choices": _counts(matrix, choices["selector"]),
        "decision_ms": decision_ms(matrix, selector),
    }


def _slices(matrix: Matrix, names: Iterable[str]) -> Iterator[tuple[str, np.ndarray]]:
    """Those of `SLICES` that have more than one scene, and their rows."""
    for name in names:
        rows = np.flatnonzero(SLICES[name](matrix))
        if len(rows) > 1:
            yield name, rows


def _virtual_best(matrix: Matrix, sample: Resampled, best: np.ndarray) -> dict[str, Any]:
    """The virtual best, from contributions (S,), beside estimates of it that are biased."""
    upward = virtual_best.naive(matrix.success, matrix.affordable)
    halves = virtual_best.split_halves(matrix.success, matrix.affordable)
    return {
        **_rate(sample.rate(best), matrix),
        "naive": float(upward.mean()),
        "naive_bias": float((upward - best).mean()),
        "split_halves": float(halves.mean()),
        "split_halves_bias": float((halves - best).mean()),
    }


def _retries(matrix: Matrix, sample: Resampled, scores: Mapping[str, np.ndarray], seed: int) -> dict[str, Any]:
    """What the selector's second attempt adds to rules of two attempts, and `retry` to repeating the single best."""
    two = scores["selector-with-retry"]
    retry = sample.mean(two - scores["best-then-second-best"])
    found: dict[str, Any] = {
        "retry": {"minus": "best-then-second-best", "difference": retry.value, "low": retry.low, "high": retry.high}
    }
    if "best-then-retry" in scores:
        found["retry_over_rule"] = _interval(sample.mean(two - scores["best-then-retry"]))
        learnt = scores["best-then-retry"] - scores["best-twice"]
        found["retry_over_repeating"] = {
            name: _interval(Resampled(*matrix.only(rows).clusters, seed=seed).mean(learnt[rows]))
            for name, rows in _slices(matrix, ("all", "colours known", "colours unknown"))
        }
    return found


def _free(matrix: Matrix, selector: Selector, sample: Resampled, single: np.ndarray) -> dict[str, Any]:
    """What the selector comes to with every action open, beside the return (S,) of one attempt with the single best."""
    free = walk(matrix, selector)
    return {
        "prices": selector.prices.card,
        "return": _interval(sample.mean(free.discounted)),
        "sbs_return": _interval(sample.mean(single)),
        "over_sbs": _interval(sample.mean(free.discounted - single)),
        **{name: float(getattr(free, name).mean()) for name in ("success", "attempts", "demos", "gave_up")},
    }


def chosen(matrix: Matrix, selector: Selector) -> dict[str, np.ndarray]:
    """Name → (S,) strategies: what each rule chooses first, and second after a failure."""
    nothing = np.zeros((len(matrix), len(matrix.strategies)))
    rules, allowed = selector.rules, matrix.affordable
    found = {
        "single best": rules.best(matrix),
        "second best": rules.best(matrix, 1),
        "look-up": rules.looked_up(matrix),
        "selector": selector.strategy_for(matrix.features, nothing, allowed),
        "first": selector.strategy_for(matrix.features, nothing, allowed, left=2),
    }
    failed = nothing.copy()
    failed[np.arange(len(matrix)), found["first"]] = 1
    return found | {"second attempt": selector.strategy_for(matrix.features, failed, allowed)}


def _scores(matrix: Matrix, choices: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Name → (S,) chance of success on all rollouts."""
    plays = {name: taken(matrix, choice) for name, choice in choices.items()}
    best, second = choices["single best"], choices["second best"]
    # Every strategy once: until something fails, `retry` is another one's choice.
    others = np.array(matrix.strategies) != RETRY
    extra: dict[str, np.ndarray] = {}
    if matrix.retry is not None:
        rule = np.where(matrix.affordable[:, matrix.retry], matrix.retry, second)
        extra["best-then-retry"] = in_two(matrix, best, rule)
    return extra | {
        "single best": once(plays["single best"]),
        "look-up": once(plays["look-up"]),
        "random": matrix.rates[:, others].sum(axis=1) / matrix.affordable[:, others].sum(axis=1),
        "selector": once(plays["selector"]),
        "best-twice": in_two(matrix, best, best),
        "best-then-second-best": in_two(matrix, best, second),
        "one-pilot": one_pilot(plays["single best"], plays["second best"]),
        "selector-with-retry": in_two(matrix, choices["first"], choices["second attempt"]),
    }


def gate(matrix: Matrix, sbs: np.ndarray, best: np.ndarray, seed: int = 0) -> dict[str, Any]:
    """Whether there is a selection problem: virtual best − single best of at least 0.05 and two standard errors."""
    difference, error = float((best - sbs).mean()), Resampled(*matrix.clusters, seed=seed).error(best - sbs)
    needed = max(LEAST_GAP, 2 * error)
    return {
        "difference": difference,
        "error": error,
        "needed": needed,
        "n": len(matrix),
        "passed": difference >= needed,
    }


def decision_ms(matrix: Matrix, selector: Selector) -> dict[str, float]:
    """Median and 95th percentile of the time of one decision, features given, ms."""
    nothing, taken_ms = np.zeros((1, len(matrix.strategies))), []
    for number in range(TIMED):
        row = [number % len(matrix)]
        start = time.perf_counter()
        selector.values(matrix.features[row], nothing, 1, matrix.affordable[row], True).argmax()
        taken_ms.append((time.perf_counter() - start) * 1e3)
    return {"median": float(np.median(taken_ms)), "p95": float(np.quantile(taken_ms, 0.95))}


def _rate(interval: Interval, matrix: Matrix) -> dict[str, float | int]:
    return {"rate": interval.value, "n": len(matrix), "low": interval.low, "high": interval.high}


def _interval(interval: Interval) -> dict[str, float | None]:
    found = {"value": interval.value, "low": interval.low, "high": interval.high}
    return {name: value if np.isfinite(value) else None for name, value in found.items()}


def _counts(matrix: Matrix, choice: np.ndarray) -> dict[str, int]:
    counts = np.bincount(choice, minlength=len(matrix.strategies))
    return {name: int(count) for name, count in zip(matrix.strategies, counts, strict=True)}
