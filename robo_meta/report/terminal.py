"""The result as people read it in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from robo_meta.evaluation.intervals import estimate
from robo_meta.evaluation.summary import BEST_BASELINE, EXPERT, OURS
from robo_meta.runs.console import wide_console

Record = dict[str, Any]
COMPARED = (BEST_BASELINE, "density-fit", "context", "zero-shot")
"""What `maml` is compared with here; the JSON compares it with everything."""


def print_result(result: Record, console: Console | None = None) -> None:
    """Print one table for each split and transfer, then comparisons and what the scores prefer."""
    console = wide_console(console)
    cells = result["cells"]
    for split, transfer in dict.fromkeys((cell["split"], cell["transfer"]) for cell in cells):
        console.print(_rates(split, transfer, [c for c in cells if (c["split"], c["transfer"]) == (split, transfer)]))
    shown = [pair for pair in result["pairs"] if pair["b"] in COMPARED]
    if shown:
        console.print(_differences(shown))
    ours = [row for row in result["interpretability"] if row["strategy"] == OURS]
    if ours:
        console.print(_preferences(ours))
    controller = learned_over_scripted(cells)
    if controller is not None:
        console.print(f"learned controller ÷ scripted controller, {OURS}: {controller:.3f}")
    for note in result["skipped"]:
        console.print(f"left out: {note['reason']}")


def learned_over_scripted(cells: list[Record]) -> float | None:
    """Successes of `maml` with its learned controller over those with the scripted controller at the same keypoints,
    all cells."""
    chosen = [cell for cell in cells if cell["intention"] == "all"]
    learned = sum(cell["successes"] for cell in chosen if cell["strategy"] == OURS and cell["controller"] == "learned")
    scripted = sum(cell["successes"] for cell in chosen if cell["strategy"] == f"{OURS}+scripted-controller")
    return learned / scripted if learned and scripted else None


def _rates(split: str, transfer: str, cells: list[Record]) -> Table:
    table = Table(title=f"{split}, {transfer}: success in % [Wilson 95 %]", title_justify="left", box=box.SIMPLE_HEAD)
    for name, justify in (("strategy", "left"), ("shots", "right"), ("controller", "left"), ("n", "right")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for name in ("all", "balance", "part", "÷ expert (≥)", "mm off", "adapt, ms", "act, ms"):
        table.add_column(name, justify="right", no_wrap=True)
    by_row: dict[tuple[int, str], dict[str, Record]] = {}
    for cell in cells:
        by_row.setdefault((cell["shots"], cell["strategy"]), {})[cell["intention"]] = cell
    last = None
    for (shots, strategy), row in sorted(by_row.items(), key=lambda item: item[0][0]):
        if last is not None and shots != last:
            table.add_section()
        last, whole = shots, row["all"]
        table.add_row(
            strategy,
            "" if strategy == EXPERT else str(shots),
            whole["controller"],
            str(whole["n"]),
            *(_rate(row.get(intention)) for intention in ("all", "balance", "part")),
            _of_expert(whole),
            f"{whole['keypoint_mm']:.1f}",
            f"{whole['adapt_ms']:.1f}",
            f"{whole['act_ms']:.2f}",
        )
    return table


def _rate(cell: Record | None) -> str:
    return "–" if cell is None else f"{cell['rate']:.0%} [{100 * cell['low']:.0f}, {100 * cell['high']:.0f}]"


def _of_expert(cell: Record) -> str:
    if cell["of_expert"] is None:
        return "–"
    return f"{cell['of_expert']:.2f} ({cell['of_expert_low']:.2f})"


def _differences(pairs: list[Record]) -> Table:
    title = f"{OURS} minus others on matched scenes, paired [95 %]; {BEST_BASELINE}: centre, replay or warped-replay"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for name in ("split", "transfer", "shots", "minus", "all", "balance", "part"):
        table.add_column(name)
    by_row: dict[tuple[Any, ...], dict[str, Record]] = {}
    for pair in pairs:
        key = (pair["split"], pair["transfer"], pair["shots"], pair["b"])
        by_row.setdefault(key, {})[pair["intention"]] = pair
    for (split, transfer, shots, other), row in by_row.items():
        columns = (_difference(row.get(intention)) for intention in ("all", "balance", "part"))
        table.add_row(split, transfer, str(shots), other, *columns)
    return table


def _difference(pair: Record | None) -> str:
    if pair is None or pair["difference"] is None:
        return "–"
    best = f" ({pair['best']})" if "best" in pair else ""
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


def sloppy_lines(cells: Sequence[Record]) -> list[str]:
    """What people are shown, one line a cell."""
    lines = []
    for cell in cells:
        support = f"{cell['successes']} sloppy success, {cell['failures']} failures"
        where = f"{cell['split']}, {cell['transfer']}, {cell['intention']}, n = {cell['n']}"
        rates = f"{cell['contrast']['value']:.2f} against {cell['maml']['value']:.2f}"
        difference = estimate(**cell["difference"], signed=True)
        lines.append(f"contrast against maml from {support} ({where}): {rates}, {difference}")
    return lines
