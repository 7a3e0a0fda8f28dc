"""A dataset folder: one file an episode, chunks of planned demonstrations, and an index that follows from them.

- `index.json`: schema, versions, configuration, counts, and a checksum for each file; `demos/storage/index_file.py`
- `episodes/<key>.safetensors`: written by `demos/storage/episode_file.py`
- `planned/<number>.safetensors`: written by `demos/recording/planned.py`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demos.demo import Demo
from demos.storage.array_header import read_header
from demos.storage.derived_index import build_index
from demos.storage.episode_file import EPISODE, StoreError, read_demo, refuse_other
from demos.storage.folder import EPISODES, INDEX, PLANNED, dataset_files, fingerprint_of
from demos.storage.index_file import read_index
from demos.storage.planned_file import PLANNED_CHUNK


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
    def fingerprint(self) -> str:
        """Of the files in it, by the index."""
        parts = {EPISODES: self.index["episodes"], PLANNED: self.index["planned"]}
        named = {f"{part}/{name}": entry for part, entries in parts.items() for name, entry in entries.items()}
        return fingerprint_of({name: entry["checksum"] for name, entry in named.items()})

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
        OSError: they cannot.
    """
    for part in (folder, folder / EPISODES, folder / PLANNED):
        part.mkdir(parents=True, exist_ok=True)
        probe = part / ".probe.tmp"
        probe.touch()
        probe.unlink()


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


def refuse_wrong_index(dataset: Dataset) -> None:
    """Compare the index with the files that lie there, by their headers, where it is taken at its word.

    Raises:
        StoreError: a file is another than the index says, or isn't in it.
    """
    for part, form in ((EPISODES, EPISODE), (PLANNED, PLANNED_CHUNK)):
        paths = dataset_files(dataset.folder, part)
        for path in paths:
            if path.stem not in dataset.index[part]:
                raise StoreError(f"{path}: not in {INDEX}; delete {INDEX}, which follows from the files")
            refuse_other(path, read_header(path, form).checksum, dataset.index[part][path.stem]["checksum"])
        for name in dataset.index[part].keys() - {path.stem for path in paths}:
            raise StoreError(f"{dataset.folder / part / name}.safetensors: missing, though {INDEX} lists it")


def describe(folder: Path) -> dict[str, Any]:
    """What is in a dataset: config, counts by family, split, intention and outcome; plain data for JSON.

    Raises:
        StoreError: as `open_dataset` and `refuse_wrong_index` say.
    """
    dataset = open_dataset(Path(folder))
    refuse_wrong_index(dataset)
    index = dataset.index
    return {name: index[name] for name in ("schema", "versions", "complete", "config", "merged", "counts")}
