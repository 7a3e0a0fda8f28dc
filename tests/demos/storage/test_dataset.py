"""The store gives back what it was given, or one clear line."""

import json
import os
from functools import partial

import numpy as np
import pytest

from demos.demo import SCHEMA
from demos.storage.dataset import (
    INDEX,
    PLANNED,
    build_index,
    describe,
    episode_path,
    make_folders,
    open_dataset,
    write_index,
)
from demos.storage.episode_file import StoreError, read_demo, write_demo
from demos.storage.files import remove_temporaries, write_atomic, write_safetensors

CONFIG = {"seed": 0, "demos": 1}


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


def other_schema(path):
    path.write_bytes(path.read_bytes().replace(b'\\"schema\\": \\"2\\", \\"task', b'\\"schema\\": \\"9\\", \\"task'))


DAMAGE = {
    truncate: "truncated or damaged",
    cut_header: "truncated or damaged",
    empty: "truncated or damaged",
    alter_array: "altered: checksum",
    alter_label: "altered: checksum",
    other_schema: "schema '9', this version reads '2'; record again",
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


def chunk_text(**changes):
    """What a chunk says of itself, but for `changes`; what is None is left out."""
    said = {"schema": SCHEMA, "config": CONFIG, "tasks": 1, **changes}
    return json.dumps({name: value for name, value in said.items() if value is not None})


def write_chunk(folder, **changes):
    """A chunk of planned demonstrations with some of its metadata changed, or left out where None."""
    metadata = {"chunk": chunk_text(), "checksum": "0", **changes}
    path = folder / PLANNED / "000000.safetensors"
    write_safetensors(path, {"points": np.zeros(3)}, {name: text for name, text in metadata.items() if text})
    return path


def cut_chunk(folder):
    cut_header(write_chunk(folder))


def empty_chunk(folder):
    empty(write_chunk(folder))


CHUNK_DAMAGE = {
    "cut off in the header": (cut_chunk, "truncated or damaged (the header is longer than the file"),
    "empty": (empty_chunk, "truncated or damaged (Expecting value"),
    "no header text": (partial(write_chunk, chunk=None), "no planned demonstrations inside (KeyError('chunk'))"),
    "no JSON": (partial(write_chunk, chunk="{"), "no planned demonstrations inside (JSONDecodeError("),
    "a list": (partial(write_chunk, chunk="[]"), "no planned demonstrations inside (TypeError("),
    "another schema": (partial(write_chunk, chunk=chunk_text(schema="0")), "schema '0', this version reads"),
    "no schema": (
        partial(write_chunk, chunk=chunk_text(schema=None)),
        "no planned demonstrations inside (KeyError('schema'))",
    ),
    "no config": (
        partial(write_chunk, chunk=chunk_text(config=None)),
        "no planned demonstrations inside (KeyError('config'))",
    ),
    "no count": (
        partial(write_chunk, chunk=chunk_text(tasks=None)),
        "no planned demonstrations inside (KeyError('tasks'))",
    ),
    "no checksum": (partial(write_chunk, checksum=None), "no planned demonstrations inside (KeyError('checksum'))"),
    "another dataset's": (
        partial(write_chunk, chunk=chunk_text(config={**CONFIG, "seed": 1})),
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
    with pytest.raises(StoreError, match="altered: checksum"):
        open_dataset(dataset).demo(key)


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
    with pytest.raises(StoreError, match=r"index\.json: schema '0', this version reads '2'"):
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
    with pytest.raises(StoreError, match="file/data: cannot write here: Not a directory"):
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
