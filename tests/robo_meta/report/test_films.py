"""Films beside a page are found by their index, and a damaged index is refused in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from robo_meta.report.films import FilmsError, films_beside, read_films
from sim.errors import InputError

ENTRY = {"task": 3, "strategy": "maml", "shots": 1, "rollout": 0, "success": False, "file": "task 3.mp4"}


def index(folder: Path, content: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "films.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_films_of_folders_beside_the_page_are_found(tmp_path: Path) -> None:
    assert films_beside(tmp_path / "report.html") == ()
    index(tmp_path / "films", [ENTRY, {**ENTRY, "task": 4, "success": True, "file": "b.gif", "more": 1}])
    (first, second) = films_beside(tmp_path / "report.html")
    assert first.href == "films/task%203.mp4" and (second.task, second.success) == ("4", True)


def test_a_folder_that_is_named_is_read_once_wherever_it_lies(tmp_path: Path) -> None:
    page, far = tmp_path / "out" / "report.html", tmp_path / "far" / "films"
    index(page.parent, [ENTRY])
    index(far, [{**ENTRY, "file": "b.gif"}])
    assert [film.href for film in films_beside(page, far)] == ["task%203.mp4", "../far/films/b.gif"]
    assert [film.href for film in films_beside(page, page.parent)] == ["task%203.mp4"]
    assert films_beside(page, tmp_path / "nowhere") == films_beside(page)


def test_a_film_shows_one_rollout(tmp_path: Path) -> None:
    entries = [ENTRY, {**ENTRY, "transfer": "new-shape"}, {**ENTRY, "task": "validation-3", "split": "validation"}]
    plain, shape, named = read_films(index(tmp_path, entries), tmp_path)
    assert plain.shows("validation", "same-object", 3, "maml", 1) and not plain.shows("x", None, 4, "maml", 1)
    assert not plain.shows("x", None, 3, "replay", 1) and not plain.shows("x", None, 3, "maml", 3)
    assert not shape.shows("x", "same-object", 3, "maml", 1)
    assert named.shows("validation", "new-shape", 3, "maml", 1) and not named.shows("x", "new-shape", 3, "maml", 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "damaged"),
        ({}, "expected a list of films"),
        ([1], "film 0 is no table"),
        ([ENTRY, {**ENTRY, "strategy": 1}], "film 1: strategy 1; expected a text"),
        ([{**ENTRY, "task": None}], "film 0: task None; expected a whole number or a text"),
        ([{**ENTRY, "file": "../../secret"}], "expected a file of that folder"),
        ([{**ENTRY, "file": "/etc/passwd"}], "expected a file of that folder"),
    ],
)
def test_a_damaged_index_is_refused_in_one_line(content: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(FilmsError, match=said) as caught:
        read_films(index(tmp_path, content), tmp_path)
    assert isinstance(caught.value, InputError) and "\n" not in str(caught.value)
