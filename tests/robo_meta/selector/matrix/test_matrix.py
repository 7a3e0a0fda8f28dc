"""The matrix: its file, what it refuses, and that a killed one goes on to the same bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from robo_meta.runs.journal import JournalError
from robo_meta.scenarios.conditions import Condition
from robo_meta.selector.matrix import play as module
from robo_meta.selector.matrix.config import MatrixOrder
from robo_meta.selector.matrix.file import FORM, load_matrix, save_matrix
from robo_meta.selector.matrix.matrix import EMPTY, MatrixError
from robo_meta.selector.matrix.play import JOURNAL, draw_condition, follow_up, play_matrix
from tests.altered import altered, other_schema
from tests.robo_meta.selector.selector_matrices import made_up

CHANCES = np.full((6, 3), 0.5)


def test_round_trip(tmp_path: Path) -> None:
    matrix = made_up(CHANCES, following=np.array([1, -1, 3, -1, -1, -1]), budget=np.array([0.02, *[np.inf] * 5]))
    path = save_matrix(tmp_path / "m.safetensors", matrix)
    found = load_matrix(path)
    for name in ("features", "success", "seconds", "following", "retried"):
        assert np.array_equal(getattr(found, name), getattr(matrix, name))
    assert all(np.array_equal(found.scenes[name], matrix.scenes[name]) for name in matrix.scenes)
    assert (found.strategies, found.feature_names) == (matrix.strategies, matrix.feature_names)
    assert found.affordable[0].tolist() == [True, True, False] and found.affordable[1:].all()
    first = path.read_bytes()
    assert save_matrix(path, found).read_bytes() == first
    part = found.only(np.array([2, 3, 5]))
    assert part.following.tolist() == [1, -1, -1] and found.only(np.array([2])).following.tolist() == [-1]


@pytest.mark.parametrize(
    "changes, line",
    [
        (
            {"success": np.full((6, 3, 12), EMPTY)},
            "empty cell: scene 0 (task 0), strategy 'maml', rollout 0; play it with robo-meta select matrix",
        ),
        ({"success": np.zeros((6, 2, 12))}, "matrix: success of shape (6, 2, 12); it needs (6, 3, 12)"),
        ({"features": np.full((6, 33), np.nan)}, "matrix: feature 'shots' of scene 0 is not finite"),
        ({"seconds": np.zeros(2)}, "matrix: seconds of shape (2,); it needs (3,)"),
        ({"following": np.arange(6)}, "matrix: following points to no other scene"),
        (
            {"success": np.zeros((6, 3, 1)), "retried": np.full((6, 3, 1), EMPTY)},
            "matrix of (6, 3, 1) scenes, strategies, rollouts; it needs 1, 1 and 2",
        ),
        ({"retried": np.full((6, 3, 11), EMPTY)}, "matrix: retried of shape (6, 3, 11); it needs (6, 3, 12)"),
        ({"retried": np.full((6, 3, 12), 2)}, "matrix: retried holds more than 0, 1 and -1"),
        ({"retried": np.ones((6, 3, 12))}, "matrix: retried holds more than 0, 1 and -1, or follows up what succeeded"),
    ],
)
def test_what_is_no_matrix(changes: dict, line: str) -> None:
    with pytest.raises(MatrixError) as caught:
        replace(made_up(CHANCES), **changes)
    assert str(caught.value).startswith(line)


@pytest.mark.parametrize(
    "damage, line",
    [
        (lambda p: p.unlink(), "no matrix; play one with robo-meta select matrix"),
        (lambda p: p.write_bytes(p.read_bytes()[:-40]), "truncated or damaged"),
        (lambda p: p.write_bytes(b"nothing"), "truncated or damaged"),
        (
            lambda p: np.savez(p.with_suffix(""), schema=np.array("2")) or p.with_suffix(".npz").rename(p),
            "truncated or",
        ),
        (lambda p: other_schema(p, FORM), "schema '0', this version reads '3'"),
        (lambda p: altered(p, FORM, success=np.full((6, 3, 12), -1, np.int8)), "empty cell: scene 0"),
        (lambda p: altered(p, FORM, drop="retried"), "no array 'retried'"),
        (lambda p: altered(p, FORM, seconds=np.array([0.1, np.nan, 0.1])), "seconds of"),
        (
            lambda p: altered(p, FORM, **{"scene.task": np.full(6, -1)}),
            "the column 'task' holds values that are not from",
        ),
        (lambda p: altered(p, FORM, **{"scene.family": np.full(6, 99)}), "'family' holds numbers beyond its"),
        (lambda p: altered(p, FORM, record={"provenance": {}}), "record.provenance has no 'families'"),
        (lambda p: altered(p, FORM, record={"provenance": {"families": ["axe"]}}), "is not among the families"),
    ],
)
def test_damaged_files_are_one_line(damage, line: str, tmp_path: Path) -> None:
    path = save_matrix(tmp_path / "m.safetensors", made_up(CHANCES))
    damage(path)
    with pytest.raises(MatrixError) as caught:
        load_matrix(path)
    assert line in str(caught.value) and str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_conditions_vary_and_hang_on_the_seed_alone() -> None:
    drawn = [draw_condition(0, "validation", index) for index in range(120)]
    assert drawn == [draw_condition(0, "validation", index) for index in range(120)]
    assert drawn != [draw_condition(1, "validation", index) for index in range(120)]
    for name, least in (("transfer", 3), ("shots", 4), ("operator", 3), ("failed", 3), ("sensing", 3), ("push", 3)):
        assert len({getattr(condition, name) for condition in drawn}) == least, name
    assert any(condition.colours_unknown for condition in drawn) and not all(c.colours_unknown for c in drawn)
    assert all(replace(condition, shots=condition.shots + 1) for condition in drawn)
    assert len({condition.budget for condition in drawn}) == 3


ORDER = MatrixOrder(scenes=2, rollouts=2, strategies=("centre", "replay"), controller="scripted", workers=1)


SHORT = 21
"""A seed whose first two scenes have one demonstration, which takes least time."""


def simple(root: int, split: str, index: int) -> Condition:
    return Condition("new-instance", shots=1, push=0.015 * index)


def test_killed_and_resumed_to_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "draw_condition", simple)
    monkeypatch.setattr(module, "nominal_seconds", lambda *_: np.array([0.01, 0.02]))
    out, whole = tmp_path / "killed.safetensors", tmp_path / "whole.safetensors"
    real, calls = module.play_scene, []

    def play(*arguments):
        calls.append(arguments[5])
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(module, "play_scene", play)
    with pytest.raises(KeyboardInterrupt):
        play_matrix(ORDER, out, progress=False)
    journal = out.with_name(out.name + JOURNAL)
    assert not out.exists() and journal.exists()
    with pytest.raises(JournalError, match="begun with other seed; remove it or write elsewhere"):
        play_matrix(replace(ORDER, seed=1), out, progress=False)
    # As a kill in the middle of a write leaves it.
    with journal.open("a") as file:
        file.write('{"index": 1, "ro')
    matrix = play_matrix(ORDER, out, progress=False)
    assert calls == [0, 1, 1] and not journal.exists()
    play_matrix(ORDER, whole, progress=False)
    assert out.read_bytes() == whole.read_bytes()
    assert matrix.success.shape == (4, 2, 2) and matrix.following.tolist() == [1, -1, 3, -1]
    assert matrix.scenes["shots"].tolist() == [1, 2, 1, 2] and matrix.scenes["push"].tolist() == [0, 0, 0.015, 0.015]
    # `centre` pays no heed to demonstrations: with one more, the same rollouts come to the same.
    assert np.array_equal(matrix.success[::2, 0], matrix.success[1::2, 0])
    # Whole: not played again; another order: refused.
    assert play_matrix(ORDER, out, progress=False).strategies == ("centre", "replay") and len(calls) == 5
    with pytest.raises(MatrixError, match="holds a matrix with other seed; write to another file"):
        play_matrix(replace(ORDER, seed=3), out, progress=False)
    with pytest.raises(MatrixError, match="holds 2 scenes already, not 1; ask for as many, or for more"):
        play_matrix(replace(ORDER, scenes=1), out, progress=False)


def test_workers_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(draw_condition(SHORT, "validation", index).shots == 1 for index in range(2))
    # Measured in this process, and never twice the same.
    monkeypatch.setattr(module, "nominal_seconds", lambda *_: np.array([0.01]))
    files = {workers: tmp_path / f"{workers}.safetensors" for workers in (1, 2)}
    for workers, file in files.items():
        play_matrix(replace(ORDER, workers=workers, strategies=("centre",), seed=SHORT), file, progress=False)
    assert files[1].read_bytes() == files[2].read_bytes()


def test_more_scenes_of_the_same_order_are_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "draw_condition", simple)
    measured = iter(([0.01, 0.02], [0.03, 0.04]))
    monkeypatch.setattr(module, "nominal_seconds", lambda *_: np.array(next(measured)))
    grown, whole = tmp_path / "grown.safetensors", tmp_path / "whole.safetensors"
    real, calls = module.play_scene, []

    def play(*arguments):
        calls.append(arguments[5])
        # The last one can't be demonstrated.
        return {"index": 2, "skipped": "no demonstration"} if arguments[5] == 2 else real(*arguments)

    monkeypatch.setattr(module, "play_scene", play)
    for scenes in (1, 2, 3):
        matrix = play_matrix(replace(ORDER, scenes=scenes), grown, progress=False)
        assert matrix.provenance["scenes"] == scenes and matrix.seconds.tolist() == [0.01, 0.02]
    assert calls == [0, 1, 2] and len(matrix.provenance["skipped"]) == 1
    again = play_matrix(replace(ORDER, scenes=3), whole, progress=False)
    assert calls == [0, 1, 2, 0, 1, 2]
    assert save_matrix(whole, replace(again, seconds=matrix.seconds)).read_bytes() == grown.read_bytes()


@pytest.mark.parametrize(
    "changes, line",
    [
        ({"scenes": 0}, "scenes 0; expected 1 or more"),
        ({"rollouts": 1}, "rollouts 1; expected 2 or more"),
        ({"workers": 0}, "workers 0; expected 1 or more"),
        ({"seed": -1}, "seed -1; expected 0 or more"),
        ({"strategies": ("selector",)}, "strategy 'selector' in a matrix; expected some of zero-shot,"),
        (
            {"strategies": ("maml+scripted-controller",)},
            "strategy 'maml+scripted-controller' in a matrix; expected some of",
        ),
        ({"strategies": ("retry",)}, "strategy 'retry' alone; expected others beside it"),
        ({"strategies": ("centre", "centre")}, "strategies centre centre; expected each once"),
        ({"controller": "left"}, "controller 'left'; expected learned or scripted"),
    ],
)
def test_orders_that_make_no_sense(changes: dict, line: str) -> None:
    with pytest.raises(MatrixError) as caught:
        MatrixOrder(**changes)
    assert str(caught.value).startswith(line)


class Follows:
    """Adapts to what failed by remembering it."""

    def adapt_after(self, support: str, attempts: tuple) -> tuple:
        return support, attempts


def test_follow_ups_are_of_failures_in_the_next_rollout_and_few() -> None:
    asked = []

    def play(policy: tuple, number: int) -> SimpleNamespace:
        asked.append((number, policy))
        return SimpleNamespace(success=number == 2)

    items = [SimpleNamespace(success=done, name=place) for place, done in enumerate([0, 1, 0, 0, 1, 0])]
    found = follow_up(play, Follows(), "support", items)
    # Rollouts are numbered from 1; the fourth failure is one too many.
    assert found == [1, EMPTY, 0, 0, EMPTY, EMPTY] and module.FOLLOWED_UP == 3
    assert [number for number, _ in asked] == [2, 4, 5]
    assert [policy for _, policy in asked] == [("support", (items[place],)) for place in (0, 2, 3)]
    last = [SimpleNamespace(success=1), SimpleNamespace(success=0)]
    assert follow_up(play, Follows(), "support", last) == [EMPTY, 0] and asked[-1][0] == 1


def test_the_identity_holds_what_scenes_are_drawn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    before = module._identity(ORDER, None, ORDER.strategies)
    monkeypatch.setattr(module.axes, "FOREIGN", 0.5)
    after = module._identity(ORDER, None, ORDER.strategies)
    assert before["axes"] != after["axes"] and before["schema"] == after["schema"] == FORM.schema
    assert json.loads(json.dumps(before)) == before
