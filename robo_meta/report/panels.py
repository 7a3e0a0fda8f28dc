"""Panels of a line or scatter plot: success over something else, markers with whiskers, a legend below.

Positions along x are percentages of the panel's width and heights are px, so that text keeps its size on any screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from robo_meta.report.looks import Look, look_of
from robo_meta.report.numbers import percent
from robo_meta.report.page import render

LEFT, WIDE = 13.0, 82.0
"""% of the width: where the plot begins, and how wide it is."""
TOP, HIGH = 16, 190
"""px: where a rate of 100 % lies, and how far below a rate of 0."""


class Spot(NamedTuple):
    """A marker with its interval."""

    at: float
    """From 0 at the plot's left to 1 at its right."""
    rate: float
    low: float
    high: float
    shift: float = 0.0
    """px to the right, so that equal spots don't hide one another."""

    @property
    def x(self) -> str:
        """Where it lies, % of the width."""
        return along(self.at)

    @property
    def ys(self) -> tuple[float, float, float]:
        """px: rate, lower and upper end."""
        return height(self.rate), height(self.low), height(self.high)


class Series(NamedTuple):
    """Spots of one strategy."""

    name: str
    look: Look
    spots: tuple[Spot, ...]
    said: str
    """Its values, for people who don't see them."""
    joined: bool = True
    """Whether a line goes through the spots."""
    note: str = ""
    """What the legend says after the name."""

    @property
    def legs(self) -> list[tuple[str, float, str, float]]:
        """Lines from spot to spot: x, y, x, y."""
        if not self.joined:
            return []
        ends = zip(self.spots, self.spots[1:], strict=False)
        return [(a.x, a.ys[0], b.x, b.ys[0]) for a, b in ends]


class Panel(NamedTuple):
    """One plot."""

    title: str
    series: tuple[Series, ...]
    ticks: tuple[tuple[float, str], ...]
    """Along x: where, from 0 to 1, and what stands there."""
    axis: str
    """What x is, with its unit."""
    reference: float | None = None
    """A rate that a dotted line marks, the expert's."""
    stops: tuple[tuple[float, str], ...] = ()
    """Upright lines, such as ends of phases, and what stands left of each."""
    y: str = "success"
    """What the rates are of."""

    @property
    def said(self) -> str:
        """What is seen, for people who don't see it."""
        values = "; ".join(series.said for series in self.series)
        expert = "" if self.reference is None else f"; expert {percent(self.reference)}"
        return f"{self.title}: {self.y} over {self.axis}. {values}{expert}"


def panels(drawn: Sequence[Panel], caption: str, shared_legend: bool = True) -> Markup:
    """Panels side by side, or below each other on a narrow screen.

    Args:
        drawn: the panels.
        caption: what is plotted.
        shared_legend: whether one legend stands below all, or each panel has its own, with the series' notes.
    """
    legend: dict[str, Series] = {}
    for series in (series for panel in drawn for series in panel.series):
        legend.setdefault(series.name, series)
    values = {"panels": drawn, "caption": caption, "shared": list(legend.values()) if shared_legend else None}
    scale = [(height(rate), percent(rate)) for rate in (0.0, 0.25, 0.5, 0.75, 1.0)]
    return render("panels.html", **values, scale=scale, along=along, height=height, bottom=TOP + HIGH)


def series_of(
    name: str, spots: Sequence[Spot], said: str, joined: bool = True, note: str = "", look: Look | None = None
) -> Series:
    """A series in the look that its name has in every chart, or in another one."""
    return Series(name, look_of(name) if look is None else look, tuple(spots), said, joined, note)


def along(at: float) -> str:
    """A place along x as a percentage of the width.

    Example:
        >>> along(0.0), along(1.0)
        ('13%', '95%')
    """
    return f"{LEFT + WIDE * at:.4g}%"


def height(rate: float) -> float:
    """px from the top of a rate."""
    return round(TOP + HIGH * (1 - min(max(rate, 0.0), 1.0)), 1)


def spread(count: int, number: int, apart: float = 7.0) -> float:
    """px by which spot `number` of `count` is shifted, so that spots at one place stand side by side.

    Example:
        >>> [spread(3, number) for number in range(3)]
        [-7.0, 0.0, 7.0]
    """
    return (number - (count - 1) / 2) * apart
