"""A result of an evaluation, made up: what pages and tables are drawn from."""

from __future__ import annotations

from typing import Any

from robo_meta.evaluation.records import RolloutRow, TaskRecord
from robo_meta.evaluation.result import SCHEMA


def cell(strategy: str, transfer: str, shots: int, intention: str, rate: float) -> dict[str, Any]:
    numbers = {
        "n": 50,
        "successes": round(50 * rate),
        "rate": rate,
        "low": max(0.0, rate - 0.1),
        "high": min(1.0, rate + 0.1),
    }
    more = {
        "of_expert": rate,
        "of_expert_low": rate - 0.1,
        "keypoint_mm": 7.0,
        "across_mm": 5.0,
        "controller": "learned",
    }
    labels = {"strategy": strategy, "split": "unseen-families", "transfer": transfer, "intention": intention}
    return {**labels, "shots": shots, **numbers, **more, "adapt_ms": 12.0, "act_ms": 0.05, "first_act_ms": 2.0}


def result(shots: tuple[int, ...] = (1, 3), names: tuple[str, ...] = ("maml", "replay", "<script>")) -> dict[str, Any]:
    labels = {"split": "unseen-families", "transfer": "new-shape", "shots": shots[0]}
    strategies = dict(zip(names, (0.92, 0.4, 0.1), strict=False))
    wanted = [(t, i) for t in ("same-object", "new-shape") for i in ("all", "balance", "part")]
    cells = [cell("expert", t, 0, i, 0.98) for t, i in wanted]
    cells += [cell(s, t, k, i, r) for s, r in strategies.items() for k in shots for t, i in wanted]
    pair = {"a": "maml", **labels, "intention": "all", "n": 50, "difference": 0.52, "low": 0.4, "high": 0.64}
    pairs = [{**pair, "b": "replay", "best": None}, {**pair, "b": "best-baseline", "best": "replay"}]
    families = [
        {"strategy": s, **labels, "family": f, "n": 10, "successes": 6, "rate": 0.6, "low": 0.3, "high": 0.8}
        for s in strategies
        for f in ("dumbbell", "cross")
    ]
    failure = {"strategy": "maml", **labels, "intention": "balance", "n": 25, "failed": 2, "parts": {"level": 2}}
    return {
        "schema": SCHEMA,
        "device": "cpu",
        "revision": None,
        "date": "2026-03-01",
        "config": {
            "split": ["unseen-families"],
            "transfer": ["same-object", "new-shape"],
            "shots": list(shots),
            "tasks": 50,
            "strategies": list(names),
            "seed": 0,
            "controller": "learned",
        },
        "identity": {"checkpoint": "0" * 64, "versions": {"numpy": "2"}},
        "cells": cells,
        "pairs": pairs if {"maml", "replay"} <= set(names) else [],
        "families": families,
        "failures": [failure],
        "interpretability": [{"strategy": "maml", **labels, "n": 25, "before": None, "after": 0.81}],
        "skipped": [],
    }


def rollout(strategy: str, success: bool, transfer: str | None = "new-shape", shots: int = 1) -> RolloutRow:
    failed = () if success else ("level", "unsupported")
    return RolloutRow(strategy, transfer, shots, success, failed, 15, 21.4, 9.0, "learned", 12.0, 0.05, 2.0)


def task(index: int, **hits: bool) -> TaskRecord:
    """A task on which the strategies came to that; `warped_replay` is `warped-replay`."""
    rows = [rollout(name.replace("_", "-"), hit) for name, hit in hits.items()]
    return TaskRecord("unseen-families", index, "balance", "cross", (rollout("expert", True, None, 0), *rows))
