"""`docs/RESULTS.md` can be read by a machine, its figures are possible, and those with per-task results are theirs.

A table must have n, interval, command, and the file of its per-task results or the word that none was kept. Where there
is a file, every figure, reading and count is computed from it anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from robo_meta.cli.main import main
from robo_meta.evaluation.intervals import paired_difference, wilson
from robo_meta.evaluation.summary import REFERENCE
from tests.docs.per_task import (
    RIVAL,
    TRANSFERS,
    PerTask,
    ahead_of_rival,
    at_least,
    per_task,
    percent,
    reading,
    rival,
    sentences,
    signed,
)
from tests.docs.results_page import DOCS, NUMBER, Figure, ResultsTable, read_figure, read_tables

README = DOCS.parent / "README.md"
FIELDS = ("n", "interval", "command", "per task")
BARE = re.compile(rf"{NUMBER}|–")
FILES = {split: DOCS / "results" / f"benchmark-1-{split}.csv" for split in ("unseen-objects", "unseen-families")}
REAL = {support: DOCS / "results" / f"real-1-{support}.csv" for support in ("procedural", "own")}
"""By what is demonstrated on."""
VERDICT = "2"
"""By which the per-task results were judged; rows of a table that name another one are older."""


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
        found += [f"{table.heading}: {problem}" for problem in _unlike_per_task(table)]
    words = " ".join(text.split())
    found += [f"the text does not say {said!r}" for said in _said() if said not in words]
    return found + _unequal_marks(tables)


def _row_problems(table: ResultsTable, row: tuple[str, ...]) -> list[str]:
    if len(row) != len(table.header):
        return [f"{len(row)} cells under {len(table.header)} columns: {row}"]
    named = table.named(row)
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
        # Where tasks were left out, each intention has a number of its own.
        count = int(named.get(f"n, {column}") or int(named["n"]) // (2 if half else 1)) if named["n"] != "–" else 0
        rate = not figure.signed and figure.high is not None and "Wilson" in table.fields.get("interval", [""])[0]
        if rate and not is_wilson(figure, count, unit):
            found.append(f"{cell!r} is no Wilson interval of a whole number out of n in the row {row[0]}")
        if column in ("difference", "value") and figure.high is not None:
            expected = "ahead" if figure.low > 0 else "within chance" if figure.high >= 0 else "behind"
            if named.get("reading") != expected:
                found.append(f"{cell!r} is read as {named.get('reading')!r}; expected {expected!r}")
            # Quantiles of resampled differences of n outcomes are multiples of 1/n, so that 0.00 is 0 where n ≤ 100.
            exact = (
                "Bootstrap" in table.fields.get("interval", [""])[0] and named["n"] != "–" and int(named["n"]) <= 100
            )
            if 0 in (figure.low, figure.high) and not exact:
                found.append(f"{cell!r} has a bound of which rounding hides the sign")
    return found


def _unlike_per_task(table: ResultsTable) -> list[str]:
    """Cells that differ from what the table's per-task results come to."""
    results = {result.split: result for result in (per_task(DOCS / path) for path in table.per_task)}
    found = []
    for row in table.rows if results else ():
        named = table.named(row)
        if named.get("verdict", VERDICT) != VERDICT:
            continue
        split = named.get("split") or named.get("tasks", "").replace(" ", "-") or table.fields["split"][0]
        for column, expected in _expected(results[split], named).items():
            if named[column] != expected:
                found.append(f"{row[0]}, {column}: {named[column]!r}; the per-task results give {expected!r}")
    return found


def _expected(results: PerTask, named: dict[str, str]) -> dict[str, str]:
    """Column → cell of one row, from per-task results."""
    if "`maml` minus" in named:
        intention = named["intention"].strip("*")
        difference = results.ahead(named["`maml` minus"], named["transfer"], intention)
        n = results.count(named["transfer"], intention)
        return {"n": str(n), "difference": signed(difference), "reading": reading(difference)}
    if "tasks" in named:
        return {transfer: at_least(results.of_expert(transfer)) for transfer in results.transfers}
    if "transfer" in named:
        return _expected_of_transfer(results, named["strategy"].strip("`"), named["transfer"])
    strategy, found = named["strategy"].strip("`"), {"n": str(results.count(results.transfers[0]))}
    for column in named:
        transfer, _, intention = column.partition(", ")
        if transfer in TRANSFERS:
            kind = intention.strip("*") or "both"
            equal = strategy == RIVAL and reading(results.ahead(RIVAL, transfer, kind)) == "within chance"
            found[column] = percent(results.rate(strategy, transfer, kind)) + " = within chance" * equal
    return found


def _expected_of_transfer(results: PerTask, strategy: str, transfer: str) -> dict[str, str]:
    """Column → cell of a row that is about one transfer, each intention with a number of its own."""
    found = {
        "n": str(results.count(transfer)),
        "success": percent(results.rate(strategy, transfer)),
        "÷ expert": at_least(results.of_expert(transfer)) if strategy == REFERENCE else "–",
    }
    for kind in ("balance", "part"):
        found[f"n, *{kind}*"] = str(results.count(transfer, kind))
        found[f"*{kind}*"] = percent(results.rate(strategy, transfer, kind))
    return found


def _said() -> list[str]:
    """Sentences of the text that per-task results bear out."""
    families, objects = (per_task(FILES[split]) for split in ("unseen-families", "unseen-objects"))
    readings = [reading(results.ahead(RIVAL, transfer)) for results in (families, objects) for transfer in TRANSFERS]
    return [
        *sentences(families, objects),
        f"within chance in {readings.count('within chance')} of {len(readings)} (see above)",
        f"On unseen families `maml` is {rival(families)}",
        f"On unseen objects it is {rival(objects)}",
    ]


def _unequal_marks(tables: list[ResultsTable]) -> list[str]:
    """Marks "= within chance" of rates that no paired difference bears out, and differences without their mark."""
    shown, marked, borne_out = set(), set(), set()
    for table in tables:
        for row in table.rows:
            named = table.named(row)
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
    return (DOCS / "RESULTS.md").read_text(encoding="utf-8")


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
        (lambda page: page.replace("+0.0233 [−0.0002, +0.0465]", "+0.02 [0.00, +0.05]", 1), "hides the sign"),
        (
            lambda page: page.replace("+0.0233 [−0.0002, +0.0465]", "+0.0233 [−0.0001, +0.0465]", 1),
            "per-task results give",
        ),
        (lambda page: page.replace("94 [90, 96] = within chance", "94 [90, 96]", 1), "mark and paired difference"),
        (
            lambda page: page.replace("| `maml` | 300 | 97 [95, 99]", "| `maml` | 300 | 98 [95, 99]"),
            "per-task results give",
        ),
        (lambda page: page.replace("| 0.96 (≥ 0.94)", "| 0.96 (≥ 0.95)"), "per-task results give"),
        (lambda page: page.replace("Of the 31 failures", "Of the 36 failures"), "does not say"),
        (lambda page: page.replace("- interval: Wilson\n", "", 1), "no interval"),
        (lambda page: page.replace("- per task: none was kept\n", "", 1), "no per task"),
        (lambda page: re.sub(r"^- command: .*\n", "", page, flags=re.MULTILINE), "no command"),
        (lambda page: page.replace("| `maml` | 300 |", "| `maml` | |"), "no n"),
    ],
)
def test_a_damaged_page_is_found_out(edit: Callable[[str], str], said: str) -> None:
    damaged = edit(_page())
    assert damaged != _page()
    assert any(said in problem for problem in problems(damaged))


def test_the_table_of_the_readme_is_that_of_the_per_task_results() -> None:
    page, results = README.read_text(encoding="utf-8"), per_task(FILES["unseen-families"])
    rows = re.findall(r"^\| \**`([\w-]+)`[^|]*\|([^|]+)\|([^|]+)\|([^|]+)\|([^|]+)\|$", page, flags=re.MULTILINE)
    assert [row[0] for row in rows] == ["maml", "context", "warped-replay", "zero-shot", "expert"]
    for strategy, *cells in rows:
        for transfer, cell in zip(TRANSFERS, cells[:3], strict=True):
            expected = percent(results.rate(strategy, transfer))
            assert cell.replace("*", "").strip() == (expected if "[" in cell else expected.split()[0])
        halves = [percent(results.rate(strategy, TRANSFERS[2], kind)).split()[0] for kind in ("balance", "part")]
        assert cells[3].strip() == " / ".join(halves)
    (headline,) = re.findall(r"succeeds on \*\*(\d+) %\*\*.*? on (\d+) %.*? on (\d+) %", page, flags=re.DOTALL)
    shown = [percent(results.rate(name, TRANSFERS[2])).split()[0] for name in ("maml", "warped-replay", "zero-shot")]
    assert list(headline) == shown
    # Either way the sentence ends in "within chance": of all transfers, or of the rest.
    words = " ".join(page.split())
    assert re.search(re.escape(ahead_of_rival(results)) + r"[^.]* chance", words)
    failed = results.failures()
    assert f"{sum(row['family'] == 'hook' for row in failed)} of {len(failed)} failures on unseen families" in page


def test_the_table_of_real_objects_in_the_readme_is_that_of_the_per_task_results() -> None:
    procedural, own = (per_task(path) for path in REAL.values())
    shown = ((procedural, "new-shape"), (own, "new-shape"), (own, "same-object"))
    rows = re.findall(
        r"^\| \**`([\w-]+)`[^|]*\|([^|]+)\|([^|]+)\|([^|]+)\|$", README.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert [row[0] for row in rows] == ["maml", "context", "warped-replay", "zero-shot", "expert"]
    for strategy, *cells in rows:
        for (results, transfer), cell in zip(shown, cells, strict=True):
            expected = percent(results.rate(strategy, transfer))
            assert cell.replace("*", "").strip() == (expected if "[" in cell else expected.split()[0])
    assert {procedural.split, own.split} == {"real-objects"}
    assert all(f"(results/{path.name})" in _page() for path in REAL.values())


def test_the_table_of_both_checkpoints_is_that_of_their_per_task_results() -> None:
    (table,) = [table for table in read_tables(_page()) if "of the earlier checkpoint and of today's" in table.heading]
    files = {**FILES, **{f"real-objects, {support} support": path for support, path in REAL.items()}}
    pairs = {name: (per_task(path), per_task(_earlier(path))) for name, path in files.items()}
    seen, pooled = 0, []
    for row in table.rows:
        named = table.named(row)
        if named["split"] == "both":
            names, transfers = tuple(FILES), TRANSFERS
        else:
            names, transfers = (named["split"],), (named["transfer"],)
        outcomes = []
        for number, name in enumerate(names):
            for transfer in transfers:
                (today, tasks), (before, _) = (results.outcomes(REFERENCE, transfer) for results in pairs[name])
                outcomes.append(np.stack([today, before, tasks + 1000 * number]))
        today, before, tasks = np.concatenate(outcomes, axis=1)
        difference = paired_difference(today, before, tasks)
        expected = (str(len(tasks)), f"{before.mean():.3f}", f"{today.mean():.3f}", signed(difference))
        assert (named["n"], named["earlier"], named["today"], named["difference"]) == expected
        assert named["reading"] == reading(difference)
        seen, pooled = seen + 1, pooled + [len(tasks)] * (named["split"] == "both")
    assert seen == 2 * len(TRANSFERS) + 1 + 3 and pooled == [1800]


def _earlier(path: Path) -> Path:
    """The per-task results of the earlier checkpoint on the same scenes."""
    return path.with_name("earlier-" + path.name.removeprefix("benchmark-1-"))


TABLE_OF_TRANSFERS = """
### Made up

- split: made-up
- n: 20 tasks
- unit: %
- interval: Wilson
- command: `robo-meta evaluate`
- per task: [made up]({path})

| strategy | transfer | n | success | ÷ expert | n, *balance* | *balance* | n, *part* | *part* |
|---|---|---|---|---|---|---|---|---|
| `expert` | new-shape | 20 | 100 [84, 100] | – | 12 | 100 [76, 100] | 8 | 100 [68, 100] |
| `maml` | new-shape | 20 | 90 [70, 97] | 0.90 (≥ 0.72) | 12 | 83 [55, 95] | 8 | 100 [68, 100] |
"""


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda page: page, None),
        (lambda page: page.replace("90 [70, 97]", "95 [76, 99]"), "'90 [70, 97]'"),
        (lambda page: page.replace("| 8 | 100 [68, 100] |", "| 8 | 88 [53, 98] |"), "'100 [68, 100]'"),
        (lambda page: page.replace("| 12 | 83", "| 10 | 83"), "no Wilson interval"),
        (lambda page: page.replace("| 20 | 90", "| 21 | 90"), "the per-task results give '20'"),
        (lambda page: page.replace("≥ 0.72", "≥ 0.75"), "÷ expert"),
    ],
)
def test_a_table_by_transfer_is_computed_anew(tmp_path: Path, edit: Callable[[str], str], said: str | None) -> None:
    # One transfer only, of 12 *balance* and 8 *part* tasks; both failures of `maml` are *balance*.
    rows = [f"made-up,{i},rod,{'balance' if i < 12 else 'part'},new-shape,1,{int(i > 1)}" for i in range(20)]
    (tmp_path / "a.csv").write_text("\n".join(["split,task,family,intention,transfer,expert,maml", *rows]) + "\n")
    page = TABLE_OF_TRANSFERS.replace("{path}", str(tmp_path / "a.csv"))
    found = [problem for problem in problems(edit(page)) if problem.startswith("Made up")]
    if said is None:
        assert found == []
    else:
        assert any(said in problem for problem in found)


def test_every_option_of_a_command_exists(capsys: pytest.CaptureFixture[str]) -> None:
    commands = [line for table in read_tables(_page()) for line in table.fields["command"]]
    ours = [re.fullmatch(r"`robo-meta (select \w+|\w+)(.*)`", line) for line in commands]
    asked = {(match[1], option) for match in ours if match for option in re.findall(r"--[a-z-]+", match[2])}
    assert len(asked) > 10
    for command in sorted({command for command, _ in asked}):
        assert main([*command.split(), "--help"]) == 0
        known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
        assert {option for name, option in asked if name == command} <= known
