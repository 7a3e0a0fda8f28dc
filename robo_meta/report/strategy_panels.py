"""Success over the number of demonstrations, and over what a strategy costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from robo_meta.report.forest import expert_rate
from robo_meta.report.looks import EXPERT, ordered
from robo_meta.report.numbers import counted, duration, percent, rate_text
from robo_meta.report.panels import Panel, Series, Spot, panels, series_of, spread

Record = Mapping[str, Any]
NEAR = 0.06
"""Spots of a cost plot nearer than this along x, of its width, are drawn side by side."""


def success_by_shots(cells: Sequence[Record], ours: str | None) -> Markup | None:
    """Rates over shots, a panel for each transfer; None with fewer than two numbers of shots.

    Args:
        cells: of one split and both intentions together.
        ours: name of the strategy that stands first.
    """
    shots = sorted({cell["shots"] for cell in cells if cell["strategy"] != EXPERT})
    if len(shots) < 2:
        return None
    names = [name for name in ordered((cell["strategy"] for cell in cells), ours) if name != EXPERT]
    ticks = tuple((_share(number, len(shots)), str(count)) for number, count in enumerate(shots))
    drawn = []
    for transfer in dict.fromkeys(cell["transfer"] for cell in cells):
        here = [cell for cell in cells if cell["transfer"] == transfer]
        series = []
        for number, name in enumerate(names):
            rows = sorted((cell for cell in here if cell["strategy"] == name), key=lambda cell: cell["shots"])
            at = [_share(shots.index(row["shots"]), len(shots)) for row in rows]
            spots = [_spot(x, row, spread(len(names), number, 5.0)) for x, row in zip(at, rows, strict=True)]
            series.append(series_of(name, spots, f"{name} " + ", ".join(_said(row) for row in rows)))
        drawn.append(Panel(transfer, tuple(series), ticks, "number of demonstrations", expert_rate(here)))
    caption = "Success by number of demonstrations with Wilson 95 % intervals; dotted: the expert."
    return panels(drawn, caption)


def _said(row: Record) -> str:
    return f"{rate_text(row)} from {counted(row['shots'], 'demonstration')}"


def cost_beside_success(cells: Sequence[Record], ours: str | None) -> Markup | None:
    """Rates over the time of adapting and the first action, a panel for each transfer; None without strategies.

    Args:
        cells: of one split, both intentions together and the fewest shots.
        ours: name of the strategy that stands first.
    """
    played = [cell for cell in cells if cell["strategy"] != EXPERT]
    if not played:
        return None
    costs = [cost_ms(cell) for cell in played]
    first, last = math.floor(math.log10(min(costs))), math.ceil(math.log10(max(costs)))
    last = max(last, first + 1)
    ticks = tuple(
        ((power - first) / (last - first), duration(10.0**power) if power > -1 else f"{10.0**power:g} ms")
        for power in range(first, last + 1)
    )
    drawn = []
    for transfer in dict.fromkeys(cell["transfer"] for cell in played):
        rows = {cell["strategy"]: cell for cell in played if cell["transfer"] == transfer}
        names = ordered(rows, ours)
        at = {name: (math.log10(cost_ms(rows[name])) - first) / (last - first) for name in names}
        shifts = _side_by_side(at)
        series = tuple(_cost_series(name, rows[name], at[name], shifts[name]) for name in names)
        reference = expert_rate([cell for cell in cells if cell["transfer"] == transfer])
        drawn.append(Panel(transfer, series, ticks, "time of adapting and first action", reference))
    caption = (
        "What a strategy costs beside what it brings, fewest demonstrations; time on a logarithmic scale, median; "
        "Wilson 95 % intervals. Markers at about the same time are drawn side by side; dotted: the expert."
    )
    return panels(drawn, caption, shared_legend=False)


def cost_ms(cell: Record) -> float:
    """ms of adapting and the first action, of the least that a logarithmic scale shows on."""
    return max(cell["adapt_ms"] + cell["first_act_ms"], 0.01)


def _cost_series(name: str, row: Record, at: float, shift: float) -> Series:
    said = f"{duration(cost_ms(row))}, {percent(row['rate'])}"
    return series_of(name, [_spot(at, row, shift)], f"{name} {duration(cost_ms(row))}, {rate_text(row)}", False, said)


def _side_by_side(at: Mapping[str, float]) -> dict[str, float]:
    """px by which each is shifted: those near one another stand side by side."""
    groups: list[list[str]] = []
    for name in sorted(at, key=lambda name: at[name]):
        if groups and at[name] - at[groups[-1][-1]] < NEAR:
            groups[-1].append(name)
        else:
            groups.append([name])
    return {name: spread(len(group), number, 10.0) for group in groups for number, name in enumerate(group)}


def _spot(at: float, row: Record, shift: float) -> Spot:
    return Spot(at, row["rate"], row["low"], row["high"], shift)


def _share(number: int, count: int) -> float:
    """Where number of count lies along x, with room at both ends."""
    return (number + 0.5) / count
