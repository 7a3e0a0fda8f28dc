"""The report's `selector.html`: what there was to select, who closed how much of the gap, and what was chosen."""

from __future__ import annotations

from typing import Any

from robo_meta.report.page import render
from robo_meta.report.selector_lines import (
    interval,
    lines_of_decision,
    lines_of_gap,
    lines_of_gate,
    lines_of_returns,
    lines_of_sites,
    lines_of_slices,
    rows_of,
)

BAR = 360
"""Pixels of a success rate of 1."""


def section(result: dict[str, Any]) -> str:
    """What `robo_meta.selector.judging.judge.judge` returns, as HTML without any outside reference."""
    caption = (
        f"{result['scenes']} scenes of {result['tasks']} tasks, {result['rollouts']} rollouts a cell, families "
        f"{', '.join(result['families'])}; intervals over families and tasks."
    )
    retry = result["retry"]
    difference = {"value": retry["difference"], "low": retry["low"], "high": retry["high"]}
    facts = [
        *lines_of_gap(result),
        f"selector-with-retry − {retry['minus']}: " + interval(difference, "+"),
        *_rule(result),
        *lines_of_returns(result),
        *lines_of_sites(result),
        *lines_of_decision(result),
        "chosen: " + ", ".join(f"{name} {count}" for name, count in result["choices"].items() if count),
    ]
    if "online" in result:
        online = result["online"]
        uses = online["uses_until_abandoned"]
        facts.append(
            f"{online['sabotaged']} sabotaged halfway: "
            + ("never abandoned" if uses is None else f"abandoned after {uses} uses")
        )
    shown = [_row(name, row) for name, row in rows_of(result).items()]
    lines = {"gates": lines_of_gate(result), "slices": lines_of_slices(result), "facts": facts}
    return render("selector.html", caption=caption, rows=shown, bar=BAR, **lines)


def _rule(result: dict[str, Any]) -> list[str]:
    """Where the matrix has `retry`: what the selector is worth over the rule that needs none, and that rule over
    repeating blindly."""
    if "retry_over_rule" not in result:
        return []
    over = {"selector-with-retry − best-then-retry": result["retry_over_rule"]}
    over |= {f"best-then-retry − best-twice, {name}": found for name, found in result["retry_over_repeating"].items()}
    return [f"{name}: " + interval(found, "+") for name, found in over.items()]


def _row(name: str, row: dict[str, Any]) -> dict[str, Any]:
    """One line of the table and its bar, in pixels."""
    width, low, high = (round(BAR * min(max(row[key], 0.0), 1.0)) for key in ("rate", "low", "high"))
    rate, ours = interval({"value": row["rate"], **row}), name.startswith("selector")
    return {"name": name, "ours": ours, "rate": rate, "n": row["n"], "width": width, "low": low, "high": high}
