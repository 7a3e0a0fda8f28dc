"""Timings as people read them in a terminal: `robo-meta bench`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from robo_meta.runs.console import wide_console

WORDS = {
    "demonstration_ms": ("one demonstration, planned and played", "ms"),
    "reset_ms": ("reset of the environment", "ms"),
    "physics_steps_per_s": ("physics steps (240 are one second)", "a second"),
    "draw_object_ms": ("drawing an object", "ms"),
    "scan_ms": ("scanning an object", "ms"),
    "encode_ms": ("features of a scan", "ms"),
    "import_object_s": ("importing a mesh, one process", "s"),
}
"""Measurement → what people read, and its unit."""
OF_STRATEGIES = {"adapt_ms": "adapting, ms", "choose_ms": "choosing a grasp, ms", "act_ms": "a later action, ms"}
"""The first word of a strategy's measurements → its column."""


def print_timings(figures: Mapping[str, Any], repeats: int, console: Console | None = None) -> None:
    """Print what `robo_meta.cli.bench.bench` returns: the world's timings, then those of every strategy."""
    console = wide_console(console)
    world = Table(title=f"world: median of {repeats} runs", title_justify="left", box=box.SIMPLE_HEAD)
    world.add_column("what")
    world.add_column("median", justify="right")
    world.add_column("unit")
    strategies: dict[str, dict[str, float]] = {}
    for key, value in figures.items():
        first, _, strategy = key.partition(" ")
        if strategy:
            strategies.setdefault(strategy, {})[first] = value
        elif key != "schema":
            said, unit = WORDS.get(key, (key, ""))
            world.add_row(said, _number(value), unit)
    console.print(world)
    if strategies:
        console.print(_strategies(strategies, repeats))


def _strategies(found: Mapping[str, Mapping[str, float]], repeats: int) -> Table:
    title = f"strategies, one demonstration: median of {repeats} runs ({20 * repeats} of a later action)"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("strategy", overflow="fold")
    for column in OF_STRATEGIES.values():
        table.add_column(column, justify="right")
    for name, times in found.items():
        table.add_row(name, *(_number(times[key]) if key in times else "–" for key in OF_STRATEGIES))
    return table


def _number(value: float) -> str:
    """Three digits that say something.

    Example:
        >>> _number(18423.2), _number(3.14159), _number(0.0123)
        ('18423', '3.14', '0.0123')
    """
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
