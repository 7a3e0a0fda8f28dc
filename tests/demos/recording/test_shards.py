"""Shards of a recording, joined, are the recording that one machine would have made, byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from demos.recording.config import CHUNK, RecordConfig
from demos.recording.edit import merge
from demos.recording.pack import pack
from demos.recording.planned import missing_chunks
from demos.recording.recorder import record
from demos.shards import ShardError
from demos.storage.dataset import open_dataset
from demos.storage.lock import LOCK


def files(folder: Path) -> dict[str, bytes]:
    """What a dataset holds, but for the lock, which stays there empty."""
    held = [path for path in folder.rglob("*") if path.is_file() and path.name != LOCK]
    return {str(path.relative_to(folder)): path.read_bytes() for path in held}


@pytest.fixture
def make(tmp_path: Path, fake_actors: str) -> Any:
    """A function that records 5 tasks of 2 demonstrations, failures kept, and 3 planned ones, or a shard of these."""

    def recorded(name: str, shard: str | None = None, **changes: Any) -> Path:
        usual = {"tasks": 5, "demos": 2, "planned": 3, "families": ("bar", "hammer"), "keep_failures": True, "seed": 1}
        config = RecordConfig(out=tmp_path / name, actor=f"{fake_actors}:clumsy", shard=shard, **{**usual, **changes})
        record(config, progress=False)
        if config.planned:
            pack(config.out)
        return config.out

    return recorded


def test_shards_joined_are_the_whole_byte_for_byte(make: Any, tmp_path: Path) -> None:
    whole = make("whole")
    shards = [make(f"shard-{number}", f"{number}/3") for number in range(3)]
    tasks = [{demo.task.index for demo in open_dataset(shard)} for shard in shards]
    assert tasks == [{0, 3}, {1, 4}, {2}]
    # In whatever order they are named.
    for name, sources in (("joined", shards), ("turned", shards[::-1])):
        merge(sources, tmp_path / name)
        assert files(tmp_path / name) == files(whole)


def test_what_a_missing_shard_had_is_recorded_into_the_joined_folder(make: Any, tmp_path: Path) -> None:
    whole = make("whole")
    merge([make("0", "0/3"), make("2", "2/3")], tmp_path / "joined")
    assert {demo.task.index for demo in open_dataset(tmp_path / "joined")} == {0, 2, 3}
    assert files(make("joined")) == files(whole)


def test_files_of_planned_tasks_are_dealt_out_once_each(tmp_path: Path) -> None:
    def chunks(shard: str | None) -> dict[int, int]:
        return missing_chunks(RecordConfig(out=tmp_path, tasks=0, planned=5 * CHUNK + 7, shard=shard))

    dealt = [chunks(f"{number}/4") for number in range(4)]
    assert [sorted(found) for found in dealt] == [[0, 4], [1, 5], [2], [3]]
    assert {number: size for found in dealt for number, size in found.items()} == chunks(None)


def test_a_shard_without_work_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ShardError, match="shard 5/6 of 5 tasks and chunks of planned ones has none"):
        RecordConfig(out=tmp_path, tasks=5, shard="5/6")
    assert RecordConfig(out=tmp_path, tasks=1, planned=3 * CHUNK, shard="2/3").part.number == 2
