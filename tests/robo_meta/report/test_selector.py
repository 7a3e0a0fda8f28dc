"""A judgement as people read it: ceilings, slices and seeds, in the terminal and on the page."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from robo_meta.report.numbers import points_text, rate_text
from robo_meta.report.page import html
from robo_meta.report.selector import section
from robo_meta.report.selector_lines import rows_of
from robo_meta.report.selector_terminal import print_judgement
from tests.robo_meta.report.pages import Page


def test_terminal_and_page_show_the_same(judged: dict[str, Any]) -> None:
    written = StringIO()
    print_judgement(judged, Console(width=250, file=written))
    found = judged["slices"]["role"]["over_maml"]
    for shown in (written.getvalue(), section(judged)):
        for part in (
            "told the world",
            "three-line rule",
            "virtual best (cross-fitted)",
            "single best in the judged set",
            "5 selector seeds: success median",
            "15 scenes in which nothing can tell",
            "untellable (n = 15, 15 tasks): selector",
            f"− maml {points_text(found, 'value', digits=1)} points",
            "a decision takes 42 ms of processor time from one demonstration (slowest of 5: 50 ms)",
            "from 3 it takes 300 ms",
            "calibration error of predicted success",
        ):
            assert part in shown, part
    # Told the world, one knows what is best: as much as the virtual best, which is estimated.
    assert judged["told-the-world"]["rate"] == pytest.approx(judged["vbs"]["rate"], abs=0.02)


def test_the_table_has_every_rate(judged: dict[str, Any]) -> None:
    page = Page(html("selector", section(judged | {"date": "2026-03-01"})))
    shown = {row[0]: row[1:] for row in page.table("Success of a first attempt").rows}
    expected = {name: [rate_text(row, digits=1), str(row["n"])] for name, row in rows_of(judged).items()}
    assert shown == {name: [rate.replace("\u00a0", " "), n] for name, (rate, n) in expected.items()}
    assert "2026-03-01" in page.text and "in 92.6 % [" in page.text


def test_it_shows_the_command_where_one_is_known(judged: dict[str, Any]) -> None:
    assert "provenance" not in Page(html("selector", section(judged))).ids
    page = Page(html("selector", section(judged | {"command": "robo-meta select evaluate --matrix 'a b'"})))
    assert "--matrix 'a b'" in page.text and "#provenance" in page.links
