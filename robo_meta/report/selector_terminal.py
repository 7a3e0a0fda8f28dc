"""The judgement as people read it in a terminal."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from robo_meta.report.numbers import percent, points_text, rate_text
from robo_meta.report.selector_lines import (
    lines_of_decision,
    lines_of_gap,
    lines_of_gate,
    lines_of_returns,
    lines_of_sites,
    lines_of_slices,
    points,
    rows_of,
)
from robo_meta.runs.console import wide_console


def print_judgement(result: dict[str, Any], console: Console | None = None) -> None:
    """Print what `robo_meta.selector.judging.judge.judge` returns."""
    console = wide_console(console)
    for line in lines_of_gate(result):
        console.print(line)
    title = (
        f"{result['scenes']} scenes of {result['tasks']} tasks, {len(result['families'])} families, "
        f"{result['rollouts']} rollouts a cell: success [95 %, over families and tasks]"
    )
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for name in ("", "success", "n"):
        table.add_column(name)
    for name, row in rows_of(result).items():
        table.add_row(name, rate_text(row, digits=1), str(row["n"]))
    console.print(table)
    for line in lines_of_gap(result):
        console.print(line)
    retry = result["retry"]
    console.print(f"selector-with-retry − {retry['minus']}: {points_text(retry, digits=1)} points")
    if "retry_over_rule" in result:
        console.print(f"selector-with-retry − best-then-retry: {points(result['retry_over_rule'])}")
        for name, over in result["retry_over_repeating"].items():
            console.print(f"best-then-retry − best-twice, {name}: {points(over)}")
    for line in lines_of_returns(result):
        console.print(line)
    chosen = ", ".join(f"{name} {count}" for name, count in result["choices"].items() if count)
    console.print(f"chosen: {chosen}")
    for line in lines_of_slices(result) + lines_of_sites(result) + lines_of_decision(result):
        console.print(line)
    if "online" in result:
        _print_online(result["online"], console)


def _print_online(online: dict[str, Any], console: Console) -> None:
    uses = online["uses_until_abandoned"]
    left = "never abandoned" if uses is None else f"abandoned after {uses} uses"
    console.print(f"online, {online['scenes']} scenes, {online['sabotaged']} sabotaged halfway: {left}")
    console.print("; ".join(f"{name} {percent(value, 1)}" for name, value in online["success"].items()))


def print_explanation(found: dict[str, Any], console: Console | None = None) -> None:
    """Print what `explain` returns as a table."""
    console = wide_console(console)
    scene = ", ".join(f"{name} {value}" for name, value in found["scene"].items())
    table = Table(title=scene, title_justify="left", box=box.SIMPLE_HEAD)
    for name in ("strategy", "predicted", "happened", "what moved the prediction (feature = value: by how much)"):
        table.add_column(name, overflow="fold")
    for row in sorted(found["strategies"], key=lambda row: -row["predicted"]):
        moved = "; ".join(f"{f['name']} = {f['value']:g}: {f['moved']:+.2f}" for f in row["features"])
        name = row["strategy"] + (" ◀" if row["strategy"] == found["chosen"] else "")
        name += "" if row["available"] else " (not yet)"
        table.add_row(name, f"{row['predicted']:.2f}", f"{row['happened']:.2f} of {found['rollouts']}", moved)
    console.print(table)
    console.print(found["because"])
    values = ", ".join(f"{name} {value:.2f}" for name, value in found["values"].items())
    console.print(f"best action: {found['best_action']} (values, with all attempts left: {values})")
