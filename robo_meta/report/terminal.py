"""The result as people read it in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from robo_meta.catalogue import CATALOGUE, bare
from robo_meta.evaluation.intervals import estimate
from robo_meta.evaluation.records import EXPERT
from robo_meta.evaluation.summary import BEST_BASELINE
from robo_meta.runs.console import wide_console
from robo_meta.scenarios.matched_scenes import OWN
from sim.shapes.real_objects.loading import SPLIT as REAL_OBJECTS

Record = dict[str, Any]
OURS = "maml"
"""The strategy whose learned controller and preferences are shown."""
COMPARED = (BEST_BASELINE, "density-fit", "context", "zero-shot")
"""What `maml` is compared with here; the JSON compares it with everything."""


def print_result(result: Record, console: Console | None = None) -> None:
    """Print one table for each split and transfer, then comparisons and what the scores prefer."""
    console = wide_console(console)
    cells = result["cells"]
    for split, transfer in dict.fromkeys((cell["split"], cell["transfer"]) for cell in cells):
        chosen = [cell for cell in cells if (cell["split"], cell["transfer"]) == (split, transfer)]
        for table in _rates(split, transfer, chosen, console.width):
            console.print(table)
    # A user's own strategy is never left out; of the shipped ones, those that a reader asks about.
    shown = [pair for pair in result["pairs"] if pair["b"] in COMPARED or bare(pair["b"]) not in CATALOGUE]
    shown = [pair for pair in shown if pair["b"] != EXPERT]
    if shown:
        console.print(_differences(shown, console.width))
    ours = [row for row in result["interpretability"] if row["strategy"] == OURS]
    if ours:
        console.print(_preferences(ours))
    controller = learned_over_scripted(cells)
    if controller is not None:
        console.print(f"learned controller ÷ scripted controller, {OURS}: {controller:.3f}")
    for note in result["skipped"]:
        console.print(f"left out: {note['reason']}")
    if said := benchmarks(result):
        console.print(said, soft_wrap=True, highlight=False)


def benchmarks(result: Record) -> str:
    """Of which benchmarks the splits are, and what new shapes are demonstrated on where either is usual.

    Example:
        >>> benchmarks({"identity": {"benchmark": {"real-objects": "real-1"}, "support": "procedural"}})
        'real-objects: benchmark real-1, support procedural'
    """
    identity = result["identity"]
    support = identity.get("support", OWN)
    named = {split: name for split, name in identity.get("benchmark", {}).items() if name is not None}
    usual = {split: "" if split != REAL_OBJECTS and support == OWN else f", support {support}" for split in named}
    return "; ".join(f"{split}: benchmark {name}{usual[split]}" for split, name in named.items())


def learned_over_scripted(cells: list[Record]) -> float | None:
    """Successes of `maml` with its learned controller over those with the scripted controller at the same keypoints,
    all cells."""
    chosen = [cell for cell in cells if cell["intention"] == "all"]
    learned = sum(cell["successes"] for cell in chosen if cell["strategy"] == OURS and cell["controller"] == "learned")
    scripted = sum(cell["successes"] for cell in chosen if cell["strategy"] == f"{OURS}+scripted-controller")
    return learned / scripted if learned and scripted else None


NARROW = 118
"""Columns below which a wide table is printed as two, so that no column loses its words."""


def _rates(split: str, transfer: str, cells: list[Record], width: int) -> list[Table]:
    """Success of every strategy; what it costs beside it, or below it where the terminal is narrow."""
    title = f"{split}, {transfer}: success [Wilson 95 %], K demonstrations"
    rates, costs = ("all", "balance", "part"), ("÷ expert (≥)", "mm off", "adapt, ms", "act, ms", "controller")
    rows: dict[tuple[int, str], dict[str, Record]] = {}
    for cell in cells:
        rows.setdefault((cell["shots"], cell["strategy"]), {})[cell["intention"]] = cell
    if width >= NARROW:
        return [_strategy_table(title, (*rates, *costs), rows, lambda row: [*_shown_rates(row), *_shown_costs(row)])]
    return [
        _strategy_table(title, rates, rows, _shown_rates),
        _strategy_table(f"{split}, {transfer}: what it costs", costs, rows, _shown_costs),
    ]


def _strategy_table(
    title: str,
    columns: Sequence[str],
    rows: dict[tuple[int, str], dict[str, Record]],
    shown: Callable[[dict[str, Record]], list[str]],
) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    # A name too long for the terminal goes on in the next line; numbers are never cut.
    table.add_column("strategy", overflow="fold")
    for name in ("K", "n", *columns):
        table.add_column(name, justify="left" if name == "controller" else "right", no_wrap=True)
    last = None
    for (shots, strategy), row in sorted(rows.items(), key=lambda item: item[0][0]):
        if last is not None and shots != last:
            table.add_section()
        last = shots
        table.add_row(strategy, "" if strategy == EXPERT else str(shots), str(row["all"]["n"]), *shown(row))
    return table


def _shown_rates(row: dict[str, Record]) -> list[str]:
    return [_rate(row.get(intention)) for intention in ("all", "balance", "part")]


def _shown_costs(row: dict[str, Record]) -> list[str]:
    whole = row["all"]
    numbers = [f"{whole['keypoint_mm']:.1f}", f"{whole['adapt_ms']:.1f}", f"{whole['act_ms']:.2f}"]
    return [_of_expert(whole), *numbers, whole["controller"]]


def _rate(cell: Record | None) -> str:
    return "–" if cell is None else f"{cell['rate']:.0%} [{100 * cell['low']:.0f}, {100 * cell['high']:.0f}]"


def _of_expert(cell: Record) -> str:
    if cell["of_expert"] is None:
        return "–"
    return f"{cell['of_expert']:.2f} ({cell['of_expert_low']:.2f})"


def _differences(pairs: list[Record], width: int) -> Table:
    """Paired differences: the intentions side by side, or below each other where the terminal is narrow."""
    title = (
        f"{pairs[0]['a']} minus others on matched scenes, paired [95 %]; "
        f"{BEST_BASELINE}: centre, replay or warped-replay"
    )
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    rows: dict[tuple[Any, ...], dict[str, Record]] = {}
    for pair in pairs:
        key = (pair["split"], pair["transfer"], pair["shots"], pair["b"])
        rows.setdefault(key, {})[pair["intention"]] = pair
    intentions, wide = ("all", "balance", "part"), width >= NARROW
    for name in ("split, transfer", "K", "minus", *(intentions if wide else ("difference",))):
        table.add_column(name, overflow="fold")
    for (split, transfer, shots, other), row in rows.items():
        shown = [_difference(row.get(intention)) for intention in intentions]
        stacked = "\n".join(f"{name} {value}" for name, value in zip(intentions, shown, strict=True))
        table.add_row(f"{split}, {transfer}", str(shots), other, *(shown if wide else (stacked,)))
    return table


def _difference(pair: Record | None) -> str:
    if pair is None or pair["difference"] is None:
        return "–"
    best = f" ({pair['best']})" if pair.get("best") else ""
    return estimate(pair["difference"], pair["low"], pair["high"], signed=True) + best


def _preferences(rows: list[Record]) -> Table:
    table = Table(
        title="rank correlation of the score's preference with density, balance",
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    for name in ("strategy", "split", "transfer", "shots", "n", "before adapting", "after"):
        table.add_column(name)
    for row in rows:
        values = ("–" if row[side] is None else f"{row[side]:+.2f}" for side in ("before", "after"))
        table.add_row(row["strategy"], row["split"], row["transfer"], str(row["shots"]), str(row["n"]), *values)
    return table


def attempt_lines(cells: Sequence[Record]) -> list[str]:
    """What people are shown, one line a cell."""
    lines = []
    for cell in cells:
        rates = (
            f"{k + 1}: {r['value']:.2f} against {b['value']:.2f}, {estimate(**d, signed=True)}"
            for k, (r, b, d) in enumerate(zip(cell["retry"], cell["blind"], cell["difference"], strict=True))
        )
        name = f"{cell['split']}, {cell['transfer']}, {cell['intention']}, {cell['shots']} shots, n = {cell['n']}"
        lines.append(f"done by attempt, retry against blind maml ({name}): " + "; ".join(rates))
    return lines


def asking_lines(cells: Sequence[Record]) -> list[str]:
    """What people are shown of a policy that may ask, one line a cell of both intentions together."""
    lines = []
    for cell in cells:
        if cell["intention"] != "all":
            continue
        where = f"{cell['split']}, {cell['transfer']}, {cell['shots']} shots, n = {cell['n']}"
        asked = ", ".join(f"{kind} {mean:.2f}" for kind, mean in cell["asked"].items())
        usual = "" if cell["maml"] is None else f", of maml {estimate(**cell['maml'], signed=True)}"
        lines.append(
            f"{cell['strategy']} ({where}): return {estimate(**cell['discounted'], signed=True)}, attempts"
            f" {cell['attempts']:.2f}, demonstrations asked for: {asked}, gave up {cell['gave_up']:.0%}; one attempt of"
            f" selector {estimate(**cell['selector'], signed=True)}{usual}"
        )
    return lines


def novice_lines(cells: Sequence[Record]) -> list[str]:
    """What people are shown, one line a cell."""
    lines = []
    for cell in cells:
        support = f"{cell['successes']} imprecise success, {cell['failures']} failures"
        where = f"{cell['split']}, {cell['transfer']}, {cell['intention']}, n = {cell['n']}"
        rates = f"{cell['contrast']['value']:.2f} against {cell['maml']['value']:.2f}"
        difference = estimate(**cell["difference"], signed=True)
        lines.append(f"contrast against maml from {support} ({where}): {rates}, {difference}")
    return lines
