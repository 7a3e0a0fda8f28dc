"""`robo-meta evaluate --report-from`: the page of a stored result, made anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from robo_meta.cli.evaluate import write_result
from robo_meta.cli.main import main
from robo_meta.evaluation.stored import FINISHED
from robo_meta.runs.journal import append, open_journal
from tests.robo_meta.report.pages import Page
from tests.robo_meta.report.results import result, task

EVALUATE = "evaluate --split validation --transfer new-shape --shots 1 --tasks 1 --strategies maml --workers 1"


def test_it_is_the_page_that_the_evaluation_wrote(
    tiny_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main([*EVALUATE.split(), "--checkpoint", str(tiny_run), "--out", str(out)]) == 0
    first = (out / "report.html").read_bytes()
    page = Page(first.decode())
    assert any(name.startswith("After adapting") for name in page.names) and "Where the figures" in page.text
    capsys.readouterr()
    assert (
        main(["evaluate", "--report-from", str(out / "result.json"), "--out", str(tmp_path / "other"), "--json"]) == 0
    )
    assert json.loads(capsys.readouterr().out) == {"report": str(tmp_path / "other" / "report.html")}
    assert (tmp_path / "other" / "report.html").read_bytes() == first


def test_without_its_checkpoint_scenes_are_left_out_and_failures_have_their_films(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_result(tmp_path, result())
    open_journal(tmp_path / FINISHED, {})
    append(tmp_path / FINISHED, task(5, maml=False).to_json())
    (tmp_path / "films").mkdir()
    film = {"task": 5, "strategy": "maml", "shots": 1, "rollout": 0, "success": False, "file": "5.gif"}
    (tmp_path / "films" / "films.json").write_text(json.dumps([film]))
    assert main(["evaluate", "--report-from", str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text())
    assert "films/5.gif" in page.links and "adaptation" not in page.ids
    assert page.table("Every failed rollout of maml (1)").rows[0][0] == "task 5"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no result; expected one, or a folder that `evaluate --out` filled"),
        ("{", "damaged ("),
        ('{"schema": "1"}', "schema '1' of a result; expected '2': evaluate again"),
    ],
)
def test_what_is_no_result_is_refused_in_one_line(
    content: str | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "result.json").write_text(content)
    assert main(["evaluate", "--report-from", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1 and not (tmp_path / "report.html").exists()


def test_a_damaged_index_of_films_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_result(tmp_path, result())
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "films.json").write_text("[3]")
    assert main(["evaluate", "--report-from", str(tmp_path)]) == 2
    assert "films.json: film 0 is no table" in capsys.readouterr().err and not (tmp_path / "report.html").exists()
