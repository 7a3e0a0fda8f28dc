"""The stream's page holds the result's numbers."""

from __future__ import annotations

from robo_meta.report.page import html
from robo_meta.report.stream import section
from tests.robo_meta.report.pages import Page
from tests.robo_meta.report.streams import stream


def test_it_holds_the_numbers() -> None:
    page = Page(html("stream", section(stream())))
    assert "online 80 % [60, 100]; frozen start 30 % [10, 50]; retrained from scratch 70 % [50, 90]" in page.text
    rows = page.table("Held-out tasks at the phases’ ends, new-shape").rows
    rates = ["80 % [60, 100]", "30 % [10, 50]", "70 % [50, 90]"]
    assert rows[0] == ["phase 1", "all so far", "20", *rates, "+50 [+25, +75]", "+50 [+25, +75]"]
    assert len(rows) == 6 and rows[-1][:4] == ["last phase", "phase 1, minus after phase 1", "20", "+50 [+25, +75]"]
    assert [row[0] for row in page.table("What each phase brings").rows] == ["1", "2"]


def test_its_plots_say_their_values() -> None:
    names = Page(html("stream", section(stream()))).names
    (arriving, *_) = [name for name in names if name.startswith("As tasks arrive")]
    assert "online 80 % [60, 100], 80 % [60, 100]; frozen start 30 %" in arriving.replace("\u00a0", " ")


def test_a_stream_without_judged_tasks_has_a_page() -> None:
    page = Page(html("stream", section({**stream(), "ends": [], "end_pairs": [], "forgetting": []})))
    assert "Nothing was judged." in page.text
