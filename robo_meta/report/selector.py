"""The report's `selector.html`: what there was to select, who closed how much of the gap, and what was chosen."""

from __future__ import annotations

from typing import Any

from robo_meta.report.page import render
from robo_meta.report.selector_terminal import lines_of_gate
from robo_meta.selector.judging.judge import BASELINES

BAR = 360
"""Pixels of a success rate of 1."""


def section(result: dict[str, Any]) -> str:
    """What `robo_meta.selector.judging.judge.judge` returns, as HTML without any outside reference."""
    rows = {f"single best ({result['sbs']['strategy']})": result["sbs"]}
    rows |= {name: result[name] for name in BASELINES if name in result}
    rows |= {"selector": result["selector"], "virtual best (jackknife)": result["vbs"]}
    caption = (
        f"{result['scenes']} scenes of {result['tasks']} tasks, {result['rollouts']} rollouts a cell, families "
        f"{', '.join(result['families'])}; intervals over families and tasks."
    )
    vbs, retry, gap = result["vbs"], result["retry"], result["closed_gap"]
    over = result["free"]["over_sbs"]
    facts = [
        f"closed gap {_interval(gap['value'], gap['low'], gap['high'])}",
        f"selector-with-retry − {retry['minus']}: " + _interval(retry["difference"], retry["low"], retry["high"], "+"),
        *_rule(result),
        f"every action open, at its price: return {result['free']['return']['value']:.3f}, that is "
        + _interval(over["value"], over["low"], over["high"], "+")
        + " over the single best once",
        f"a naive maximum would put the virtual best {vbs['naive_bias']:+.3f} off, split halves "
        f"{vbs['split_halves_bias']:+.3f}",
        f"a decision takes {result['decision_ms']['median']:.2f} ms",
        "chosen: " + ", ".join(f"{name} {count}" for name, count in result["choices"].items() if count),
    ]
    if "online" in result:
        online = result["online"]
        uses = online["uses_until_abandoned"]
        facts.append(
            f"{online['sabotaged']} sabotaged halfway: "
            + ("never abandoned" if uses is None else f"abandoned after {uses} uses")
        )
    shown = [_row(name, row) for name, row in rows.items()]
    return render("selector.html", caption=caption, gates=lines_of_gate(result), rows=shown, bar=BAR, facts=facts)


def _rule(result: dict[str, Any]) -> list[str]:
    """Where the matrix has `retry`: what the selector is worth over the rule that needs none, and that rule over
    repeating blindly."""
    if "retry_over_rule" not in result:
        return []
    over = {"selector-with-retry − best-then-retry": result["retry_over_rule"]}
    over |= {f"best-then-retry − best-twice, {name}": found for name, found in result["retry_over_repeating"].items()}
    return [f"{name}: " + _interval(found["value"], found["low"], found["high"], "+") for name, found in over.items()]


def _row(name: str, row: dict[str, Any]) -> dict[str, Any]:
    """One line of the table and its bar, in pixels."""
    width, low, high = (round(BAR * min(max(row[key], 0.0), 1.0)) for key in ("rate", "low", "high"))
    rate, ours = _interval(row["rate"], row["low"], row["high"]), name.startswith("selector")
    return {"name": name, "ours": ours, "rate": rate, "n": row["n"], "width": width, "low": low, "high": high}


def _interval(value: float | None, low: float | None, high: float | None, sign: str = "") -> str:
    if value is None or low is None or high is None:
        return "–"
    return f"{value:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"
