"""What a stored result must be, value by value: it lies open as JSON, and whatever was edited there is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from demos.storage.schema import (
    PLAIN_TABLE,
    Either,
    Kind,
    ListOf,
    Maybe,
    Number,
    Plain,
    Record,
    TableOf,
    Text,
    Unfit,
    Whole,
)
from sim.tasks.scenes import INTENTIONS, TRANSFERS


class _Seed:
    """A whole number of any size."""

    def check(self, value: Any, where: str) -> None:
        """See `demos.storage.schema.Kind`."""
        Whole(0).check(min(value, 2**62) if type(value) is int else value, where)


NAME = Text(longest=200)
COUNT, RATE, LENGTH, TIME = Whole(0), Number(0, 1), Number(0, 1e6), Number(0)
VALUES: dict[str, Kind] = {
    "transfer": Text(allowed=TRANSFERS),
    "intention": Text(allowed=("all", *INTENTIONS)),
    **dict.fromkeys(("strategy", "split", "family", "a", "b", "controller"), NAME),
    **dict.fromkeys(("shots", "n", "successes", "failures", "failed"), COUNT),
    **dict.fromkeys(("keypoint_mm", "across_mm", "contrast_mm", "maml_mm"), LENGTH),
    **dict.fromkeys(("adapt_ms", "act_ms", "first_act_ms"), TIME),
    **dict.fromkeys(("of_expert", "of_expert_low"), Maybe(Number(0, 1e6))),
    **dict.fromkeys(("rate", "gave_up"), RATE),
    **dict.fromkeys(("before", "after"), Maybe(Number(-1.01, 1.01))),
    "parts": TableOf(COUNT, NAME),
}
"""Field of a row → what it is in whichever table; the others are checked by their kind alone."""
CONFIG = Record(
    {"tasks": COUNT, "seed": _Seed(), "controller": NAME},
    {
        **dict.fromkeys(("checkpoint", "objects", "selector", "reference", "support"), Maybe(Text())),
        **dict.fromkeys(("split", "transfer", "strategies"), ListOf(Text())),
        "shots": ListOf(COUNT),
        "attempts": COUNT,
    },
    Plain(),
)
IDENTITY = Record(
    {"checkpoint": Maybe(Text()), "versions": TableOf(Either(Text(), Whole()))},
    {"benchmark": TableOf(Maybe(Text())), "support": Text()},
    Plain(),
)
FACTS: dict[str, Kind] = {"config": CONFIG, "identity": IDENTITY, "skipped": ListOf(PLAIN_TABLE), "device": Text()}
"""Fields, beside the tables, that a result has."""
FURTHER: dict[str, Kind] = {"revision": Maybe(Text()), "date": Text(), "films": PLAIN_TABLE}
"""Fields, beside the tables, that it may have."""


def check_facts(result: Mapping[str, Any]) -> None:
    """Raise `Unfit` where a field beside the tables is missing or something else."""
    for name, kind in (FACTS | {name: kind for name, kind in FURTHER.items() if name in result}).items():
        kind.check(result.get(name), name)


def check_row(table: str, number: int, row: Mapping[str, Any]) -> None:
    """Raise `Unfit` where a row, whose fields are there and of the right kind, says what can't be."""
    where = f"{table} {number}"
    for name, kind in VALUES.items():
        if name in row:
            kind.check(row[name], f"{where}: {name}")
    if "rate" in row:
        if row["n"] < 1 or not math.isclose(row["rate"], row["successes"] / row["n"], abs_tol=1e-9):
            raise Unfit(f"{where}: rate {row['rate']} of {row['successes']} successes in {row['n']}; they don't agree")
        _check_order(where, row["low"], row["rate"], row["high"], 0.0)
    elif "difference" in row and table == "pairs" and row["difference"] is not None:
        if row["low"] is None or row["high"] is None:
            raise Unfit(f"{where}: a difference without its interval")
        _check_order(where, row["low"], row["difference"], row["high"], -1.0)


def check_cells(cells: Sequence[Mapping[str, Any]]) -> None:
    """Raise `Unfit` where a strategy's figures stand twice, or those of both intentions together are missing."""
    places = [tuple(cell[name] for name in ("split", "transfer", "strategy", "shots", "intention")) for cell in cells]
    if len(set(places)) < len(places):
        twice = next(place for number, place in enumerate(places) if place in places[:number])
        raise Unfit(f"cells: {' '.join(map(str, twice))} stands there twice")
    for *place, _ in places:
        if (*place, "all") not in places:
            raise Unfit(f"cells: {' '.join(map(str, place))} has no row of intention all")


def _check_order(where: str, low: float, value: float, high: float, least: float) -> None:
    if not least - 1e-9 <= low <= value + 1e-9 or not value - 1e-9 <= high <= 1 + 1e-9:
        raise Unfit(f"{where}: {value} with an interval from {low} to {high}; they don't agree")
