"""An evaluation's films show the rollouts that were evaluated, are bounded, and go on where they were stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demos.film.panel import Shot
from robo_meta.cli.evaluate import film_lines
from robo_meta.evaluation.config import EvaluateConfig, EvaluateError
from robo_meta.evaluation.evaluate import evaluate
from robo_meta.evaluation.films.evaluated import chosen, film_evaluation, grouped
from robo_meta.evaluation.films.records import Wanted, wanted_films
from robo_meta.evaluation.films.scene import film_strategy
from robo_meta.evaluation.records import TaskRecord
from robo_meta.evaluation.result import Evaluation
from robo_meta.runs.journal import JournalError
from robo_meta.runs.json_records import to_json
from robo_meta.scenarios.conditions import Condition
from robo_meta.scenarios.matched_scenes import matched_task
from robo_meta.scenarios.supports import record_demonstrations
from robo_meta.strategies.build import shared_strategies
from tests.demos.film.blank import BlankPictures

STRATEGIES = ("centre", "density-fit")


def config(**changes: Any) -> EvaluateConfig:
    cheap = {"split": ("validation",), "transfer": ("new-shape",), "shots": (1,), "controller": "scripted"}
    return EvaluateConfig(**{**cheap, "workers": 1, "tasks": 2, "strategies": STRATEGIES, **changes})


@pytest.fixture(scope="module")
def env() -> Iterator[BlankPictures]:
    world = BlankPictures()
    yield world
    world.close()


@pytest.fixture(scope="module")
def played() -> Evaluation:
    return evaluate(config(), progress=False)


def films_in(folder: Path) -> dict[str, int]:
    """Name of each film → when it was written."""
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.mp4")}


def test_films_are_of_the_evaluated_rollouts_and_go_on(played: Evaluation, env: BlankPictures, tmp_path: Path) -> None:
    asked, folder = config(films=tmp_path / "films", most_films=2), tmp_path / "films"
    made = film_evaluation(asked, played.tasks, progress=False, env=env)
    assert (made.films, made.wanted, made.most, made.otherwise) == (2, 4, 2, ())
    assert film_lines(to_json(made)) == [f"2 films of 4 rollouts in {folder}, listed in films.json; --most-films is 2"]
    rows = {(task.index, row.strategy): row for task in played.tasks for row in task.rows}
    index = json.loads((folder / "films.json").read_text())
    assert [(film["task"], film["strategy"]) for film in index] == [(0, "centre"), (0, "density-fit")]
    for film in index:
        row = rows[film["task"], film["strategy"]]
        assert film["success"] is row.success and film["failed"] == list(row.failed) and film["shots"] == 1
        assert film["rollout"] == matched_task(0, "validation", film["task"]).rollout_seed
        outcome = "success" if row.success else "failure"
        assert film["file"] == f"validation-{film['task']:05d}-new-shape-1-{film['strategy']}-{outcome}.mp4"
    first = films_in(folder)
    assert set(first) == {film["file"] for film in index}
    # More are wanted, one was deleted: what is there stays.
    (folder / index[0]["file"]).unlink()
    more = film_evaluation(replace(asked, most_films=3), played.tasks, progress=False, env=env)
    second = films_in(folder)
    kept = index[1]["file"]
    assert more.films == len(second) == 3 and second[kept] == first[kept] and index[0]["file"] in second
    with pytest.raises(JournalError, match="begun with other seed") as caught:
        film_evaluation(replace(asked, seed=1), played.tasks, progress=False, env=env)
    assert "\n" not in str(caught.value) and films_in(folder) == second


def test_the_filmed_verdict_is_the_evaluated_one(played: Evaluation, env: BlankPictures) -> None:
    players = shared_strategies(None, config().adapting, "scripted")
    for task in played.tasks:
        matched = matched_task(0, "validation", task.index)
        shown = record_demonstrations(matched, Condition("new-shape"))
        for player in players:
            (row,) = (row for row in task.rows if row.strategy == player.name)
            filmed = film_strategy(player, shown, matched.query, matched.rollout_seed, env=env)
            assert isinstance(filmed.shot, Shot) and len(filmed.take.frames) > row.steps
            found = filmed.outcome
            assert (found.success, found.failed_parts, found.steps) == (row.success, row.failed, row.steps)
            assert found.keypoint_mm == row.keypoint_mm


def test_what_comes_out_otherwise_has_no_film(played: Evaluation, env: BlankPictures, tmp_path: Path) -> None:
    task = played.tasks[0]
    altered = [replace(row, steps=row.steps + 1) if row.strategy == "centre" else row for row in task.rows]
    asked = config(films=tmp_path, most_films=1)
    made = film_evaluation(asked, [replace(task, rows=tuple(altered))], progress=False, env=env)
    assert made.films == 0 and made.otherwise == ("centre, validation task 0",)
    assert not films_in(tmp_path) and json.loads((tmp_path / "films.json").read_text()) == []
    assert "not filmed, as it then came to something else: centre" in film_lines(to_json(made))[1]


def wanted(task: int, strategy: str, shots: int = 1) -> Wanted:
    return Wanted(task, "validation", "new-shape", shots, strategy, "balance", "wedge", False, ("level",), 18, 4.0)


def test_films_are_shared_out_among_strategies() -> None:
    fit = [wanted(task, "a") for task in range(5)] + [wanted(3, "b"), wanted(4, "b")]
    assert [(one.task, one.strategy) for one in chosen(fit, 5)] == [(0, "a"), (3, "b"), (1, "a"), (4, "b"), (2, "a")]
    assert len(chosen(fit, 100)) == 7
    assert [len(group) for group in grouped([wanted(0, "a"), wanted(0, "b"), wanted(1, "a"), wanted(0, "a", 3)])] == [
        2,
        1,
        1,
    ]


def test_the_expert_is_not_among_them(played: Evaluation) -> None:
    tasks: tuple[TaskRecord, ...] = played.tasks
    found = wanted_films(tasks, STRATEGIES)
    assert {one.strategy for one in found} == set(STRATEGIES) and len(found) == 4


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"only_failures": True}, "only_failures True without films; name a folder for them"),
        ({"most_films": 3}, "most_films 3 without films; name a folder for them"),
        ({"films": Path("films"), "most_films": 0}, "most_films 0; expected 1 or more"),
    ],
)
def test_options_that_make_no_sense(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(EvaluateError) as caught:
        config(**changes)
    assert str(caught.value) == message
