"""`docs/RESULTS.md` can be read by a machine, and its figures are possible.

A table stands under a heading and a list of `- field: value` lines; it must have n, interval and command. A figure is
`value [low, high]`, or `value (≥ low)` where only the lower bound is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from robo_meta.cli.main import main
from robo_meta.evaluation.intervals import wilson

RESULTS = Path(__file__).parents[2] / "docs" / "RESULTS.md"
FIELDS = ("n", "interval", "command")
NUMBER = r"[+−-]?\d+(?:\.\d+)?"
FIGURE = re.compile(rf"({NUMBER}) (?:\[({NUMBER}), ({NUMBER})\]|\(≥ ({NUMBER})\))(?: (= within chance))?")
BARE = re.compile(rf"{NUMBER}|–")


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


def read_tables(text: str) -> list[ResultsTable]:
    """Every table that stands directly under a heading of level 3, in order."""
    found = []
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        lines = re.split(r"^#", section, flags=re.MULTILINE)[0].splitlines()
        fields: dict[str, list[str]] = {}
        for line in lines:
            if match := re.fullmatch(r"- (n|unit|split|interval|command): (.+)", line):
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


def is_wilson(figure: Figure, n: int, unit: float) -> bool:
    """Whether some number of successes out of n gives this rate and interval, as rounded here."""
    digits = len(re.match(NUMBER, figure.text)[0].partition(".")[2])  # type: ignore[index]
    shown = (figure.value, figure.low, figure.high)
    guess = figure.value / unit * n
    for successes in range(max(0, int(guess - n * 0.01) - 1), min(n, int(guess + n * 0.01) + 1) + 1):
        found = wilson(successes, n)
        if all(abs(x * unit - y) <= 0.5 * 10**-digits + 1e-9 for x, y in zip(vars(found).values(), shown, strict=True)):
            return True
    return False


def problems(text: str) -> list[str]:
    """What is wrong with the results page `text`, one line each."""
    found = []
    tables = read_tables(text)
    for table in tables:
        found += [f"{table.heading}: no {field}" for field in FIELDS if field not in table.fields]
        if not table.rows:
            found.append(f"{table.heading}: no table")
        for row in table.rows:
            found += [f"{table.heading}: {problem}" for problem in _row_problems(table, row)]
    return found + _unequal_marks(tables)


def _row_problems(table: ResultsTable, row: tuple[str, ...]) -> list[str]:
    if len(row) != len(table.header):
        return [f"{len(row)} cells under {len(table.header)} columns: {row}"]
    named = dict(zip(table.header, row, strict=True))
    if not re.fullmatch(r"\d+|–", named.get("n", "")):
        return [f"no n in the row {row}"]
    found = []
    unit = 100.0 if "%" in table.fields.get("unit", []) else 1.0
    for column, cell in named.items():
        figure = read_figure(cell)
        if figure is None:
            if "[" in cell or "≥" in cell or (BARE.match(cell) and not re.match(r"\d+(\.\d+)?°", cell)):
                # A bare number is a count, a dash, or a value whose interval was not kept; anything else is malformed.
                found += [f"malformed figure {cell!r}"] * (BARE.fullmatch(cell) is None)
            continue
        if not figure.low <= figure.value or (figure.high is not None and figure.value > figure.high):
            found.append(f"{cell!r} lies outside its interval")
        if figure.high is not None and figure.low == figure.high:
            found.append(f"{cell!r} has an interval of no width")
        half = "*balance*" in column or "*part*" in column
        rate = not figure.signed and figure.high is not None and "Wilson" in table.fields.get("interval", [""])[0]
        if rate and not is_wilson(figure, int(named["n"]) // (2 if half else 1), unit):
            found.append(f"{cell!r} is no Wilson interval of a whole number out of n in the row {row[0]}")
        reading = named.get("reading")
        if column in ("difference", "value") and figure.high is not None:
            expected = "ahead" if figure.low > 0 else "within chance" if figure.high >= 0 else "behind"
            if reading != expected:
                found.append(f"{cell!r} is read as {reading!r}; expected {expected!r}")
    return found


def _unequal_marks(tables: list[ResultsTable]) -> list[str]:
    """Marks "= within chance" of rates that no paired difference bears out, and differences without their mark."""
    shown, marked, borne_out = set(), set(), set()
    for table in tables:
        for row in table.rows:
            named = dict(zip(table.header, row, strict=False))
            if "`maml` minus" in named and named["reading"] == "within chance":
                part = "" if named["intention"] == "both" else f", {named['intention']}"
                borne_out.add((named["`maml` minus"], named["split"], named["transfer"] + part))
            for column, cell in named.items():
                figure = read_figure(cell)
                which = (row[0], table.fields.get("split", ["none"])[0], column)
                if figure is not None:
                    shown.add(which)
                    marked |= {which} if figure.marked else set()
    # A difference to the best of several, or of a column that no table has, leaves no mark.
    wrong = (marked ^ borne_out) & (shown | marked)
    return [f"mark and paired difference disagree: {', '.join(which)}" for which in sorted(wrong)]


@cache
def _page() -> str:
    return RESULTS.read_text(encoding="utf-8")


def test_every_table_has_n_interval_and_command_and_possible_figures() -> None:
    assert problems(_page()) == []


def test_the_page_has_tables_and_every_figure_is_read() -> None:
    tables = read_tables(_page())
    figures = [cell for table in tables for row in table.rows for cell in row if read_figure(cell)]
    # Each interval of a table is in a figure that was read.
    lines = [line for line in _page().splitlines() if line.startswith("|")]
    assert len(tables) >= 10
    assert len(figures) == sum(len(re.findall(r" \[[\d+−]| \(≥", line)) for line in lines)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda page: page.replace("96 [94, 98]", "99 [94, 98]"), "outside its interval"),
        (lambda page: page.replace("96 [94, 98]", "96 [94, 97]"), "no Wilson interval"),
        (lambda page: page.replace("96 [94, 98]", "96 [94 98]"), "malformed"),
        (lambda page: page.replace("0.00 [−0.03, +0.03]", "0.00 [0.00, 0.00]"), "no width"),
        (lambda page: page.replace("0.00 [−0.03, +0.03] | within chance", "0.00 [−0.03, +0.03] | ahead"), "read as"),
        (lambda page: page.replace("94 [90, 96] = within chance", "94 [90, 96]", 1), "mark and paired difference"),
        (lambda page: page.replace("- interval: Wilson\n", "", 1), "no interval"),
        (lambda page: re.sub(r"^- command: .*\n", "", page, flags=re.MULTILINE), "no command"),
        (lambda page: page.replace("| `maml` | 300 |", "| `maml` | |"), "no n"),
    ],
)
def test_a_damaged_page_is_found_out(edit: Callable[[str], str], said: str) -> None:
    damaged = edit(_page())
    assert damaged != _page()
    assert any(said in problem for problem in problems(damaged))


def test_every_option_of_a_command_exists(capsys: pytest.CaptureFixture[str]) -> None:
    commands = [line for table in read_tables(_page()) for line in table.fields["command"]]
    ours = [re.fullmatch(r"`robo-meta (select \w+|\w+)(.*)`", line) for line in commands]
    asked = {(match[1], option) for match in ours if match for option in re.findall(r"--[a-z-]+", match[2])}
    assert len(asked) > 10
    for command in sorted({command for command, _ in asked}):
        assert main([*command.split(), "--help"]) == 0
        known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
        assert {option for name, option in asked if name == command} <= known
