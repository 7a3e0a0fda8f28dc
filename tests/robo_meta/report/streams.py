"""What a stream came to, made up."""

from __future__ import annotations

from typing import Any

RATES = {"online": 0.8, "frozen": 0.3, "scratch": 0.7}


def stream() -> dict[str, Any]:
    def rate(value: float) -> dict[str, Any]:
        return {"n": 20, "tasks": 10, "rate": value, "low": value - 0.2, "high": value + 0.2}

    pair = {"n": 20, "tasks": 10, "difference": 0.5, "low": 0.25, "high": 0.75}
    transfers, phases = ("all", "new-shape"), (1, 2)
    arrivals = [
        {"phase": p, "first": 10 * p - 9, "last": 10 * p, "learner": name, "transfer": t, **rate(RATES[name])}
        for p in phases
        for name in ("online", "frozen")
        for t in transfers
    ]
    ends = [
        {"phase": p, "judged": j, "learner": name, "transfer": t, **rate(value)}
        for p in phases
        for j in (0, *range(1, p + 1))
        for name, value in RATES.items()
        for t in transfers
    ]
    end_pairs = [
        {"phase": p, "judged": j, "a": "online", "b": b, "transfer": t, **pair}
        for p in phases
        for j in (0, *range(1, p + 1))
        for b in ("frozen", "scratch")
        for t in transfers
    ]
    return {
        "schema": "1",
        "near_m": 0.02,
        "seed": 0,
        "config": {"stream_budget": 2, "stream_batch": 3, "reservoir": 6},
        "spent": {"arrived": 20, "gradient_steps": 40, "scratch_steps": [18, 36]},
        "start": {"kind": "first phase", "known_tasks": 4, "families": ["bar"]},
        "phases": [
            {"phase": 1, "families": ["bar"], "colours": ["red", "blue"], "tasks": 10, "held_out": 3},
            {"phase": 2, "families": ["rod"], "colours": [], "tasks": 10, "held_out": 3},
        ],
        "arrivals": arrivals,
        "arrival_pairs": [
            {"phase": p, "a": "online", "b": "frozen", "transfer": t, **pair} for p in phases for t in transfers
        ],
        "ends": ends,
        "end_pairs": end_pairs,
        "forgetting": [{"judged": 1, "transfer": t, **pair} for t in transfers],
    }
