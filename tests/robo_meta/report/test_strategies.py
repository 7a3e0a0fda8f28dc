"""The report is one file that needs nothing else."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from robo_meta.report.charts import AdaptationScene, adaptation_picture
from robo_meta.report.page import PAGES, html, write_page
from robo_meta.report.strategies import section, write_report
from tests.robo_meta.report.results import result


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


def scene() -> AdaptationScene:
    rng = np.random.default_rng(0)
    points = np.hstack([rng.uniform(-0.1, 0.1, (96, 2)), np.full((96, 1), 0.03), rng.uniform(0, 1, (96, 3))])
    weights = np.full(96, 1 / 96)
    grasp = np.array([0.02, 0.0, 0.015, 0.4])
    truth = np.array([[0.03, 0.01]])
    return AdaptationScene("a & b", points, grasp, points, weights, weights**2, grasp, grasp, truth)


@pytest.fixture(scope="module")
def page() -> str:
    return html("strategies", section(result(), [scene()]))


def test_nothing_comes_from_outside(page: str) -> None:
    assert not re.search(r"<(script|link|iframe|object)\b", page)
    references = re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?([^"\'\s>)]+)', page)
    assert references and all(reference.startswith(("data:", "#")) for reference in references)


def test_it_holds_the_numbers(page: str) -> None:
    for text in (
        "0.92 [0.82, 1.00]",
        "best-baseline (replay)",
        "+0.52 [+0.40, +0.64]",
        "+0.81",
        "level 2",
        "new-shape",
    ):
        assert text in page
    assert "&lt;script&gt;" in page and "a &amp; b" in page


def rows(page: str, heading: str) -> list[list[str]]:
    """Cells of the rows of the table under `heading`, the head first."""
    text = page.partition(f"<h2>{heading}</h2>")[2].partition("</table>")[0]
    return [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in text.split("<tr")[1:]]


def test_what_was_learned_from_failures_is_shown_where_it_was_measured(page: str) -> None:
    assert "Second attempts" not in page and "Learning from a novice" not in page
    assert section({**result(), "attempts": [], "contrast": []}) == section(result())
    found = section({**result(), "attempts": [ATTEMPTS], "contrast": [NOVICE]})
    head, first, second = rows(found, "Second attempts")
    labels = ["unseen-families", "new-shape", "all"]
    assert head[-4:] == ["done by attempt", "retry", "blind maml", "difference"]
    assert first == [*labels, "1", "250", "1", "0.81 [0.71, 0.91]", "0.81 [0.71, 0.91]", "+0.00 [+0.00, +0.00]"]
    assert second == [*labels, "1", "250", "2", "0.89 [0.79, 0.99]", "0.84 [0.74, 0.94]", "+0.05 [+0.03, +0.07]"]
    head, row = rows(found, "Learning from a novice")
    assert head[3:6] == ["imprecise successes", "failures", "n"]
    assert row == [
        *labels,
        "1",
        "4",
        "113",
        "0.88 [0.78, 0.98]",
        "0.74 [0.64, 0.84]",
        "+0.14 [+0.08, +0.20]",
        "3.7",
        "6.2",
    ]
    # One without the other.
    assert "Learning from a novice" not in section({**result(), "attempts": [ATTEMPTS]})


def test_pictures_can_be_read(page: str) -> None:
    found = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", page)
    pictures = [Image.open(io.BytesIO(base64.b64decode(text))) for text in found]
    assert any(picture.size[0] > 700 and picture.size[1] > 200 for picture in pictures)
    # By shots, by cost and by family, for the one split.
    assert page.count("<svg") == 3


def test_equal_results_give_equal_files_of_modest_size(tmp_path: Path, page: str) -> None:
    path = write_report(tmp_path / "report.html", result(), [scene()])
    assert path.read_text() == page and len(page) < 600_000
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def links(folder: Path) -> dict[str, list[str]]:
    return {path.name: re.findall(r"<a href=([^>]+)>", path.read_text()) for path in folder.glob("*.html")}


@pytest.mark.parametrize("order", [("strategies", "stream", "selector"), ("selector", "stream", "strategies")])
def test_pages_of_a_folder_link_to_each_other(order: tuple[str, ...], tmp_path: Path) -> None:
    assert "<nav id=robo-meta></nav>" in write_page(tmp_path / PAGES[order[0]], order[0], "<p>first").read_text()
    for name in order[1:]:
        write_page(tmp_path / PAGES[name], name, f"<p>{name}")
    files = list(PAGES.values())
    assert links(tmp_path) == {file: [other for other in files if other != file] for file in files}
    assert "<p>first" in (tmp_path / PAGES[order[0]]).read_text()
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    write_page(tmp_path / PAGES["stream"], "stream", "<p>first" if order[0] == "stream" else "<p>stream")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_strangers_are_left_alone(tmp_path: Path) -> None:
    """Neither a page that is not ours, nor one under a name of the user's, nor a folder, is linked to or changed."""
    (tmp_path / "stream.html").write_bytes(b"<nav>mine \xff</nav>")
    (tmp_path / "selector.html").mkdir()
    write_page(tmp_path / "report.html", "strategies", "")
    write_page(tmp_path / "judged.html", "selector", "")
    assert (tmp_path / "stream.html").read_bytes() == b"<nav>mine \xff</nav>"
    assert "<a " not in (tmp_path / "report.html").read_text()
    assert re.findall(r"<a href=([^>]+)>", (tmp_path / "judged.html").read_text()) == ["report.html"]


def test_only_weighed_points_are_drawn() -> None:
    whole = scene()
    fewer = replace(whole, before=whole.before[:40], after=whole.after[:40])
    cut = replace(fewer, points=whole.points[:40])
    assert adaptation_picture(fewer) == adaptation_picture(cut) != adaptation_picture(whole)


def test_no_window_toolkit_is_chosen() -> None:
    code = "import robo_meta.report.strategies, sys; assert 'matplotlib.pyplot' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])
