"""A result of an evaluation, made up: what pages and tables are drawn from."""

from __future__ import annotations

from typing import Any


def cell(strategy: str, transfer: str, shots: int, intention: str, rate: float) -> dict[str, Any]:
    numbers = {
        "n": 50,
        "successes": round(50 * rate),
        "rate": rate,
        "low": max(0, rate - 0.1),
        "high": min(1, rate + 0.1),
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


def result() -> dict[str, Any]:
    labels = {"split": "unseen-families", "transfer": "new-shape", "shots": 1}
    strategies = {"maml": 0.92, "replay": 0.4, "<script>": 0.1}
    wanted = [(t, i) for t in ("same-object", "new-shape") for i in ("all", "balance", "part")]
    cells = [cell("expert", t, 0, i, 0.98) for t, i in wanted]
    cells += [cell(s, t, k, i, r) for s, r in strategies.items() for k in (1, 3) for t, i in wanted]
    pair = {"a": "maml", "b": "best-baseline", "best": "replay", **labels, "intention": "all", "n": 50}
    families = [
        {"strategy": s, **labels, "family": f, "n": 10, "successes": 6, "rate": 0.6, "low": 0.3, "high": 0.8}
        for s in strategies
        for f in ("dumbbell", "cross")
    ]
    failure = {"strategy": "maml", **labels, "intention": "balance", "n": 25, "failed": 2, "parts": {"level": 2}}
    return {
        "schema": "1",
        "device": "cpu",
        "revision": None,
        "config": {"tasks": 50, "seed": 0, "controller": "learned"},
        "identity": {"checkpoint": "0" * 64, "versions": {"numpy": "2"}},
        "cells": cells,
        "pairs": [{**pair, "difference": 0.52, "low": 0.4, "high": 0.64}],
        "families": families,
        "failures": [failure],
        "interpretability": [{"strategy": "maml", **labels, "n": 25, "before": None, "after": 0.81}],
        "skipped": [],
    }
