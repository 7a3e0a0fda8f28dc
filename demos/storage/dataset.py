"""A dataset folder: one file an episode, chunks of planned demonstrations, and an index that follows from them.

- `index.json`: schema, configuration, counts, and a checksum for each file
- `episodes/<key>.safetensors`: written by `demos/storage/episode_file.py`
- `planned/<number>.safetensors`: written by `demos/recording/planned.py`
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demos.demo import SCHEMA, Demo
from demos.storage.episode_file import StoreError, file_metadata, read_demo, read_record
from demos.storage.files import json_bytes, write_atomic

INDEX, EPISODES, PLANNED = "index.json", "episodes", "planned"


@dataclass(frozen=True)
class Dataset:
    """An opened dataset folder."""

    folder: Path
    index: Mapping[str, Any]
    """Content of `index.json`; rebuilt in memory where recording was cut off."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Episode keys, sorted."""
        return tuple(self.index["episodes"])

    def demo(self, key: str) -> Demo:
        """Read one episode and check it against the index."""
        return read_demo(episode_path(self.folder, key), self.index["episodes"][key]["checksum"])

    def __iter__(self) -> Iterator[Demo]:
        return (self.demo(key) for key in self.keys)

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def planned_paths(self) -> tuple[Path, ...]:
        """Chunk files of planned demonstrations, in order."""
        return tuple(self.folder / PLANNED / f"{name}.safetensors" for name in self.index["planned"])


def episode_path(folder: Path, key: str) -> Path:
    """Where the episode called `key` lies."""
    return folder / EPISODES / f"{key}.safetensors"


def make_folders(folder: Path) -> None:
    """Create the dataset's folders and see that they can be written to.

    Raises:
        StoreError: they cannot.
    """
    try:
        for part in (folder, folder / EPISODES, folder / PLANNED):
            part.mkdir(parents=True, exist_ok=True)
            probe = part / ".probe.tmp"
            probe.touch()
            probe.unlink()
    except OSError as error:
        raise StoreError(f"{folder}: cannot write here: {error.strerror}") from error


def open_dataset(folder: Path) -> Dataset:
    """Open a dataset, finished or cut off.

    Raises:
        StoreError: no dataset, an empty one, another schema, or a file listed in the index that is missing.
    """
    folder = Path(folder)
    index = read_index(folder)
    if index is None or not index["complete"]:
        index = build_index(folder, config=None if index is None else index["config"], complete=False)
    if not index["episodes"] and not index["planned"]:
        raise StoreError(f"{folder}: an empty dataset; record into it first")
    for key in index["episodes"]:
        if not episode_path(folder, key).exists():
            raise StoreError(f"{episode_path(folder, key)}: missing, though {INDEX} lists it; record again")
    return Dataset(folder, index)


def read_index(folder: Path) -> dict[str, Any] | None:
    """The stored index, or None where there is none.

    Raises:
        StoreError: not a folder, damaged, or of another schema.
    """
    path = folder / INDEX
    if not folder.is_dir():
        raise StoreError(f"{folder}: no such dataset folder")
    if not path.exists():
        return None
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: damaged ({error}); delete it, it is rebuilt from the episodes") from error
    if not isinstance(index, dict) or index.get("schema") != SCHEMA:
        found = index.get("schema") if isinstance(index, dict) else None
        raise StoreError(f"{path}: schema {found!r}, this version reads {SCHEMA!r}; record again")
    missing = {"config", "complete", "episodes", "planned", "counts"} - set(index)
    if missing:
        raise StoreError(f"{path}: damaged (no {min(missing)!r}); delete it, it is rebuilt from the episodes")
    return index


def build_index(folder: Path, config: Mapping[str, Any] | None = None, complete: bool = True) -> dict[str, Any]:
    """Derive the index from the files, whatever order they were written in.

    Every episode is read and checked, but of chunks only the header: whoever reads their arrays checks those.

    Raises:
        StoreError: nothing to index, a damaged file, or files of different datasets.
    """
    folder = Path(folder)
    episodes: dict[str, dict[str, Any]] = {}
    for path in sorted((folder / EPISODES).glob("[!.]*.safetensors")):
        record, demo = read_record(path), read_demo(path)
        config = record["config"] if config is None else config
        if record["config"] != config:
            raise _of_another_dataset(path, folder)
        episodes[path.stem] = {
            "checksum": file_metadata(path)["checksum"],
            "family": demo.family,
            "object_id": demo.object_id,
            "split": demo.task.split,
            "task": demo.task.index,
            "intention": demo.task.intention,
            "steps": demo.steps,
            "success": demo.success,
        }
    planned: dict[str, dict[str, Any]] = {}
    for path in sorted((folder / PLANNED).glob("[!.]*.safetensors")):
        planned_with, planned[path.stem] = _read_chunk_header(path)
        config = planned_with if config is None else config
        if planned_with != config:
            raise _of_another_dataset(path, folder)
    if config is None:
        raise StoreError(f"{folder}: no dataset here; expected {INDEX} or {EPISODES}/*.safetensors")
    return {
        "schema": SCHEMA,
        "config": dict(config),
        "complete": complete,
        "counts": _counts(episodes, planned),
        "episodes": episodes,
        "planned": planned,
    }


def write_index(folder: Path, index: Mapping[str, Any]) -> None:
    """Store the index, whole or not at all."""
    try:
        write_atomic(folder / INDEX, [json_bytes(index)])
    except OSError as error:
        raise StoreError(f"{folder / INDEX}: cannot write: {error.strerror}") from error


def describe(folder: Path) -> dict[str, Any]:
    """What is in a dataset: config, counts by family, split, intention and outcome; plain data for JSON."""
    index = open_dataset(Path(folder)).index
    return {name: index[name] for name in ("schema", "complete", "config", "counts")}


def _read_chunk_header(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The configuration that a chunk was planned with, and its entry in the index."""
    metadata = file_metadata(path)
    try:
        chunk = json.loads(metadata["chunk"])
        schema, config = chunk["schema"], chunk["config"]
        entry = {"checksum": metadata["checksum"], "tasks": int(chunk["tasks"])}
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{path}: no planned demonstrations inside ({error!r}); delete it and record again") from error
    if schema != SCHEMA:
        raise StoreError(f"{path}: schema {schema!r}, this version reads {SCHEMA!r}; record again")
    return config, entry


def _of_another_dataset(path: Path, folder: Path) -> StoreError:
    return StoreError(f"{path}: recorded with another configuration than the rest of {folder}")


def _counts(episodes: Mapping[str, Mapping[str, Any]], planned: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    entries = list(episodes.values())
    families = {
        family: {
            "episodes": sum(entry["family"] == family for entry in entries),
            "successes": sum(entry["family"] == family and entry["success"] for entry in entries),
        }
        for family in sorted({entry["family"] for entry in entries})
    }
    return {
        "episodes": len(entries),
        "successes": sum(entry["success"] for entry in entries),
        "steps": sum(entry["steps"] for entry in entries),
        "tasks": len({(entry["split"], entry["task"]) for entry in entries}),
        "families": families,
        "splits": dict(sorted(Counter(entry["split"] for entry in entries).items())),
        "intentions": dict(sorted(Counter(entry["intention"] for entry in entries).items())),
        "planned_tasks": sum(chunk["tasks"] for chunk in planned.values()),
    }
