"""Parts of the scenes that are looked at apart: by the condition's fields, and by the world where a matrix names it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from robo_meta.evaluation.intervals import Interval
from robo_meta.evaluation.records import EXPERT
from robo_meta.selector.judging.cluster_bootstrap import Resampled
from robo_meta.selector.judging.scoring import Scored
from robo_meta.selector.learner.reference_rules import USUAL
from robo_meta.selector.matrix.matrix import Matrix
from sim.light import GREY, PLAIN
from sim.shapes.real_objects.loading import SPLIT as REAL_OBJECTS

Columns = Mapping[str, np.ndarray]
SLICES: dict[str, tuple[tuple[str, ...], Callable[[Columns], np.ndarray]]] = {
    "all": (("task",), lambda s: np.ones(len(s["task"]), dtype=bool)),
    "same-object": (("transfer",), lambda s: s["transfer"] == "same-object"),
    "new-instance": (("transfer",), lambda s: s["transfer"] == "new-instance"),
    "new-shape": (("transfer",), lambda s: s["transfer"] == "new-shape"),
    "one demonstration": (("shots",), lambda s: s["shots"] == 1),
    "several demonstrations": (("shots",), lambda s: s["shots"] > 1),
    "real objects": (("split",), lambda s: s["split"] == REAL_OBJECTS),
    "changed light": (("light",), lambda s: ~np.isin(s["light"], (PLAIN, GREY))),
    "usual sensing": (("sensing",), lambda s: s["sensing"] == 1),
    "noisier sensing": (("sensing",), lambda s: s["sensing"] > 1),
}
"""Name → columns of the scene table that it needs, and (S,) bool: scenes looked at apart."""
COMPARED = ("selector", "three-line-rule", USUAL, "virtual best")
"""Rules whose rates a slice shows, those of them that are there."""
AGAINST = {"over_rule": "three-line-rule", "over_maml": USUAL}
"""Paired difference in a slice → the rule that the selector is compared with."""


def slices(matrix: Matrix) -> Iterator[tuple[str, np.ndarray]]:
    """Name and rows of those slices that have more than one scene; the worlds come last."""
    for name, (columns, belongs) in SLICES.items():
        if all(column in matrix.scenes for column in columns):
            rows = np.flatnonzero(belongs(matrix.scenes))
            if len(rows) > 1:
                yield name, rows
    labels = matrix.scenes["world"]
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        if len(rows) > 1:
            yield str(label), rows


def figures(scored: Scored, rows: np.ndarray, seed: int) -> dict[str, Any]:
    """What a slice comes to: rates, and the selector beside the three-line rule, `maml` and the
    expert on the same rollouts.

    Their intervals are those of `robo_meta.evaluation.intervals` over families and tasks: they keep some doubt where
    all scenes agree, as they often do in a slice.
    """
    matrix, sample = scored.matrix, Resampled(*scored.matrix.only(rows).clusters, seed=seed)
    found: dict[str, Any] = {"n": len(rows), "tasks": len(np.unique(matrix.clusters[1][rows]))}
    for name in COMPARED:
        if name in scored.scores:
            found[name] = rate_of(sample.rate(scored.scores[name][rows]), len(rows))
    for name, other in AGAINST.items():
        if other in scored.scores:
            found[name] = interval_of(sample.mean((scored.scores["selector"] - scored.scores[other])[rows]))
    if EXPERT in scored.scores:
        expert = scored.scores[EXPERT][rows]
        found[EXPERT] = rate_of(sample.rate(expert), len(rows))
        found["of_expert"] = interval_of(sample.share(scored.scores["selector"][rows], expert))
    return found


def rate_of(interval: Interval, n: int) -> dict[str, float | int]:
    """A rate of `n` scenes as plain data."""
    return {"rate": interval.value, "n": n, "low": interval.low, "high": interval.high}


def interval_of(interval: Interval) -> dict[str, float | None]:
    """An estimate as plain data; what is not known is none."""
    found = {"value": interval.value, "low": interval.low, "high": interval.high}
    return {name: value if np.isfinite(value) else None for name, value in found.items()}
