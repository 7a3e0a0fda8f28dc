"""The report's `selector.html`: what there was to select, who closed how much of the gap, and what was chosen."""

from __future__ import annotations

from typing import Any

from robo_meta.catalogue import SKY
from robo_meta.report.forest import forest, line_of
from robo_meta.report.looks import INK, Look, look_of
from robo_meta.report.numbers import points_text, rate_text
from robo_meta.report.page import render
from robo_meta.report.selector_lines import (
    CEILING_NAMES,
    lines_of_decision,
    lines_of_gap,
    lines_of_gate,
    lines_of_returns,
    lines_of_sites,
    lines_of_slices,
    rows_of,
)
from robo_meta.report.tables import csv_link, table

SELECTOR = "selector"
RULE, CEILING = Look(SKY, "circle", "none"), Look(INK, "star", "none")
"""How rules that need no learning are drawn, and what only hindsight could do."""


def section(result: dict[str, Any]) -> str:
    """What `robo_meta.selector.judging.judge.judge` returns, as HTML without any outside reference."""
    retry = result["retry"]
    facts = [
        *lines_of_gap(result),
        f"selector-with-retry − {retry['minus']}: {points_text(retry, digits=1)} points",
        *_rule(result),
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
    rows = rows_of(result)
    lines = [line_of(name, row, name.startswith(SELECTOR), 1, _look(name)) for name, row in rows.items()]
    caption = "Success of a first attempt: marker, rate; whiskers, 95 % interval over families and tasks."
    records = [{"name": name, **{k: row[k] for k in ("rate", "low", "high", "n")}} for name, row in rows.items()]
    body = [(name.startswith(SELECTOR), [name, rate_text(row, digits=1), str(row["n"])]) for name, row in rows.items()]
    values = {
        "lead": _lead(result),
        "plot": forest(lines, caption),
        "table": table("Success of a first attempt.", ("who", "success", "n"), body, csv_link("selector", records)),
        "gates": lines_of_gate(result),
        "slices": lines_of_slices(result),
        "returns": lines_of_returns(result),
        "facts": facts,
        "date": result.get("date"),
        "command": result.get("command"),
    }
    return render("selector.html", **values, played=_played(result))


def _look(name: str) -> Look:
    if name.startswith(SELECTOR):
        return look_of(SELECTOR)
    return CEILING if name in CEILING_NAMES else RULE


def _lead(result: dict[str, Any]) -> str:
    """The first sentence: the selector beside the single best strategy, and the virtual best."""
    ours, single, best = result[SELECTOR], result["sbs"], result["vbs"]
    return (
        f"The selector’s first choice succeeds in {rate_text(ours, digits=1)} of {ours['n']} rollouts; the single best "
        f"strategy, {single['strategy']}, in {rate_text(single, digits=1)}; the best in hindsight in "
        f"{rate_text(best, digits=1)}."
    )


def _played(result: dict[str, Any]) -> str:
    return (
        f"{result['scenes']} scenes of {result['tasks']} tasks, {result['rollouts']} rollouts a cell, families "
        f"{', '.join(result['families'])}; 95 % intervals over families and tasks in brackets."
    )


def _rule(result: dict[str, Any]) -> list[str]:
    """Where the matrix has `retry`: what the selector is worth over the rule that needs none, and that rule over
    repeating blindly."""
    if "retry_over_rule" not in result:
        return []
    over = {"selector-with-retry − best-then-retry": result["retry_over_rule"]}
    over |= {f"best-then-retry − best-twice, {name}": found for name, found in result["retry_over_repeating"].items()}
    return [f"{name}: {points_text(found, 'value', digits=1)} points" for name, found in over.items()]
