"""Measurements of speed as people read them in a terminal: `robo-meta bench`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from robo_meta.bench.row import Target
from robo_meta.runs.console import wide_console

MARKS = {True: "met", False: "not met", None: ""}
"""Whether a row meets its target → what the table says."""


def print_rows(result: Mapping[str, Any], console: Console | None = None) -> None:
    """Print what `robo_meta.bench.run.bench` returns: a table an area, then the machine."""
    console = wide_console(console)
    areas: dict[str, list[Mapping[str, Any]]] = {}
    for row in result["rows"]:
        areas.setdefault(row["area"], []).append(row)
    for area, rows in areas.items():
        console.print(_table(area, rows))
        for row in rows:
            if row["note"]:
                console.print(f"  {row['name']}: {row['note']}", style="dim", highlight=False)
    where, load = result["machine"], result["machine"]["load"]
    busy = "" if load is None else f", load {load:.1f} at the start"
    console.print(f"{where['cpu']}, {where['cores']} cores{busy}; {result['date']}", highlight=False)


def _table(area: str, rows: list[Mapping[str, Any]]) -> Table:
    title = f"{area}: median, with quartiles in brackets"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    compared = any(row["peer"] or row["target"] for row in rows)
    table.add_column("what", overflow="fold")
    table.add_column("here", justify="right")
    table.add_column("unit")
    if compared:
        table.add_column("beside", overflow="fold")
        table.add_column("there", justify="right")
        table.add_column("ratio", justify="right")
        table.add_column("target")
    for row in rows:
        cells = [row["name"], _spread(row["here"]), row["unit"]]
        if compared:
            cells += [row["peer"] or "", _spread(row["there"]), _spread(row["ratio"]), _target(row)]
        table.add_row(*cells)
    return table


def _target(row: Mapping[str, Any]) -> str:
    return f"{Target(**row['target'])} {MARKS[row['met']]}".strip() if row["target"] else ""


def _spread(found: Mapping[str, Any] | None) -> str:
    """A median, with its quartiles where there were several measurements."""
    if found is None:
        return ""
    middle = _number(found["median"])
    return middle if found["n"] == 1 else f"{middle} [{_number(found['low'])}, {_number(found['high'])}]"


def _number(value: float) -> str:
    """Three digits that say something.

    Example:
        >>> _number(18423.2), _number(3.14159), _number(0.0123)
        ('18423', '3.14', '0.0123')
    """
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
