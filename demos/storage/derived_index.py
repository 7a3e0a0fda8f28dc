"""The index that follows from a dataset's files, whatever order they were written in.

A dataset that was merged from several recordings holds files of several configurations. Those of the first one have the
names that the recorder gave them; those of another one end in a hyphen and the digest of their configuration.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from demos.demo import SCHEMA
from demos.storage.array_header import read_header
from demos.storage.episode_file import EPISODE, StoreError, read_episode
from demos.storage.folder import EPISODES, INDEX, PLANNED, dataset_files
from demos.storage.index_file import WORLD
from demos.storage.planned_file import PLANNED_CHUNK
from sim.versions import PHYSICS, VERDICT

DIGEST = 8
"""Letters of a configuration's digest in a file's name."""
_FORMS = {EPISODES: EPISODE, PLANNED: PLANNED_CHUNK}


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
        if path.stem.removesuffix(f"-{config_digest(of)}") != demo.provenance.key:
            raise StoreError(f"{path}: holds the episode {demo.provenance.key}; a file was renamed, or took its place")
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
