"""What a dataset holds, as people read it in a terminal: `robo-meta record --describe`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from robo_meta.runs.console import wide_console


def print_description(described: Mapping[str, Any], console: Console | None = None) -> None:
    """Print what `demos.storage.dataset.describe` returns: what there is, by what it splits up, and how it was made."""
    console = wide_console(console)
    console.print(_totals(described))
    console.print(_families(described["counts"]))
    console.print(_config(described))


def _totals(described: Mapping[str, Any]) -> Table:
    counts, table = described["counts"], _table("dataset")
    table.add_column("what")
    table.add_column("how many", justify="right")
    state = "complete" if described["complete"] else "not complete; the same `record` goes on"
    rows = {
        "episodes": counts["episodes"],
        "successes": counts["successes"],
        "actions (10 a second)": counts["steps"],
        "tasks with episodes": counts["tasks"],
        "planned tasks, without episodes": counts["planned_tasks"],
        **{f"episodes, split {name}": count for name, count in counts["splits"].items()},
        **{f"episodes, intention {name}": count for name, count in counts["intentions"].items()},
        "recording": state,
    }
    for name, value in rows.items():
        table.add_row(name, str(value))
    return table


def _families(counts: Mapping[str, Any]) -> Table:
    table = _table("episodes by the family of the object")
    for name in ("family", "episodes", "successes"):
        table.add_column(name, justify="left" if name == "family" else "right")
    for family, row in counts["families"].items():
        table.add_row(family, str(row["episodes"]), str(row["successes"]))
    return table


def _config(described: Mapping[str, Any]) -> Table:
    table = _table("how it was recorded")
    table.add_column("option")
    table.add_column("value", overflow="fold")
    merged = {"merged with other recordings": len(described["merged"])} if described["merged"] else {}
    versions = {f"version of {name}": value for name, value in described["versions"].items()}
    for name, value in {**described["config"], **merged, **versions, "schema": described["schema"]}.items():
        shown = (" ".join(map(str, value)) or "all") if isinstance(value, list) else str(value)
        table.add_row(name, shown)
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
