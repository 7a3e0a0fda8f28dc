"""Judgement of a selector, beside baselines and the virtual best, on a matrix of families that it didn't train on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from robo_meta.scenarios.worlds import UNTELLABLE
from robo_meta.selector.judging.calibration import calibration
from robo_meta.selector.judging.cluster_bootstrap import Resampled
from robo_meta.selector.judging.expected_return import Walk, walk
from robo_meta.selector.judging.scoring import JUDGED, TRAINED, Scored, score
from robo_meta.selector.judging.slices import figures, interval_of, rate_of, slices
from robo_meta.selector.judging.virtual_best import naive
from robo_meta.selector.learner.reference_rules import once, taken
from robo_meta.selector.learner.selector import Selector
from robo_meta.selector.learner.worlds import tellable
from robo_meta.selector.matrix.matrix import Matrix

SCHEMA = "4"
LEAST_GAP = 0.05
"""Smallest virtual best − single best (and two standard errors) for which there is a selection problem."""
CEILINGS = ("told-the-world", "three-line-rule")
"""What stands beside the selector and the virtual best: the best strategy of each world, had somebody told it, and a
rule that a person would write down. The first is there where both matrices name worlds."""
BASELINES = (
    "look-up", "random", "best-twice", "best-then-second-best", "best-then-retry", "one-pilot", "selector-with-retry",
)  # fmt: skip
"""What else stands beside them, by its name in the result; the last is the selector again, with a second attempt.
`best-twice` repeats itself blindly; `best-then-retry` is there where the matrix has `retry`: a rule without a
selector."""
GAPS = ("selector", "three-line-rule", "told-the-world", "look-up", "random")
"""Rules of which it is said how much of the gap they close."""


def judge(matrix: Matrix, selector: Selector, seed: int = 0) -> dict[str, Any]:
    """Everything that `robo-meta select evaluate --json` holds but times, other seeds and the online part.

    Args:
        matrix: to judge on; the families of its queries must not be those of the selector's training. It may hold more
            strategies than the selector chooses among. Only scenes as they are met are judged, before anything is asked
            for; those in which nothing can tell what to do count in the slice `untellable` alone.
        selector: with the rules of its own training matrix.
        seed: of the bootstrap over families and tasks.

    Raises:
        MatrixError: the matrix lacks a strategy of the selector, or has only untellable scenes.
    """
    whole = score(matrix, selector)
    returns = returns_of(matrix.choosing(selector.strategies), selector)
    drawn, told = matrix.drawn, tellable(whole.matrix)
    scored = whole.only(told)
    matrix, scores = scored.matrix, scored.scores
    sample = Resampled(*matrix.clusters, seed=seed)
    best, sbs = scores["virtual best"], scores[scored.single]
    rates = {name: rate_of(sample.rate(values), len(matrix)) for name, values in scores.items()}
    singles = {name: {"strategy": scored.strategy(name), **rates[name]} for name in (TRAINED, JUDGED)}
    gaps = {name: sample.share(scores[name] - sbs, best - sbs) for name in GAPS if name in scores}
    highest = float(naive(matrix.success, matrix.first).mean())
    return {
        "schema": SCHEMA,
        "strategies": list(matrix.strategies),
        "families": list(matrix.families),
        "scenes": len(matrix),
        "untellable": len(whole.matrix) - len(matrix),
        "rollouts": matrix.rollouts,
        "tasks": int(matrix.clusters[1].max()) + 1,
        "sbs": {**singles[scored.single], "chosen_by": scored.single},
        "sbs_trained": singles[TRAINED],
        "sbs_judged": singles[JUDGED],
        "vbs": {**rates["virtual best"], "naive": highest},
        "selector": rates["selector"],
        **{name: rates[name] for name in (*CEILINGS, *BASELINES) if name in rates},
        "beside": {name: rates[name] for name in matrix.names_beside if name in rates},
        "selector_over_beside": {
            name: interval_of(sample.mean(scores["selector"] - scores[name]))
            for name in matrix.names_beside
            if name in scores
        },
        "closed_gap": interval_of(gaps["selector"]),
        "closed_gaps": {name: interval_of(value) for name, value in gaps.items()},
        "gate": gate(matrix, best - sbs, seed),
        "gates": {name: gate(matrix.only(rows), (best - sbs)[rows], seed) for name, rows in slices(matrix)},
        **_retries(scored, sample, seed),
        "selector_over_sbs": interval_of(sample.mean(scores["selector"] - sbs)),
        "slices": _slices(whole, scored, seed),
        "calibration": _calibrations(scored, selector),
        "selector_over_rule": interval_of(sample.mean(scores["selector"] - scores["three-line-rule"])),
        "returns": {
            "prices": selector.prices.card,
            "tellable": _returns(returns, drawn[told], scored, selector, seed),
            "all": _returns(returns, drawn, whole, selector, seed),
        },
        "choices": _counts(matrix, scored.choices["selector"]),
    }


def closed_gap(scored: Scored) -> float | None:
    """How much of the gap between the single best and the virtual best the selector closes; None where there is no
    gap."""
    sbs = scored.scores[scored.single].mean()
    gap = scored.scores["virtual best"].mean() - sbs
    return float((scored.scores["selector"].mean() - sbs) / gap) if gap > 1e-9 else None


def gate(matrix: Matrix, gap: np.ndarray, seed: int = 0) -> dict[str, Any]:
    """Whether there is a selection problem: a gap (S,), virtual best − single best, of at least 0.05 and two standard
    errors."""
    difference, error = float(gap.mean()), Resampled(*matrix.clusters, seed=seed).error(gap)
    needed = max(LEAST_GAP, 2 * error)
    return {
        "difference": difference,
        "error": error,
        "needed": needed,
        "n": len(matrix),
        "passed": difference >= needed,
    }


def _slices(whole: Scored, scored: Scored, seed: int) -> dict[str, Any]:
    """Figures of every slice of what is judged, and of the scenes in which nothing can tell."""
    found = {name: figures(scored, rows, seed) for name, rows in slices(scored.matrix)}
    apart = dict(slices(whole.matrix)).get(UNTELLABLE)
    return found if apart is None else found | {UNTELLABLE: figures(whole, apart, seed)}


def _calibrations(scored: Scored, selector: Selector) -> dict[str, Any]:
    """Of what is predicted for the selector's own choices, and for every strategy in every scene."""
    matrix, choice = scored.matrix, scored.choices["selector"]
    predicted = selector.predicted_success(matrix.features, np.zeros((len(matrix), len(matrix.strategies))))
    return {
        "chosen": calibration(predicted[np.arange(len(matrix)), choice], once(taken(matrix, choice))),
        "all": calibration(predicted.ravel(), matrix.success.mean(axis=2).ravel()),
    }


def _retries(scored: Scored, sample: Resampled, seed: int) -> dict[str, Any]:
    """What the selector's second attempt adds to rules of two attempts, and `retry` to repeating the single best."""
    matrix, scores = scored.matrix, scored.scores
    two = scores["selector-with-retry"]
    retry = sample.mean(two - scores["best-then-second-best"])
    found: dict[str, Any] = {
        "retry": {"minus": "best-then-second-best", "difference": retry.value, "low": retry.low, "high": retry.high}
    }
    if "best-then-retry" in scores:
        found["retry_over_rule"] = interval_of(sample.mean(two - scores["best-then-retry"]))
        learnt = scores["best-then-retry"] - scores["best-twice"]
        asked = ("all",)
        found["retry_over_repeating"] = {
            name: interval_of(Resampled(*matrix.only(rows).clusters, seed=seed).mean(learnt[rows]))
            for name, rows in slices(matrix)
            if name in asked
        }
    return found


def returns_of(matrix: Matrix, selector: Selector) -> dict[str, Walk]:
    """Policy → what it comes to in every scene of a matrix, at the selector's prices, with second attempts and giving
    up open: asking where the selector would, never, always first for a demonstration on the object, and the three-line
    rule's first choice with all the rest as the selector has it."""
    return {
        "asking": walk(matrix, selector),
        "never-asking": walk(matrix, selector, asking=False),
        "always-asking": walk(matrix, selector, must_ask=True),
        "rule-asking": walk(matrix, selector, first=selector.rules.three_lines(matrix)),
    }


def _returns(
    returns: Mapping[str, Walk], rows: np.ndarray, scored: Scored, selector: Selector, seed: int
) -> dict[str, Any]:
    """Expected returns in the scenes `rows`, which are those of `scored`, and how much more asking brings."""
    sample = Resampled(*scored.matrix.clusters, seed=seed)
    values = {name: found.discounted[rows] for name, found in returns.items()}
    choice = scored.choices[scored.single]
    values["single-best-once"] = selector.reward_of(choice, scored.scores[scored.single])
    whole = returns["asking"]
    return {
        "n": len(rows),
        "policies": {name: interval_of(sample.mean(found)) for name, found in values.items()},
        "asking_over": {
            name: interval_of(sample.mean(values["asking"] - found))
            for name, found in values.items()
            if name != "asking"
        },
        **{name: float(getattr(whole, name)[rows].mean()) for name in ("success", "attempts", "demos", "gave_up")},
    }


def _counts(matrix: Matrix, choice: np.ndarray) -> dict[str, int]:
    counts = np.bincount(choice, minlength=len(matrix.strategies))
    return {name: int(count) for name, count in zip(matrix.strategies, counts, strict=True)}
