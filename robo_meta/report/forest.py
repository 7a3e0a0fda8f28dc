"""Forest plot: a line for each strategy with its success rate as a marker and the 95 % interval as whiskers.

Positions along a line are percentages of its width, so that markers and text keep their size on any screen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from robo_meta.report.looks import EXPERT, Look, look_of, ordered
from robo_meta.report.numbers import SPACE, percent, rate_text
from robo_meta.report.page import render

Record = Mapping[str, Any]
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


class ForestLine(NamedTuple):
    """One line of the plot."""

    name: str
    look: Look
    ours: bool
    rate: float
    low: float
    high: float
    n: int
    digits: int

    @property
    def value(self) -> str:
        """The rate with its interval."""
        return rate_text(self._asdict(), digits=self.digits)

    @property
    def said(self) -> str:
        """What is seen, for people who don't see it."""
        between = f"{100 * self.low:.{self.digits}f} to {percent(self.high, self.digits)}"
        return f"{self.name}: {percent(self.rate, self.digits)}, 95{SPACE}% interval {between}, n = {self.n}"

    @property
    def at(self) -> tuple[str, str, str]:
        """Where rate, lower and upper end lie along the line."""
        return place(self.rate), place(self.low), place(self.high)


def place(rate: float) -> str:
    """Where a rate lies along the line; a little room is left for the markers at both ends.

    Example:
        >>> place(0.0), place(0.5), place(1.0)
        ('2%', '50%', '98%')
    """
    return f"{2 + 96 * min(max(rate, 0.0), 1.0):.4g}%"


def forest(lines: Sequence[ForestLine], caption: str, reference: float | None = None) -> Markup:
    """The plot over its caption.

    Args:
        lines: from top to bottom.
        caption: what is plotted.
        reference: a rate that a dotted line marks through all lines, the expert's.
    """
    ticks = [(place(tick), percent(tick)) for tick in TICKS]
    mark = None if reference is None else place(reference)
    return render("forest.html", lines=lines, caption=caption, ticks=ticks, reference=mark)


def strategy_lines(cells: Sequence[Record], ours: str | None) -> list[ForestLine]:
    """Lines of cells of one split, transfer, intention and number of shots: the expert, ours, then the best first."""
    best_first = sorted(cells, key=lambda cell: -cell["rate"])
    by_name = {cell["strategy"]: cell for cell in best_first}
    return [line_of(name, by_name[name], name == ours) for name in ordered(by_name, ours)]


def line_of(name: str, row: Record, ours: bool = False, digits: int = 0, look: Look | None = None) -> ForestLine:
    """A line from a record with `rate`, `low`, `high` and `n`, in the look that its name has in every chart or in
    another one."""
    look = look_of(name) if look is None else look
    return ForestLine(name, look, ours, row["rate"], row["low"], row["high"], row["n"], digits)


def expert_rate(cells: Sequence[Record]) -> float | None:
    """The expert's rate among cells; None where it isn't there."""
    return next((cell["rate"] for cell in cells if cell["strategy"] == EXPERT), None)
