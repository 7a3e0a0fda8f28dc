"""A dataset folder: one file an episode, chunks of planned demonstrations, and an index that follows from them.

- `index.json`: schema, versions, configuration, counts, and a checksum for each file
- `episodes/<key>.safetensors`: written by `demos/storage/episode_file.py`
- `planned/<number>.safetensors`: written by `demos/recording/planned.py`

A dataset that was merged from several recordings holds files of several configurations. Those of the first one have the
names that the recorder gave them; those of another one end in a hyphen and the digest of their configuration.
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demos.demo import SCHEMA, Demo
from demos.storage.array_file import read_header
from demos.storage.episode_file import EPISODE, StoreError, read_demo, read_episode
from demos.storage.files import DamagedFile, json_bytes, read_bounded, write_atomic
from demos.storage.folder import EPISODES, INDEX, PLANNED, dataset_files, fingerprint_of
from demos.storage.planned_file import PLANNED_CHUNK
from demos.storage.recording import CONFIG
from demos.storage.schema import (
    NAME,
    PLAIN_TABLE,
    REFERENCE,
    SHA256,
    Flag,
    ListOf,
    Record,
    TableOf,
    Text,
    Unfit,
    Whole,
    parse_json,
)
from sim.tasks.scenes import INTENTIONS
from sim.versions import PHYSICS, VERDICT

DIGEST = 8
"""Letters of a configuration's digest in a file's name."""
WORLD = ("physics", "verdict")
"""Versions that all files of a dataset share."""
_CHECKSUM = Text(pattern=SHA256)
_NAMES, _REFERENCES = Text(pattern=NAME), Text(pattern=REFERENCE)
INDEX_SCHEMA = Record(
    {
        "schema": Text(allowed=(SCHEMA,)),
        "checksum": _CHECKSUM,
        "config": CONFIG,
        "merged": ListOf(CONFIG),
        "versions": Record({name: Text() for name in WORLD}),
        "complete": Flag(),
        "counts": PLAIN_TABLE,
        "episodes": TableOf(
            Record(
                {
                    "checksum": _CHECKSUM,
                    "recording": Whole(0),
                    "family": _REFERENCES,
                    "object_id": _NAMES,
                    "split": _REFERENCES,
                    "task": Whole(0),
                    "intention": Text(allowed=INTENTIONS),
                    "steps": Whole(1),
                    "success": Flag(),
                }
            ),
            keys=_NAMES,
        ),
        "planned": TableOf(Record({"checksum": _CHECKSUM, "recording": Whole(0), "tasks": Whole(1)}), keys=_NAMES),
    }
)
"""What `index.json` holds. `checksum` is over all else of it, `merged` are the configurations besides `config`, and
`recording` is the place of a file's configuration among all of them."""
LARGEST_INDEX = 2**29
"""Bytes; an episode takes some 300."""
DISK_TROUBLE = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO)
"""What goes wrong with a folder though it is the right one: a full disk, and the like."""


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
        StoreError: they cannot.
        OSError: the disk is full.
    """
    try:
        for part in (folder, folder / EPISODES, folder / PLANNED):
            part.mkdir(parents=True, exist_ok=True)
            probe = part / ".probe.tmp"
            probe.touch()
            probe.unlink()
    except OSError as error:
        if error.errno in DISK_TROUBLE:
            raise
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
        index = parse_json(read_bounded(path, LARGEST_INDEX))
        if isinstance(index, dict) and index.get("schema", SCHEMA) != SCHEMA:
            raise StoreError(f"{path}: schema {index['schema']!r}, this version reads {SCHEMA!r}; record again")
        INDEX_SCHEMA.check(index, "the index")
        if index.pop("checksum") != _index_checksum(index):
            raise Unfit("its checksum does not fit its content")
    except (Unfit, DamagedFile) as error:
        raise StoreError(f"{path}: damaged ({error}); delete it, it is rebuilt from the episodes") from error
    return index


def build_index(folder: Path, config: Mapping[str, Any] | None = None, complete: bool = True) -> dict[str, Any]:
    """Derive the index from the files, whatever order they were written in.

    Every episode is read and checked, but of chunks only the header: whoever reads their arrays checks those.

    Args:
        folder: of the dataset.
        config: its first configuration, if it is known.
        complete: whether recording has come to its end.

    Raises:
        StoreError: nothing to index, a damaged file, or files that don't belong together.
    """
    folder = Path(folder)
    files = _Files(folder, _first_config(folder) if config is None else config)
    episodes: dict[str, dict[str, Any]] = {}
    for path in dataset_files(folder, EPISODES):
        demo, of, checksum = read_episode(path)
        episodes[path.stem] = {
            "checksum": checksum,
            "recording": files.recording(path, of, demo.provenance.versions),
            "family": demo.family,
            "object_id": demo.object_id,
            "split": demo.task.split,
            "task": demo.task.index,
            "intention": demo.task.intention,
            "steps": demo.steps,
            "success": demo.success,
        }
    planned: dict[str, dict[str, Any]] = {}
    for path in dataset_files(folder, PLANNED):
        header = read_header(path, PLANNED_CHUNK)
        planned[path.stem] = {
            "checksum": header.checksum,
            "recording": files.recording(path, header.record["config"], header.record["versions"]),
            "tasks": header.record["tasks"],
        }
    if not files.configs:
        raise StoreError(f"{folder}: no dataset here; expected {INDEX} or {EPISODES}/*.safetensors")
    return {
        "schema": SCHEMA,
        "config": files.configs[0],
        "merged": files.configs[1:],
        "versions": files.versions or current_world(),
        "complete": complete,
        "counts": _counts(episodes, planned),
        "episodes": episodes,
        "planned": planned,
    }


def current_world() -> dict[str, str]:
    """Versions of physics and verdict here."""
    return {"physics": str(PHYSICS), "verdict": str(VERDICT)}


def config_digest(config: Mapping[str, Any]) -> str:
    """What the names of files of `config` end in where it isn't the dataset's first configuration."""
    return hashlib.sha256(json.dumps(dict(config), sort_keys=True).encode()).hexdigest()[:DIGEST]


def _first_config(folder: Path) -> dict[str, Any] | None:
    """The configuration of a file that is named as the recorder names it, or else of any; None without files."""
    paths = [(path, form) for part, form in _FORMS.items() for path in dataset_files(folder, part)]
    own = [pair for pair in paths if not re.search(rf"-[0-9a-f]{{{DIGEST}}}$", pair[0].stem)]
    return read_header(*(own or paths)[0]).record["config"] if paths else None


_FORMS = {EPISODES: EPISODE, PLANNED: PLANNED_CHUNK}


class _Files:
    """The configurations that a folder's files are of, in the order in which they are met."""

    def __init__(self, folder: Path, config: Mapping[str, Any] | None) -> None:
        self._folder = folder
        self.configs: list[dict[str, Any]] = [] if config is None else [dict(config)]
        self.versions: dict[str, str] | None = None

    def recording(self, path: Path, config: dict[str, Any], versions: Mapping[str, str]) -> int:
        """Number of the configuration that the file `path` is of.

        Raises:
            StoreError: it doesn't belong here.
        """
        world = {name: versions.get(name, "none") for name in WORLD}
        if self.versions not in (None, world):
            raise StoreError(
                f"{path}: recorded with {_said(world)}, the rest of {self._folder} with {_said(self.versions)}"
            )
        self.versions = world
        if config in self.configs:
            return self.configs.index(config)
        if self.configs and not path.stem.endswith(f"-{config_digest(config)}"):
            raise StoreError(f"{path}: recorded with another configuration than the rest of {self._folder}")
        self.configs.append(config)
        return len(self.configs) - 1


def _said(world: Mapping[str, str] | None) -> str:
    return " and ".join(f"{name} {version}" for name, version in (world or {}).items())


def write_index(folder: Path, index: Mapping[str, Any]) -> None:
    """Store the index, whole or not at all."""
    write_atomic(folder / INDEX, [json_bytes({**index, "checksum": _index_checksum(index)})])


def _index_checksum(index: Mapping[str, Any]) -> str:
    return hashlib.sha256(json_bytes(index)).hexdigest()


def describe(folder: Path) -> dict[str, Any]:
    """What is in a dataset: config, counts by family, split, intention and outcome; plain data for JSON."""
    index = open_dataset(Path(folder)).index
    return {name: index[name] for name in ("schema", "versions", "complete", "config", "merged", "counts")}


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
        "tasks": len({(entry["recording"], entry["split"], entry["task"]) for entry in entries}),
        "families": families,
        "splits": dict(sorted(Counter(entry["split"] for entry in entries).items())),
        "intentions": dict(sorted(Counter(entry["intention"] for entry in entries).items())),
        "planned_tasks": sum(chunk["tasks"] for chunk in planned.values()),
    }
