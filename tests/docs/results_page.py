"""Tables and figures of `docs/RESULTS.md`, as a machine reads them.

A table stands under a heading of level 3 and a list of `- field: value` lines. A figure is `value [low, high]`, or
`value (≥ low)` where only the lower bound is given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
NUMBER = r"[+−-]?\d+(?:\.\d+)?"
FIGURE = re.compile(rf"({NUMBER}) (?:\[({NUMBER}), ({NUMBER})\]|\(≥ ({NUMBER})\))(?: (= within chance))?")
FIELD = re.compile(r"- (n|unit|split|interval|command|per task): (.+)")


@dataclass(frozen=True)
class Figure:
    """One number of a table with its interval."""

    text: str
    """As it stands in the table."""
    value: float
    low: float
    high: float | None
    """None where only the lower bound is given."""
    marked: bool
    """Whether "= within chance" stands behind it."""

    @property
    def signed(self) -> bool:
        """Whether it is a difference."""
        return any(sign in self.text for sign in "+−")


@dataclass(frozen=True)
class ResultsTable:
    """A table, with the heading and the fields above it."""

    heading: str
    fields: dict[str, list[str]]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def per_task(self) -> tuple[str, ...]:
        """Paths in `docs/` of the files that hold the outcomes behind this table; none where none was kept."""
        return tuple(link for line in self.fields.get("per task", []) for link in re.findall(r"\]\(([^)]+)\)", line))

    def named(self, row: tuple[str, ...]) -> dict[str, str]:
        """Column → cell."""
        return dict(zip(self.header, row, strict=False))


def read_tables(text: str) -> list[ResultsTable]:
    """Every table that stands directly under a heading of level 3, in order."""
    found = []
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        lines = re.split(r"^#", section, flags=re.MULTILINE)[0].splitlines()
        fields: dict[str, list[str]] = {}
        for line in lines:
            if match := FIELD.fullmatch(line):
                fields.setdefault(match[1], []).append(match[2])
        cells = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines if line.startswith("|")]
        found.append(ResultsTable(lines[0], fields, cells[0] if cells else (), tuple(cells[2:])))
    return found


def read_figure(text: str) -> Figure | None:
    """The figure of a cell, or None where it holds something else."""
    match = FIGURE.fullmatch(text)
    if match is None:
        return None
    value, low, high, least = (None if part is None else float(part.replace("−", "-")) for part in match.groups()[:4])
    assert value is not None
    return Figure(text, value, least if low is None else low, high, match[5] is not None)  # type: ignore[arg-type]
