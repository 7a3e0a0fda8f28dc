"""The strategies' page holds the numbers of its result, and says what it shows."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from robo_meta.report.adaptation_picture import adaptation_picture
from robo_meta.report.films import Film
from robo_meta.report.instructive import scenes_to_show
from robo_meta.report.page import html
from robo_meta.report.strategies import section, write_report
from tests.robo_meta.report.pages import Page
from tests.robo_meta.report.results import result, task
from tests.robo_meta.report.scenes import scene, shown


def page_of(found: dict[str, Any], *more: Any) -> Page:
    return Page(html("strategies", section(found, *more)))


@pytest.fixture(scope="module")
def page() -> Page:
    return page_of(result(), [scene()], [task(0, maml=True, replay=False)], (), [shown()])


def test_the_first_sentence_says_what_of_what_from_what(page: Page) -> None:
    assert (
        "maml, adapted from 1 demonstration on an object of another family, of the same materials, succeeds in "
        "92 % [82, 100] of 50 tasks with objects of families that nothing was trained on; the best strategy without "
        "learning, replay, in 40 % [30, 50]; the expert, who knows the weights, in 98 % [88, 100]. "
        "maml minus replay on the same scenes: +52 [+40, +64] points."
    ) in page.text
    assert "Evaluated on 2026-03-01" in page.text


def test_every_cell_of_the_result_stands_in_a_table(page: Page) -> None:
    for transfer in ("same-object", "new-shape"):
        rows = page.table(f"Success and cost, unseen-families, {transfer}").rows
        cells = [cell for cell in result()["cells"] if cell["transfer"] == transfer and cell["intention"] == "all"]
        assert len(rows) == len(cells) == 7
        for row in rows:
            shots = 0 if row[1] == "–" else int(row[1])
            (cell,) = [cell for cell in cells if (cell["strategy"], cell["shots"]) == (row[0], shots)]
            low, high = round(100 * cell["low"]), round(100 * cell["high"])
            assert row[2:4] == [str(cell["n"]), f"{round(100 * cell['rate'])} % [{low}, {high}]"]
    assert page.table("Success of maml minus").rows[1] == [
        "best-baseline (replay)", "unseen-families", "new-shape", "1", "+52 [+40, +64]", "–", "–"
    ]  # fmt: skip
    assert page.table("Rank correlation").rows == [
        ["maml", "unseen-families", "new-shape", "1", "25", "–", "+0.81"]
    ]  # fmt: skip
    assert page.table("Why rollouts failed").rows[0][-2:] == ["2 of 25", "not level 2"]


def test_plots_name_every_value(page: Page) -> None:
    names = [name.replace("\u00a0", " ") for name in page.names]
    assert "maml: 92 %, 95 % interval 82 to 100 %, n = 50" in names
    (curves,) = [name for name in names if name.startswith("new-shape: success over number of demonstrations")]
    assert "maml 92 % [82, 100] from 1 demonstration, 92 % [82, 100] from 3 demonstrations" in curves
    (costs,) = [name for name in names if name.startswith("new-shape: success over time of adapting")]
    assert "maml 14 ms, 92 % [82, 100]" in costs
    (adapted,) = [name for name in names if name.startswith("After adapting")]
    assert "6 mm from the true place" in adapted


def test_families_are_shaded_and_counted(page: Page) -> None:
    table = page.table("Success by the family of the object, new-shape, 1 demonstration")
    assert table.head == ["family", "maml", "replay", "<script>"]
    assert table.rows == [[family, *["60 %n = 10"] * 3] for family in ("cross", "dumbbell")]


def test_what_users_name_is_text(page: Page) -> None:
    assert "<script>: 10 %" in " ".join(page.names).replace("\u00a0", " ") and "script" not in page.tags
    assert "A rule <1>" in page.text and "a & b" in page.text


def test_one_number_of_shots_has_no_curve() -> None:
    assert "More demonstrations" not in page_of(result(shots=(1,))).text
    assert "More demonstrations" in page_of(result()).text


def test_one_strategy_alone() -> None:
    page = page_of(result(shots=(2,), names=("maml",)))
    assert "maml, adapted from 2 demonstrations" in page.text
    assert "no strategy without learning took part; the expert" in page.text
    assert not any(table.caption.startswith("Success of maml minus") for table in page.tables)


def test_a_result_without_rollouts() -> None:
    empty = {name: [] for name in ("cells", "pairs", "families", "failures", "interpretability")}
    page = page_of({**result(), **empty})
    assert "This result holds no rollouts." in page.text and "Where the figures come from" in page.text


def test_tables_are_downloaded_as_csv(page: Page) -> None:
    data = [link.partition(",")[2] for link in page.links if link.startswith("data:text/csv")]
    tables = [list(csv.DictReader(io.StringIO(unquote(text)))) for text in data]
    (cells,) = [t for t in tables if t and "of_expert" in t[0] and t[0]["transfer"] == "new-shape"]
    expected = [cell for cell in result()["cells"] if cell["transfer"] == "new-shape"]
    assert [float(row["low"]) for row in cells] == [cell["low"] for cell in expected]
    (failures,) = [t for t in tables if t and "parts.level" in t[0]]
    assert failures[0]["parts.level"] == "2"


def test_scenes_are_chosen_by_rules_that_the_page_says() -> None:
    tasks = [
        task(3, maml=True, replay=False),
        task(0, maml=True, replay=True),
        task(1, maml=False, replay=True),
        task(2, maml=True, replay=False),
    ]
    found = scenes_to_show(tasks, "unseen-families", "new-shape", 1, "maml", "replay")
    assert [one.index for one in found] == [2, 1, 0]
    assert "first task on which maml succeeded and replay failed (2 of 4 tasks)" in found[0].why
    assert "(1 of 4 tasks)" in found[1].why and "not chosen" in found[2].why
    assert [row.strategy for row in found[0].rows] == ["maml", "replay", "expert"]
    # Of a task that two rules choose, both are said; of other transfers and without rivals, nothing is made up.
    (alone,) = scenes_to_show(tasks[:1], "unseen-families", "new-shape", 1, "maml", "replay")
    assert "Instructive" in alone.why and "not chosen" in alone.why
    assert scenes_to_show(tasks, "unseen-families", "same-object", 1, "maml", "replay") == []
    assert [one.index for one in scenes_to_show(tasks, "unseen-families", "new-shape", 1, "maml", None)] == [1, 0]


def test_a_scene_wears_what_came_of_it(page: Page) -> None:
    assert "✓ maml: success" in page.text and "✗ replay: failure, not level, carried by something else" in page.text


def test_failures_are_listed_with_their_films() -> None:
    tasks = [task(0, maml=True, replay=False), task(7, maml=False, replay=False)]
    without = page_of(result(), [], tasks).table("Every failed rollout of maml (1)")
    assert without.rows == [
        ["task 7", "unseen-families", "new-shape", "1", "balance", "cross", "not level, carried by something else",
         "21 mm", "–"]
    ]  # fmt: skip
    films = [Film("7", "maml", 1, 0, False, "films/7%20maml.mp4"), Film("7", "replay", 1, 0, False, "films/r.mp4")]
    page = page_of(result(), [], tasks, films)
    assert page.table("Every failed rollout").rows[0][-1] == "film" and page.links.count("films/7%20maml.mp4") == 2
    assert page.table("Films of rollouts (2)").rows[1][1:4] == ["replay", "1", "✗ failure"]
    assert page_of(result(), [], tasks[:1]).text.count("Every failed rollout") == 0


def rate(value: float, spread: float = 0.1) -> dict[str, float]:
    return {"value": value, "low": value - spread, "high": value + spread}


LABELS = {"split": "unseen-families", "transfer": "new-shape", "intention": "all"}
ATTEMPTS = {
    **{**LABELS, "shots": 1, "n": 250},
    "retry": [rate(0.81), rate(0.89)],
    "blind": [rate(0.81), rate(0.84)],
    "difference": [rate(0.0, 0.0), rate(0.05, 0.02)],
}
NOVICE = {
    **{**LABELS, "successes": 1, "failures": 4, "n": 113},
    **{"contrast": rate(0.88), "maml": rate(0.74), "difference": rate(0.14, 0.06)},
    **{"contrast_mm": 3.68, "maml_mm": 6.25},
}


def test_what_was_learned_from_failures_is_shown_where_it_was_measured(page: Page) -> None:
    assert "Second attempts" not in page.text and "Learning from a novice" not in page.text
    assert section({**result(), "attempts": [], "contrast": []}) == section(result())
    found = page_of({**result(), "attempts": [ATTEMPTS], "contrast": [NOVICE]})
    labels = ["unseen-families", "new-shape", "all"]
    assert found.table("Scenes done by each attempt").rows == [
        [*labels, "1", "250", "1", "81 % [71, 91]", "81 % [71, 91]", "+0 [+0, +0]"],
        [*labels, "1", "250", "2", "89 % [79, 99]", "84 % [74, 94]", "+5 [+3, +7]"],
    ]
    novice = found.table("Success from a novice")
    assert novice.head[3:6] == ["imprecise successes", "failures", "n"]
    assert novice.rows == [[*labels, "1", "4", "113", "88 % [78, 98]", "74 % [64, 84]", "+14 [+8, +20]", "3.7", "6.2"]]
    # One without the other.
    assert "Learning from a novice" not in page_of({**result(), "attempts": [ATTEMPTS]}).text


def test_equal_results_give_equal_files_of_modest_size(tmp_path: Path) -> None:
    path = write_report(tmp_path / "report.html", result(), [scene()])
    first = path.read_bytes()
    assert write_report(path, result(), [scene()]).read_bytes() == first and len(first) < 300_000
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_only_weighed_points_are_drawn() -> None:
    whole = scene()
    fewer = replace(whole, before=whole.before[:40], after=whole.after[:40])
    drawn = [len(re.findall("<circle", adaptation_picture(one))) for one in (whole, fewer)]
    assert drawn[0] - drawn[1] == 2 * (96 - 40)


def test_both_scores_share_one_scale() -> None:
    """The highest weight of either panel has the ramp's last colour, and no point of the other has."""
    picture = adaptation_picture(scene())
    before, after = re.findall(r"<svg class=\"plate\".*?</svg>", picture, flags=re.DOTALL)[1:]
    assert before.count("#6b1d00") == 0 and after.count("#6b1d00") == 1


def test_no_figure_library_is_loaded() -> None:
    code = "import robo_meta.report.strategies, sys; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])
