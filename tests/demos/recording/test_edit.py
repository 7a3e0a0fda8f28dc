"""Edited datasets are datasets; what doesn't go together is refused; an interrupted edit goes on and loses nothing."""

import os
from collections import Counter

import pytest

from demos.recording.config import RecordConfig, RecordError
from demos.recording.edit import EditError, Exclusion, append, exclude, merge
from demos.recording.pack import pack
from demos.recording.recorder import record
from demos.storage.dataset import open_dataset
from demos.storage.derived_index import build_index
from demos.storage.folder import EPISODES, INDEX, PLANNED
from demos.storage.index_file import read_index, write_index
from demos.storage.lock import LOCK, LockError, sole_writer
from robo_meta.training.data import load_training_data
from sim.errors import InputError


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != LOCK
    }


@pytest.fixture
def made(tmp_path, fake_actors):
    """A function that records a small dataset: 2 tasks of 2 demonstrations and 2 planned tasks."""

    def make(name, **changes):
        usual = {"tasks": 2, "demos": 2, "planned": 2, "families": ("bar", "hammer"), "seed": 1}
        config = RecordConfig(out=tmp_path / name, actor=f"{fake_actors}:steady", **{**usual, **changes})
        record(config, progress=False)
        pack(config.out)
        return config

    return make


def test_excluded_episodes_are_gone_and_all_else_follows(made):
    config = made("a")
    folder, keys = config.out, open_dataset(config.out).keys
    whole = files(folder)
    found = exclude(folder, Exclusion(keys=(keys[0],)))
    assert (found.episodes, found.planned, found.changed) == (3, 2, 1)
    assert open_dataset(folder).keys == keys[1:] and len(open_dataset(folder).index["episodes"]) == 3
    assert len(load_training_data(folder).points) == 1 + 2  # a task that lacks a demonstration isn't packed
    assert build_index(folder) == read_index(folder)
    record(config, progress=False)
    pack(folder)
    assert files(folder) == whole


def test_episodes_are_excluded_by_family_task_and_failure(made, fake_actors):
    folder = made("a").out
    entries = open_dataset(folder).index["episodes"]
    family = next(iter(entries.values()))["family"]
    assert exclude(folder, Exclusion(families=(family,))).changed == sum(
        e["family"] == family for e in entries.values()
    )
    assert {demo.family for demo in open_dataset(folder)} == {"bar", "hammer"} - {family}
    folder = made("b").out
    exclude(folder, Exclusion(tasks=(1,)))
    assert {demo.task.index for demo in open_dataset(folder)} == {0}
    config = RecordConfig(
        out=folder.parent / "c",
        actor=f"{fake_actors}:clumsy",
        tasks=2,
        demos=2,
        families=("bar", "hammer"),
        keep_failures=True,
        seed=5,
    )
    record(config, progress=False)
    failed = [demo.provenance.key for demo in open_dataset(config.out) if not demo.success]
    assert failed and exclude(config.out, Exclusion(failures=True)).changed == len(failed)
    assert all(demo.success for demo in open_dataset(config.out))


def test_merged_recordings_train_together_though_their_tasks_have_equal_numbers(made, tmp_path):
    one, two = made("one").out, made("two", seed=2).out
    before = files(one), files(two)
    found = merge([one, two], tmp_path / "both")
    assert (found.episodes, found.planned) == (8, 4)
    data = load_training_data(tmp_path / "both")
    single = [load_training_data(folder) for folder in (one, two)]
    assert len(data.points) == 8 and len(data.hand) == sum(len(each.hand) for each in single)
    rows = Counter(row.numpy().tobytes() for row in data.points)
    assert rows == Counter(row.numpy().tobytes() for each in single for row in each.points)
    assert (files(one), files(two)) == before
    index = read_index(tmp_path / "both")
    assert len(index["merged"]) == 1 and index["counts"]["tasks"] == 4
    (tmp_path / "both" / INDEX).unlink()
    assert build_index(tmp_path / "both") == index  # from the files alone
    with pytest.raises(RecordError, match="merged from 2 recordings; record into another folder"):
        made("both")
    # What was merged can be merged on.
    three = made("three", seed=3).out
    assert merge([tmp_path / "both", three], tmp_path / "all").episodes == 12
    assert append(three, tmp_path / "both").episodes == 12
    assert len(load_training_data(three).points) == len(load_training_data(tmp_path / "all").points) == 12


def test_an_index_of_another_recording_loses_no_episode_silently(made, tmp_path):
    one, two = made("one").out, made("two", seed=2).out
    listed = {path.name for path in (one / "episodes").iterdir()} | {"index.json"}
    (one / INDEX).write_bytes((two / INDEX).read_bytes())
    for change in (lambda: merge([one, two], tmp_path / "both"), lambda: append(two, one)):
        with pytest.raises(InputError) as caught:
            change()
        assert str(one) in str(caught.value) and any(name in str(caught.value) for name in listed)
    assert len(list((two / "episodes").iterdir())) == 4 and not (tmp_path / "both").exists()


def test_appending_twice_adds_once(made):
    one, two = made("one").out, made("two", seed=2).out
    assert append(one, two).changed == 5
    whole = files(one)
    assert append(one, two).changed == 0
    assert files(one) == whole


def test_an_interrupted_edit_goes_on_and_loses_nothing(made, tmp_path, monkeypatch):
    one, two, whole = made("one").out, made("two", seed=2).out, made("whole").out
    append(whole, two)
    left, replace_file = iter(range(4)), os.replace  # the index, which says that it is not complete, and 3 episodes

    def full(source, target):
        if next(left, None) is None:
            raise OSError(28, "No space left on device", str(source))
        replace_file(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(OSError, match="No space left"):
            append(one, two)
    assert read_index(one)["complete"] is False
    assert len(open_dataset(one)) == 4 + 3  # what is there can be read at once
    append(one, two)
    assert files(one) == files(whole)
    keys = open_dataset(two).keys
    write_index(two, {**read_index(two), "complete": False})
    (two / EPISODES / f"{keys[0]}.safetensors").unlink()  # as a kill in the middle of excluding both leaves it
    assert exclude(two, Exclusion(keys=keys[:2])).episodes == 2


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"demos": 3, "seed": 2}, "demos 3, .* has 2; all tasks of a dataset have equally many demonstrations"),
        (
            {"families": ("mallet", "flag"), "seed": 2},
            "split 'validation', .* has 'training'; what is for training and what is for testing stays apart",
        ),
        ({"tasks": 3}, "draws the same tasks as another recording of seed 1, which would be in it twice"),
    ],
)
def test_recordings_that_do_not_go_together_are_refused(made, tmp_path, changes, message):
    one, two = made("one").out, made("two", **changes).out
    before = files(one), files(two)
    for action in (lambda: append(one, two), lambda: merge([one, two], tmp_path / "out")):
        with pytest.raises(EditError, match=message):
            action()
    assert (files(one), files(two)) == before and not (tmp_path / "out").exists()


def test_other_bad_edits_are_one_line(made, tmp_path):
    one = made("one").out
    before = files(one)
    with pytest.raises(EditError, match="no episode named; expected --keys, --families, --tasks or --failures"):
        Exclusion()
    for which, message in (
        (Exclusion(keys=("nothing",)), "holds no episode of key 'nothing'"),
        (Exclusion(tasks=(9,)), "holds no episode of task 9"),
    ):
        with pytest.raises(EditError, match=message):
            exclude(one, which)
    with pytest.raises(EditError, match="appended to itself; expected two datasets"):
        append(one, one)
    with pytest.raises(EditError, match="expected two or more different ones"):
        merge([one, one], tmp_path / "out")
    with pytest.raises(EditError, match="holds a dataset already; merge into a new folder, or append to it"):
        merge([one, made("two", seed=2).out], one)
    with sole_writer(one, "recording"), pytest.raises(LockError, match="another process is editing into it"):
        exclude(one, Exclusion(tasks=(0,)))
    assert files(one) == before
    nothing = made("nothing", planned=0).out
    with pytest.raises(EditError, match="nothing would be left of it; delete the folder instead"):
        exclude(nothing, Exclusion(tasks=(0, 1)))
    assert len(list((nothing / EPISODES).glob("*.safetensors"))) == 4 and not list((nothing / PLANNED).glob("*"))
