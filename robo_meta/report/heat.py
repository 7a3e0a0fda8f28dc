"""Heat map of success by the query's family: a table whose cells are shaded, each with its rate and n."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from robo_meta.report.looks import ordered
from robo_meta.report.numbers import percent
from robo_meta.report.page import render

STEPS = 10
"""Shades between a rate of 0 and 1; the stylesheet has them for light and dark pages."""


def family_map(families: Sequence[Mapping[str, Any]], caption: str, ours: str | None, download: Markup) -> Markup:
    """Families below each other, strategies side by side.

    Args:
        families: of one split and transfer; several numbers of shots of a strategy may not be among them.
        caption: of the table.
        ours: name of the strategy that stands first, after the expert.
        download: a link to the same as CSV.
    """
    names = ordered((row["strategy"] for row in families), ours)
    found = {(row["family"], row["strategy"]): row for row in families}
    body = [
        (family, [_cell(found.get((family, name))) for name in names])
        for family in sorted({row["family"] for row in families})
    ]
    return render("heat.html", caption=caption, names=names, body=body, download=download)


def _cell(row: Mapping[str, Any] | None) -> tuple[str, str, str]:
    """Shade, rate and n."""
    if row is None:
        return "h0", "–", "n = 0"
    return f"h{round(STEPS * row['rate'])}", percent(row["rate"]), f"n = {row['n']}"
