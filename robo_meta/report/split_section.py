"""The figures and tables of one split: forest plots, curves over shots, families, costs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from robo_meta.report.forest import expert_rate, forest, strategy_lines
from robo_meta.report.headline import OBJECTS, SHOWN_ON, main_slot
from robo_meta.report.heat import family_map
from robo_meta.report.looks import EXPERT
from robo_meta.report.numbers import counted, duration, percent, rate_text
from robo_meta.report.parts import INTENTIONS
from robo_meta.report.strategy_panels import cost_beside_success, success_by_shots
from robo_meta.report.tables import csv_link, table

Record = Mapping[str, Any]


def anchor(name: str) -> str:
    """A place in the page for a split, whatever its user called it.

    Example:
        >>> anchor("unseen-families"), anchor("mine <1>")
        ('split-unseen-families', 'split-mine--1-')
    """
    return "split-" + re.sub(r"[^A-Za-z0-9_-]", "-", name)


def split_section(name: str, result: Record, ours: str | None) -> dict[str, Any]:
    """What the template draws of one split."""
    cells = [cell for cell in result["cells"] if cell["split"] == name]
    whole = [cell for cell in cells if cell["intention"] == "all"]
    fewest = min((cell["shots"] for cell in whole if cell["strategy"] != EXPERT), default=0)
    first = [cell for cell in whole if cell["shots"] in (0, fewest)]
    transfers = list(dict.fromkeys(cell["transfer"] for cell in cells))
    return {
        "anchor": anchor(name),
        "name": name,
        "objects": OBJECTS.get(name, "objects of one’s own"),
        "transfers": [_transfer(transfer, name, cells, first, fewest, ours) for transfer in transfers],
        "by_shots": success_by_shots(whole, ours),
        "cost": cost_beside_success(first, ours),
        "families": _families(name, result, fewest, ours),
    }


def _transfer(
    transfer: str, split: str, cells: Sequence[Record], first: Sequence[Record], fewest: int, ours: str | None
) -> dict[str, Any]:
    here = [cell for cell in first if cell["transfer"] == transfer]
    caption = (
        f"Success from {counted(fewest, 'demonstration')} {SHOWN_ON[transfer]}: marker, rate; whiskers, Wilson 95 % "
        "interval; dotted line, the expert."
    )
    rates = _rate_table([cell for cell in cells if cell["transfer"] == transfer], split, transfer, ours)
    plot = forest(strategy_lines(here, ours), caption, expert_rate(here))
    return {"name": transfer, "forest": plot, "rates": rates}


def _families(name: str, result: Record, fewest: int, ours: str | None) -> Markup | None:
    """The transfer that shares least alone: pooled, each task would count several times."""
    slot = main_slot(result["cells"], name)
    rows = [
        row
        for row in result["families"]
        if slot is not None and (row["split"], row["transfer"]) == (name, slot.transfer) and row["shots"] in (0, fewest)
    ]
    if not rows:
        return None
    caption = f"Success by the family of the object, {rows[0]['transfer']}, {counted(fewest, 'demonstration')}."
    return family_map(rows, caption, ours, csv_link(f"families-{name}", rows))


def _rate_table(cells: Sequence[Record], split: str, transfer: str, ours: str | None) -> Markup:
    """All figures of one transfer."""
    rows: dict[tuple[int, str], dict[str, Record]] = {}
    for cell in cells:
        rows.setdefault((cell["shots"], cell["strategy"]), {})[cell["intention"]] = cell
    head = (
        "strategy",
        "shots",
        "n",
        *INTENTIONS,
        "of the expert (≥)",
        "off, mm",
        "adapting",
        "an action",
        "controller",
    )
    body = []
    for (shots, strategy), row in sorted(rows.items(), key=lambda item: item[0][0]):
        whole = row["all"]
        share = "–" if whole["of_expert"] is None else percent(whole["of_expert"])
        share += "" if whole["of_expert_low"] is None else f" ({percent(whole['of_expert_low'])})"
        values = [strategy, "–" if strategy == EXPERT else str(shots), str(whole["n"])]
        values += [rate_text(row[name]) if name in row else "–" for name in INTENTIONS]
        values += [share, f"{whole['keypoint_mm']:.1f}", duration(whole["adapt_ms"]), duration(whole["act_ms"])]
        body.append((strategy == ours, [*values, whole["controller"]]))
    return table(
        f"Success and cost, {split}, {transfer}: rates with Wilson 95 % intervals; medians of times.",
        head,
        body,
        csv_link(f"cells-{split}-{transfer}", cells),
    )
