"""The store gives back what it was given, or one clear line."""

import json
import os
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from demos.demo import installed_versions
from demos.recording.config import RecordConfig
from demos.storage.array_file import write_array_file
from demos.storage.dataset import describe, episode_path, make_folders, open_dataset
from demos.storage.derived_index import build_index
from demos.storage.episode_file import EPISODE, StoreError, read_demo, write_demo
from demos.storage.files import remove_temporaries, write_atomic
from demos.storage.folder import INDEX, PLANNED
from demos.storage.index_file import write_index
from demos.storage.packed_file import TASK_LAYOUT
from demos.storage.planned_file import PLANNED_CHUNK
from tests.altered import other_schema

CONFIG = RecordConfig(out="unused", demos=1).identity


@pytest.fixture
def dataset(tmp_path, make_demo):
    """Three episodes, one of them a failure, and their index."""
    folder = tmp_path / "data"
    make_folders(folder)
    demos = [make_demo(number, family=family, verdict={"held": held}) for number, family, held in
             ((2, "hammer", True), (1, "bar", True), (3, "hammer", False))]  # fmt: skip
    for demo in demos:
        write_demo(episode_path(folder, demo.provenance.key), demo, CONFIG)
    write_index(folder, build_index(folder))
    return folder


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_demo_comes_back_bit_for_bit(tmp_path, make_demo):
    demo = make_demo()
    write_demo(tmp_path / "a.safetensors", demo, CONFIG)
    back = read_demo(tmp_path / "a.safetensors")
    for name in ("state", "points", "actions", "labels", "rewards"):
        assert np.array_equal(getattr(back, name), getattr(demo, name))
    for name in ("verdict", "family", "object_id", "task", "provenance"):
        assert getattr(back, name) == getattr(demo, name)
    write_demo(tmp_path / "b.safetensors", back, CONFIG)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_the_index_can_be_rebuilt_from_the_files_alone(dataset):
    before = files(dataset)
    (dataset / INDEX).unlink()
    write_index(dataset, build_index(dataset))
    assert files(dataset) == before


def test_a_dataset_is_read_in_order_of_its_keys(dataset):
    opened = open_dataset(dataset)
    assert [demo.task.index for demo in opened] == [1, 2, 3]
    assert len(opened) == 3


def test_describe_says_what_is_in_it(dataset):
    counts = describe(dataset)["counts"]
    assert counts["episodes"] == 3
    assert counts["successes"] == 2
    assert counts["families"] == {"bar": {"episodes": 1, "successes": 1}, "hammer": {"episodes": 2, "successes": 1}}
    json.dumps(describe(dataset))


def truncate(path):
    path.write_bytes(path.read_bytes()[:-50])


def cut_header(path):
    path.write_bytes(path.read_bytes()[:40])


def empty(path):
    path.write_bytes(b"")


def alter_array(path):
    content = bytearray(path.read_bytes())
    content[-10] ^= 1
    path.write_bytes(content)


def alter_label(path):
    path.write_bytes(path.read_bytes().replace(b"hammer", b"hummer"))


DAMAGE = {
    truncate: "truncated or damaged",
    cut_header: "truncated or damaged",
    empty: "truncated or damaged",
    alter_array: "altered: its checksum",
    alter_label: "altered: its checksum",
    partial(other_schema, form=EPISODE): "schema '0', this version reads '3'; delete it and record again",
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("indexed", [True, False])
def test_a_damaged_episode_is_named_and_never_read(dataset, damage, indexed):
    key = open_dataset(dataset).keys[1]
    path = episode_path(dataset, key)
    before = path.read_bytes()
    damage(path)
    assert path.read_bytes() != before
    if not indexed:
        (dataset / INDEX).unlink()
    with pytest.raises(StoreError) as error:
        open_dataset(dataset).demo(key)
    assert DAMAGE[damage] in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_episode_never_enters_an_index(dataset, damage):
    damage(episode_path(dataset, open_dataset(dataset).keys[1]))
    before = files(dataset)
    with pytest.raises(StoreError) as error:
        build_index(dataset)
    assert DAMAGE[damage] in str(error.value)
    assert files(dataset) == before


def write_chunk(folder, drop=None, form=PLANNED_CHUNK, **changes):
    """A chunk of planned demonstrations with fields of its record changed, or left out."""
    shapes = {name: [{"N": 1, "D": 1, "P": 9, "L": 4}.get(axis, axis) for axis in axes]
              for name, (_, axes) in TASK_LAYOUT.items()}  # fmt: skip
    arrays = {name: np.zeros(shape, TASK_LAYOUT[name][0]) for name, shape in shapes.items()}
    record = {
        "config": CONFIG,
        "families": ["bar"],
        "first": 1,
        "tasks": 1,
        "versions": installed_versions(),
        **changes,
    }
    path = folder / PLANNED / "000000.safetensors"
    write_array_file(path, form, {name: value for name, value in record.items() if name != drop}, arrays)
    return path


def cut_chunk(folder):
    cut_header(write_chunk(folder))


def empty_chunk(folder):
    empty(write_chunk(folder))


CHUNK_DAMAGE = {
    "cut off in the header": (cut_chunk, "truncated or damaged (the header is longer than the file)"),
    "empty": (empty_chunk, "truncated or damaged (the header is longer than the file)"),
    "an episode": (partial(write_chunk, form=replace(PLANNED_CHUNK, name="episode")), "this is of the form 'episode'"),
    "another schema": (
        partial(write_chunk, form=replace(PLANNED_CHUNK, schema="0")),
        "schema '0', this version reads '3'; delete it and record again",
    ),
    "no config": (partial(write_chunk, drop="config"), "truncated or damaged (record has no 'config'"),
    "a list": (partial(write_chunk, config=[1]), "truncated or damaged (record.config is [1]; expected a table"),
    "no count": (partial(write_chunk, drop="tasks"), "truncated or damaged (record has no 'tasks'"),
    "another world": (
        partial(write_chunk, versions={**installed_versions(), "physics": "0"}),
        "recorded with physics 0 and verdict 2, the rest of",
    ),
    "another dataset's": (
        partial(write_chunk, config={**CONFIG, "seed": 1}),
        "recorded with another configuration than the rest of",
    ),
}


@pytest.mark.parametrize("case", CHUNK_DAMAGE)
def test_a_damaged_or_foreign_chunk_is_named_and_never_enters_an_index(dataset, case):
    damage, message = CHUNK_DAMAGE[case]
    write_chunk(dataset)
    (dataset / INDEX).unlink()
    assert describe(dataset)["counts"]["planned_tasks"] == 1
    damage(dataset)
    with pytest.raises(StoreError) as error:
        describe(dataset)
    assert str(error.value).startswith(f"{dataset / PLANNED / '000000.safetensors'}: {message}")
    assert "\n" not in str(error.value)


def test_an_episode_of_another_recording_in_its_place_is_noticed(dataset, make_demo):
    key = open_dataset(dataset).keys[1]
    write_demo(episode_path(dataset, key), make_demo(2, steps=9), CONFIG)
    with pytest.raises(StoreError, match="altered: its checksum"):
        open_dataset(dataset).demo(key)


def test_files_that_changed_places_are_noticed(dataset):
    first, second = sorted((dataset / "episodes").iterdir())[:2]
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)
    with pytest.raises(StoreError, match=f"{first.name}: holds the episode {second.stem}; a file was renamed"):
        build_index(dataset)
    with pytest.raises(StoreError, match=f"{first.name}: altered: its checksum is"):
        describe(dataset)


def test_an_index_of_other_files_is_not_taken_at_its_word(dataset):
    index = (dataset / INDEX).read_bytes()
    written = sorted((dataset / "episodes").iterdir())
    written[0].unlink()
    write_index(dataset, build_index(dataset))
    fewer = (dataset / INDEX).read_bytes()
    (dataset / INDEX).write_bytes(index)
    with pytest.raises(StoreError, match=f"{written[0].name}: missing, though index.json lists it"):
        describe(dataset)
    (dataset / INDEX).write_bytes(fewer)
    written[0].write_bytes(written[1].read_bytes())
    with pytest.raises(StoreError, match=f"{written[0].name}: not in index.json; delete index.json"):
        describe(dataset)


def test_other_troubles_with_the_folder(dataset, tmp_path):
    with pytest.raises(StoreError, match="no such dataset folder"):
        open_dataset(tmp_path / "nowhere")
    (tmp_path / "void").mkdir()
    with pytest.raises(StoreError, match=r"no dataset here; expected index.json or episodes/\*.safetensors"):
        open_dataset(tmp_path / "void")
    key = open_dataset(dataset).keys[0]
    episode_path(dataset, key).unlink()
    with pytest.raises(StoreError, match=f"{key}.*missing, though index.json lists it"):
        open_dataset(dataset)
    index = json.loads((dataset / INDEX).read_text())
    (dataset / INDEX).write_text(json.dumps({**index, "schema": "0"}))
    with pytest.raises(StoreError, match=r"index\.json: schema '0', this version reads '3'"):
        open_dataset(dataset)
    (dataset / INDEX).write_text("{")
    with pytest.raises(StoreError, match=r"index\.json: damaged"):
        open_dataset(dataset)


def test_an_empty_dataset_is_said_to_be_empty(tmp_path):
    make_folders(tmp_path)
    write_index(tmp_path, build_index(tmp_path, CONFIG))
    with pytest.raises(StoreError, match="an empty dataset; record into it first"):
        open_dataset(tmp_path)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="file/data"):
        make_folders(tmp_path / "file" / "data")


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "a"
    write_atomic(path, [b"old"])

    def dies():
        yield b"ne"
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_atomic(path, dies())
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]
    (tmp_path / ".b.123.tmp").write_bytes(b"half")
    remove_temporaries(tmp_path)
    assert os.listdir(tmp_path) == ["a"]
