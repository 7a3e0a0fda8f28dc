"""One row of the bench: a figure, what it stands beside, and what it should be."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from robo_meta.bench.timing import Spread


@dataclass(frozen=True)
class Target:
    """What a row should come to."""

    limit: float
    """Of the ratio, or of the figure here in the row's unit."""
    of: Literal["ratio", "here"] = "ratio"
    """Which of the two."""
    at_most: bool = True
    """Whether less is better; else more."""

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.limit:g}{'×' if self.of == 'ratio' else ''}"


@dataclass(frozen=True)
class Row:
    """One measurement.

    Example:
        >>> row = Row("sim", "reset", "ms", Spread(1.2, 1.1, 1.3, 5), target=Target(1.5, "here"))
        >>> row.met, str(row.target)
        (True, '≤ 1.5')
    """

    area: str
    """`sim`, `record`, `meta`, `adapt`, …"""
    name: str
    """What was measured."""
    unit: str
    """Of both figures: ms, s, tasks/s, …; of a share the empty string."""
    here: Spread
    """robo_meta's figure."""
    peer: str | None = None
    """The other library, or the bound, that it stands beside; None: alone."""
    there: Spread | None = None
    """The peer's or the bound's figure."""
    ratio: Spread | None = None
    """Here ÷ there, round by round."""
    target: Target | None = None
    """None where none was set."""
    note: str = ""
    """What one must know to read it."""

    @property
    def met(self) -> bool | None:
        """Whether the median reaches its target; None where there is none, or nothing to hold it against."""
        measured = self.ratio if self.target is not None and self.target.of == "ratio" else self.here
        if self.target is None or measured is None:
            return None
        return measured.median <= self.target.limit if self.target.at_most else measured.median >= self.target.limit

    def as_json(self) -> dict[str, Any]:
        """The row as JSON has it: its fields, the number of rounds, and whether it meets its target."""
        return {**asdict(self), "rounds": self.here.n, "met": self.met}
