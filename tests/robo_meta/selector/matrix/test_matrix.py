"""The matrix: its file, what it refuses, and that a killed one goes on to the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from demos.expert.episode import shared_env
from robo_meta.cli.main import main
from robo_meta.runs.journal import JournalError
from robo_meta.selector.matrix.config import MatrixOrder
from robo_meta.selector.matrix.file import ARRAYS, FORM, load_matrix, save_matrix
from robo_meta.selector.matrix.matrix import EMPTY, MatrixError
from robo_meta.selector.matrix.play import JOURNAL, play_matrix
from robo_meta.selector.matrix.records import assemble, records_of
from robo_meta.selector.matrix.scene import FOLLOWED_UP, draw_condition, follow_up, split_of
from tests.altered import altered, other_schema
from tests.full_disk import full_disk
from tests.robo_meta.selector.selector_matrices import made_up

ROOT = Path(__file__).parents[4]
CHANCES = np.full((6, 3), 0.5)


def test_round_trip(tmp_path: Path) -> None:
    matrix = made_up(CHANCES, following=np.array([1, -1, 3, -1, -1, -1]), on_object=np.array([4, *[-1] * 5]))
    path = save_matrix(tmp_path / "m.safetensors", matrix)
    found = load_matrix(path)
    for name in ARRAYS:
        assert np.array_equal(getattr(found, name), getattr(matrix, name))
    assert all(np.array_equal(found.scenes[name], matrix.scenes[name]) for name in matrix.scenes)
    assert (found.strategies, found.feature_names) == (matrix.strategies, matrix.feature_names)
    assert found.scenes["asked"].tolist() == ["nothing", "any", "nothing", "any", "this-object", "nothing"]
    assert found.drawn.tolist() == [0, 2, 5] and found.available.all()
    first = path.read_bytes()
    assert save_matrix(path, found).read_bytes() == first
    part = found.only(np.array([2, 3, 5]))
    assert part.following[:, 0].tolist() == [1, -1, -1] and found.only(np.array([2])).following.tolist() == [[-1, -1]]


def test_what_can_be_taken() -> None:
    names = ("maml", "contrast", "retry")
    matrix = made_up(np.full((3, 3), 0.5), strategies=names, failed=np.array([0, 1, 2]))
    assert matrix.available.tolist() == [[True, False, True], *[[True, True, True]] * 2]
    assert matrix.first.tolist() == [[True, False, False], *[[True, True, False]] * 2]
    # Alone, they are what there is.
    assert made_up(np.full((1, 1), 0.5), strategies=("contrast",)).first.all()


def test_fewer_rollouts_where_scenes_are_asked_for() -> None:
    matrix = made_up(CHANCES, following=np.array([1, -1, -1, -1, -1, -1]), rollouts=4)
    success = matrix.success.copy()
    success[1, :, 2:] = EMPTY
    success[1, :, :2] = [[1, 0], [1, 1], [0, 0]]
    found = replace(matrix, success=success)
    assert found.means[1].tolist() == [0.5, 1.0, 0.0] and found.played[1].tolist() == [2, 2, 2]
    once = found.chances(np.array([1]), np.array([[1.0, 0, 0]]), np.array([[1.0, 0, 0]]))
    assert once[0].tolist() == [1.0, 1.0, 0.0]
    for place, line in ((0, "empty cell: scene 0"), (1, "empty cell: scene 1")):
        bad = success.copy()
        bad[place, 0, 1] = EMPTY  # of a scene as it is met, or one of the first two
        with pytest.raises(MatrixError, match=line):
            replace(matrix, success=bad)
    gap = success.copy()
    gap[1, 0, 3] = 1
    with pytest.raises(MatrixError, match="empty cell: scene 1"):
        replace(matrix, success=gap)


def test_some_of_the_strategies_with_what_is_known_of_them() -> None:
    features = {"fit: centre": np.arange(6), "apart: maml | centre": np.full(6, 2.0)}
    matrix = made_up(CHANCES, features=features)
    found = matrix.choosing(("centre", "maml"))
    assert np.array_equal(found.success, matrix.success[:, [2, 0]]) and found.seconds.tolist() == [0.05, 0.01]
    values = dict(zip(found.feature_names, found.features.T, strict=True))
    assert values["fit: centre"].tolist() == [0, 1, 2, 3, 4, 5] and "fit: replay" not in values
    assert matrix.choosing(matrix.strategies) is matrix
    with pytest.raises(MatrixError, match="without 'context'; play one that has it"):
        matrix.choosing(("maml", "context"))


@pytest.mark.parametrize(
    "changes, line",
    [
        (
            {"success": np.full((6, 3, 12), EMPTY)},
            "empty cell: scene 0 (task 0), strategy 'maml', rollout 0; play it with robo-meta select matrix",
        ),
        ({"success": np.zeros((6, 2, 12))}, "matrix: success of shape (6, 2, 12); it needs (6, 3, 12)"),
        ({"features": np.full((6, 45), np.nan)}, "matrix: feature 'shots' of scene 0 is not finite"),
        ({"seconds": np.zeros(2)}, "matrix: seconds of shape (2,); it needs (3,)"),
        ({"following": np.tile(np.arange(6)[:, None], 2)}, "matrix: following points to no other scene"),
        (
            {
                "success": np.zeros((6, 3, 1)),
                "retried": np.full((6, 3, 1), EMPTY),
                "beside": np.zeros((6, 0, 1)),
            },
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
        (lambda p: other_schema(p, FORM), "schema '0', this version reads '5'"),
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
    drawn = [draw_condition(0, "validation", index) for index in range(300)]
    assert drawn == [draw_condition(0, "validation", index) for index in range(300)]
    assert drawn != [draw_condition(1, "validation", index) for index in range(300)]
    for name, least in (("transfer", 3), ("shots", 3), ("operator", 3), ("failed", 3), ("sensing", 3), ("push", 3)):
        assert len({getattr(condition, name) for condition in drawn}) == least, name
    assert all(replace(condition, shots=condition.shots + 1) for condition in drawn)
    assert len({condition.light for condition in drawn}) > 30


def test_worlds_come_as_often_as_they_should() -> None:
    drawn = [draw_condition(0, "validation", index) for index in range(1200)]
    worlds = [condition.world for condition in drawn]
    tellable = [world for world in worlds if world != "untellable"]
    assert len(tellable) / len(worlds) == pytest.approx(0.9, abs=0.03)
    for world, share in (("paint", 0.5), ("repainted", 0.2), ("role", 0.3)):
        assert tellable.count(world) / len(tellable) == pytest.approx(share, abs=0.05), world
    goods = [condition for condition in drawn if condition.world == "role"]
    assert np.mean([condition.shots > 1 for condition in goods]) == pytest.approx(0.75, abs=0.08)
    # On the same object paint and part say the same, so that painted goods are always another object.
    assert {condition.transfer for condition in goods} == {"new-instance", "new-shape"}
    assert {condition.transfer for condition in drawn if condition.world == "repainted"} == {"same-object"}
    greys = [condition for condition in drawn if condition.light == "grey"]
    assert greys and {condition.world for condition in greys} == {"untellable"}
    # More demonstrations in a grey light do tell.
    assert {replace(condition, shots=2).world for condition in greys} == {"paint", "role"}


def test_a_share_of_the_queries_are_meshes() -> None:
    order = replace(ORDER, split="unseen-families", meshes="training")
    found = [split_of(order, index) for index in range(400)]
    assert found.count("training") / 400 == pytest.approx(0.25, abs=0.07)
    assert {split_of(replace(order, meshes=None), index) for index in range(50)} == {"unseen-families"}


SHORT = 44
"""A seed whose first two scenes have one demonstration, which takes least time, and different pushes."""
ORDER = MatrixOrder(scenes=2, rollouts=2, strategies=("centre",), controller="scripted", workers=1, seed=SHORT)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A matrix that nothing interrupted."""
    path = tmp_path_factory.mktemp("matrix") / "whole.safetensors"
    play_matrix(ORDER, path, progress=False)
    return path


def assert_same_bytes(path: Path, whole: Path) -> None:
    """But for the seconds, which are measured, and never twice the same."""
    same = replace(load_matrix(whole), seconds=load_matrix(path).seconds)
    assert save_matrix(path.with_name("same.safetensors"), same).read_bytes() == path.read_bytes()


def test_rows_are_scenes_with_their_demonstrations_and_with_one_more_of_each_kind(whole: Path) -> None:
    matrix = load_matrix(whole)
    assert matrix.success.shape == (6, 1, 2) and matrix.drawn.tolist() == [0, 3]
    nobody = [[-1, -1]] * 2
    assert matrix.following.tolist() == [[1, 2], *nobody, [4, 5], *nobody]
    assert matrix.scenes["asked"].tolist() == ["nothing", "any", "this-object"] * 2
    assert matrix.scenes["shots"].tolist() == [1, 2, 2] * 2 and matrix.scenes["push"].tolist() == [0.03] * 3 + [0] * 3
    # `centre` pays no heed to demonstrations: with one more, the same rollouts come to the same.
    assert np.array_equal(matrix.success[::3], matrix.success[1::3])
    assert np.array_equal(matrix.success[::3], matrix.success[2::3])


def test_killed_and_resumed_to_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    out, played = tmp_path / "killed.safetensors", list[int]()

    def stop(index: int) -> None:
        played.append(index)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        play_matrix(ORDER, out, progress=False, report=stop)
    journal = out.with_name(out.name + JOURNAL)
    assert not out.exists() and journal.exists()
    with pytest.raises(JournalError, match="begun with other seed; remove it or write elsewhere"):
        play_matrix(replace(ORDER, seed=1), out, progress=False)
    # As a kill in the middle of a write leaves it.
    with journal.open("a") as file:
        file.write('{"index": 1, "ro')
    play_matrix(ORDER, out, progress=False, report=played.append)
    assert played == [0, 1] and not journal.exists()
    assert_same_bytes(out, whole)
    # Whole: not played again; another order: refused.
    assert play_matrix(ORDER, out, progress=False, report=played.append).strategies == ("centre",) and played == [0, 1]
    with pytest.raises(MatrixError, match="holds a matrix with other seed; write to another file"):
        play_matrix(replace(ORDER, seed=3), out, progress=False)
    with pytest.raises(MatrixError, match="holds 2 scenes already, not 1; ask for as many, or for more"):
        play_matrix(replace(ORDER, scenes=1), out, progress=False)


COMMAND = (
    f"select matrix --scenes 2 --rollouts 2 --strategies centre --controller scripted --seed {SHORT} --out".split()
)


def test_ctrl_c_ends_two_workers_with_one_line_and_workers_change_nothing(whole: Path, tmp_path: Path, capsys) -> None:
    """One worker's scene is kept, the other worker is still playing."""
    out = tmp_path / "m.safetensors"
    journal = out.with_name(out.name + JOURNAL)
    command = [sys.executable, "-m", "robo_meta.cli.main", *COMMAND, str(out), "--workers", "2"]
    # In a process group of its own, which hears of it as a whole, as from a terminal.
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while process.poll() is None and not (journal.exists() and journal.read_bytes().count(b"\n") > 1):
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    bar, line = said.splitlines()
    assert bar.startswith("playing scenes")
    assert line == "robo-meta: stopped; what was finished is kept, and the same command goes on"
    assert process.returncode == 1 and not out.exists()
    assert journal.read_bytes().count(b"\n") == 2, "header and one scene: the other one was not waited for"
    assert main([*COMMAND, str(out), "--workers", "1"]) == 0
    assert_same_bytes(out, whole)


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path, capsys) -> None:
    out = tmp_path / "m.safetensors"
    journal = out.with_name(out.name + JOURNAL)
    with full_disk(100):  # not even the journal's first line
        assert main([*COMMAND, str(out), "--workers", "1"]) == 1
    assert capsys.readouterr().err.splitlines() == [f"robo-meta: {journal}: File too large"]
    assert not any(path.stat().st_size for path in tmp_path.iterdir())  # but for the lock, which is empty


def test_more_scenes_of_the_same_order_are_added_once_there_is_room(whole: Path, tmp_path: Path, capsys) -> None:
    grown, played = tmp_path / "grown.safetensors", list[int]()
    journal = grown.with_name(grown.name + JOURNAL)
    play_matrix(replace(ORDER, scenes=1), grown, progress=False, report=played.append)
    # What was measured for the first scenes is kept.
    altered(grown, FORM, seconds=np.array([12.5]))
    before = grown.read_bytes()
    # The world is built anew after so many episodes, for which the arm's file is written: now, while there is room.
    shared_env().close()
    shared_env().reset(seed=0)
    with full_disk(len(before)), pytest.raises(OSError, match="File too large") as caught:
        play_matrix(ORDER, grown, progress=False, report=played.append)
    # The second scene found room, the larger matrix did not.
    assert caught.value.filename == str(grown) and grown.read_bytes() == before and journal.exists()
    assert played == [0, 1] and not list(tmp_path.glob(".*.tmp"))
    assert main([*COMMAND, str(grown), "--workers", "1"]) == 0
    matrix = load_matrix(grown)
    assert matrix.provenance["scenes"] == 2 and matrix.seconds.tolist() == [12.5] and not journal.exists()
    assert_same_bytes(grown, whole)


def test_a_scene_that_could_not_be_demonstrated_is_kept_as_such(whole: Path, tmp_path: Path) -> None:
    found = load_matrix(whole)
    skipped = {"index": 2, "skipped": "no demonstration"}
    matrix = assemble([*records_of(found), skipped], found.strategies, found.seconds, found.provenance)
    assert matrix.provenance["scenes"] == 3 and len(matrix) == len(found) and records_of(matrix)[2] == skipped
    assert matrix.provenance["skipped"] == [{"task": 2, "reason": "no demonstration"}]
    path, played = save_matrix(tmp_path / "m.safetensors", matrix), list[int]()
    play_matrix(replace(ORDER, scenes=3), path, progress=False, report=played.append)
    assert played == []
    with pytest.raises(MatrixError, match=r"no scene could be demonstrated, e\.g\. no demonstration"):
        assemble([skipped], found.strategies, found.seconds, found.provenance)


def test_scenes_drawn_from_other_tables_are_another_matrix(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(whole.read_bytes())
    provenance = load_matrix(whole).provenance
    altered(path, FORM, record={"provenance": {**provenance, "axes": {**provenance["axes"], "failed": 0.5}}})
    with pytest.raises(MatrixError, match="holds a matrix with other axes; write to another file"):
        play_matrix(ORDER, path, progress=False)


@pytest.mark.parametrize(
    "changes, line",
    [
        (
            {"meshes": "real-objects"},
            "meshes 'real-objects' with split 'validation'; they are for testing, with unseen-objects,",
        ),
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


@pytest.mark.parametrize("by, most", [("physics", 3), ("keypoints", 1)])
def test_follow_ups_are_of_failures_in_the_next_rollout_and_few(by: str, most: int) -> None:
    asked: list[tuple[int, tuple]] = []

    def success(policy: tuple, number: int) -> bool:
        asked.append((number, policy))
        return number == 2

    # By physics, the third rollout's attempt succeeds after all, whatever keypoints say.
    table = SimpleNamespace(item=lambda policy, number: SimpleNamespace(success=number == 3, number=number))
    scored = SimpleNamespace(by=by, table=table, success=success)
    found = follow_up(scored, Follows(), "support", "policy", [0, 1, 0, 0, 1, 0])
    # Rollouts are numbered from 1; the fourth failure is one too many.
    assert found == [1, EMPTY, EMPTY, 0 if most == 3 else EMPTY, EMPTY, EMPTY] and FOLLOWED_UP[by] == most
    assert [number for number, _ in asked] == ([2, 5] if most == 3 else [2])
    assert [policy[1][0].number for _, policy in asked] == ([1, 4] if most == 3 else [1])
    # What wasn't played isn't followed up, and after the last rollout comes the first.
    assert follow_up(scored, Follows(), "support", "policy", [1, 0, EMPTY]) == [EMPTY, 0, EMPTY]
    assert follow_up(scored, Follows(), "support", "policy", [1, 0]) == [EMPTY, 0] and asked[-1][0] == 1
