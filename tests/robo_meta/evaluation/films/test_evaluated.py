"""An evaluation's films show the rollouts that were evaluated, are bounded, and go on where they were stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demos.film.panel import Shot
from demos.film.screen import Screen
from robo_meta.cli.evaluate import film_lines
from robo_meta.evaluation.config import EvaluateConfig, EvaluateError
from robo_meta.evaluation.evaluate import evaluate
from robo_meta.evaluation.films.evaluated import chosen, film_evaluation, grouped
from robo_meta.evaluation.films.records import Wanted, wanted_films, without_attempt
from robo_meta.evaluation.films.scene import film_strategy
from robo_meta.evaluation.result import Evaluation
from robo_meta.report.films import read_films
from robo_meta.runs.journal import JournalError
from robo_meta.runs.json_records import to_json
from robo_meta.scenarios.conditions import Condition
from robo_meta.scenarios.matched_scenes import matched_task
from robo_meta.scenarios.supports import record_demonstrations
from robo_meta.selector.learner.config import LearnerConfig
from robo_meta.selector.learner.file import save_selector
from robo_meta.selector.learner.fitted_q import train_selector
from robo_meta.selector.learner.prices import Prices
from robo_meta.strategies.build import shared_strategies
from tests.demos.film.blank import BlankPictures
from tests.robo_meta.selector.selector_matrices import made_up

STRATEGIES = ("centre", "density-fit")


def config(**changes: Any) -> EvaluateConfig:
    cheap = {"split": ("validation",), "transfer": ("new-shape",), "shots": (1,), "controller": "scripted"}
    return EvaluateConfig(**{**cheap, "workers": 1, "tasks": 1, "strategies": STRATEGIES, **changes})


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
    asked, folder = config(films=tmp_path / "films", most_films=1), tmp_path / "films"
    made = film_evaluation(asked, played.tasks, progress=False, env=env)
    assert (made.films, made.wanted, made.most, made.otherwise) == (1, 3, 1, ())
    assert film_lines(to_json(made)) == [
        f"1 of 3 rollouts on film in {folder}, listed in films.json; --most-films is 1"
    ]
    rows = {(task.index, row.strategy): row for task in played.tasks for row in task.rows}
    first = films_in(folder)
    assert [name.split("-")[-2] for name in first] == ["centre"]
    more = film_evaluation(replace(asked, most_films=3), played.tasks, progress=False, env=env)
    second = films_in(folder)
    # What is there stays as it is.
    assert more.films == len(second) == 3 and first.items() < second.items() and more.otherwise == more.left_out == ()
    index = json.loads((folder / "films.json").read_text())
    assert [(film["task"], film["strategy"]) for film in index] == [(0, "expert"), (0, "centre"), (0, "density-fit")]
    assert set(second) == {film["file"] for film in index}
    for film in index:
        row = rows[film["task"], film["strategy"]]
        assert film["success"] is row.success and film["failed"] == list(row.failed)
        assert (film["transfer"], film["shots"]) == (row.transfer, row.shots)
        assert film["rollout"] == matched_task(0, "validation", film["task"]).rollout_seed
        outcome = "success" if row.success else "failure"
        shown = "" if film["strategy"] == "expert" else "new-shape-1-"
        assert film["file"] == f"validation-{film['task']:05d}-{shown}{film['strategy']}-{outcome}.mp4"
        (of_page,) = [one for one in read_films(folder / "films.json", tmp_path) if one.strategy == row.strategy]
        assert of_page.shows("validation", row.transfer, film["task"], row.strategy, row.shots)
    failed = sum(not row.success for row in rows.values())
    only = film_evaluation(replace(asked, only_failures=True), played.tasks, progress=False, env=env)
    assert only.wanted == only.films == failed > 0 and films_in(folder) == second
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
    asked = config(films=tmp_path, most_films=1, attempts=2)
    made = film_evaluation(asked, [replace(task, rows=tuple(altered))], progress=False, env=env)
    assert made.films == 0 and made.otherwise == ("centre, validation task 0",)
    assert not films_in(tmp_path) and json.loads((tmp_path / "films.json").read_text()) == []
    _, *said = film_lines(to_json(made))
    assert "not filmed, as it then came to something else: centre" in said[0]
    assert said[1:] == ["not filmed: further attempts of retry and maml (--attempts)"]


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


def test_a_policy_that_asks_is_filmed_with_all_that_it_saw_and_tried(
    tiny_run: Path, env: BlankPictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks for one more demonstration where it has one, and attempts twice where the first attempt fails."""
    shots = np.arange(24) % 2 + 1
    chances = np.where(shots[:, None] == 1, [[0.2, 0.2]], [[0.9, 0.1]])
    following = np.where(shots == 1, np.arange(24) + 1, -1)
    matrix = made_up(chances, features={"shots": shots}, following=following, strategies=("replay", "centre"))
    trained = train_selector(matrix, Prices(attempts=2), LearnerConfig(trees=5, least=4))
    file = save_selector(tmp_path / "s.safetensors", trained)
    asked = config(
        checkpoint=tiny_run, strategies=("selector+asking",), selector=file, films=tmp_path / "films", tasks=2
    )
    found = evaluate(replace(asked, films=None), progress=False)
    screens: dict[str, Screen] = {}
    monkeypatch.setattr(
        "robo_meta.evaluation.films.evaluated.write_screen", lambda path, one: screens.update({path.name: one})
    )
    assert film_evaluation(asked, found.tasks, progress=False, env=env).otherwise == ()
    for task in found.tasks:
        (row,), (told,) = [row for row in task.rows if row.transfer], task.asking or ()
        outcome = "success" if row.success else "failure"
        screen = screens[f"validation-{task.index:05d}-new-shape-1-selector+asking-{outcome}.mp4"]
        assert told.asked and len(screen.demonstrations) == 1 + len(told.asked)
        assert len(screen.attempts) == told.attempts
        assert [shot.title.split(" on ")[0] for shot in screen.attempts] == [
            f"attempt {number}, {action}," for number, action in enumerate(told.actions[1:], start=1)
        ]
        assert screen.attempts[-1].take.episode.steps == row.steps
    attempts = [task.asking[0].attempts for task in found.tasks if task.asking]
    assert max(attempts) == 2


def test_who_gave_up_at_once_is_named_and_not_filmed(played: Evaluation) -> None:
    task = played.tasks[0]
    idle = replace(task.rows[-1], strategy="selector+asking", steps=0, success=False, failed=("attempted",))
    tasks = [replace(task, rows=(*task.rows, idle))]
    assert [one.strategy for one in wanted_films(tasks)] == [*STRATEGIES, "expert"]
    assert without_attempt(tasks) == ["selector+asking, validation task 0, new-shape: it gave up without an attempt"]


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
