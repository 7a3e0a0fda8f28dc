"""Editing datasets: leaving episodes out, and putting recordings together.

Nothing is lost when an edit is interrupted: a folder is told to be incomplete before its files change, an incomplete
folder's index follows from its files, and the same command goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demos.recording.config import RecordError
from demos.recording.pack import pack
from demos.storage.dataset import Dataset, make_folders, open_dataset, refuse_wrong_index
from demos.storage.derived_index import build_index, config_digest
from demos.storage.files import read_bounded, real_place, remove_temporaries, write_atomic
from demos.storage.folder import EPISODES, PLANNED, TRAINING_FILE, dataset_files
from demos.storage.index_file import WORLD, read_index, write_index
from demos.storage.lock import sole_writer

LARGEST = 2**30
"""Bytes of a file that is copied at most."""


class EditError(RecordError):
    """An edit of a dataset that cannot be made as asked."""


@dataclass(frozen=True)
class Exclusion:
    """Which episodes to leave out: those that any of the fields names.

    Raises:
        EditError: none is named.
    """

    keys: tuple[str, ...] = ()
    """Episodes by their key, e.g. `training-00000-demo-00000-00000`."""
    families: tuple[str, ...] = ()
    """Episodes on objects of these families."""
    tasks: tuple[int, ...] = ()
    """Episodes of the tasks with these numbers."""
    failures: bool = False
    """Episodes that failed."""

    def __post_init__(self) -> None:
        if not (self.keys or self.families or self.tasks or self.failures):
            raise EditError("no episode named; expected --keys, --families, --tasks or --failures")

    def names(self, key: str, entry: dict[str, Any]) -> bool:
        """Whether it names the episode `key` with this entry in the index."""
        named = key in self.keys or entry["family"] in self.families or entry["task"] in self.tasks
        return named or (self.failures and not entry["success"])


@dataclass(frozen=True)
class Edit:
    """What an edit came to."""

    folder: Path
    episodes: int
    """Episodes in the dataset now."""
    planned: int
    """Tasks with planned demonstrations in it now."""
    changed: int
    """Files left out, or added."""
    packed: Path | None
    """The packed file made anew; None where nothing is left to train on."""


def exclude(folder: Path, which: Exclusion) -> Edit:
    """Leave episodes out of a dataset: delete their files.

    Planned demonstrations stay. Recording into the folder again records what was left out again.

    Raises:
        EditError: a key, family or task that the dataset does not hold, or nothing would be left.
        demos.storage.episode_file.StoreError: no dataset, or a damaged one.
        demos.storage.lock.LockError: another process is writing to it.
    """
    open_dataset(folder)
    with sole_writer(folder, "editing"):
        dataset = open_dataset(folder)
        entries = dataset.index["episodes"]
        held: dict[str, set] = {
            "key": set(entries),
            "family": {entry["family"] for entry in entries.values()},
            "task": {entry["task"] for entry in entries.values()},
        }
        for name, wanted in (("key", which.keys), ("family", which.families), ("task", which.tasks)):
            for value in wanted:
                # Where an edit was cut off, what it named may be gone already.
                if value not in held[name] and dataset.index["complete"]:
                    raise EditError(f"{folder}: holds no episode of {name} {value!r}")
        out = [key for key, entry in entries.items() if which.names(key, entry)]
        if len(out) == len(entries) and not dataset.index["planned"]:
            raise EditError(f"{folder}: nothing would be left of it; delete the folder instead")

        def delete() -> None:
            for key in out:
                (folder / EPISODES / f"{key}.safetensors").unlink()

        return _changed(dataset, delete, len(out))


def append(folder: Path, source: Path) -> Edit:
    """Add what the dataset `source` holds to the dataset in `folder`; `source` stays as it is.

    What is there already is not added again, so that an interrupted command goes on.

    Raises:
        EditError: recordings that don't go together.
        demos.storage.episode_file.StoreError: no dataset, or a damaged one.
        demos.storage.lock.LockError: another process is writing to one of them.
    """
    for path in (folder, source):
        refuse_wrong_index(open_dataset(path))
    if real_place(folder) == real_place(source):
        raise EditError(f"{folder}: appended to itself; expected two datasets")
    with ExitStack() as locks:
        for path in sorted((folder, source)):
            locks.enter_context(sole_writer(path, "editing"))
        return _append(open_dataset(folder), [open_dataset(source)])


def merge(sources: Sequence[Path], out: Path) -> Edit:
    """Make a dataset in the new folder `out` of what the datasets `sources` hold; those stay as they are.

    Raises:
        EditError: fewer than two sources, `out` is something else already, or recordings that don't go together.
        demos.storage.episode_file.StoreError: no dataset, or a damaged one.
        demos.storage.lock.LockError: another process is writing to one of them.
    """
    if len({real_place(path) for path in sources}) < max(2, len(sources)):
        raise EditError(f"{len(sources)} datasets to merge; expected two or more different ones")
    datasets = [open_dataset(path) for path in sources]
    _check_together(datasets)
    for dataset in datasets:
        refuse_wrong_index(dataset)
    first = datasets[0].index
    if out.exists() and (index := read_index(out)) is not None:
        if index["complete"] or index["config"] != first["config"]:
            raise EditError(f"{out}: holds a dataset already; merge into a new folder, or append to it")
    elif any(dataset_files(out, part) for part in (EPISODES, PLANNED)):
        raise EditError(f"{out}: holds files already; merge into a new folder")
    make_folders(out)
    with ExitStack() as locks:
        for path in sorted((out, *sources)):
            locks.enter_context(sole_writer(path, "editing"))
        begun = {**first, "merged": [], "complete": False, "counts": {}, "episodes": {}, "planned": {}}
        write_index(out, begun)
        return _append(Dataset(out, begun), [open_dataset(path) for path in sources])


def _append(dataset: Dataset, sources: list[Dataset]) -> Edit:
    """Copy what `sources` hold into the folder of `dataset`."""
    _check_together([dataset, *sources])
    folder, first = dataset.folder, dataset.index["config"]
    copies: list[tuple[Path, Path]] = []
    for source in sources:
        recordings = [source.index["config"], *source.index["merged"]]
        for part, entries in ((EPISODES, source.index["episodes"]), (PLANNED, source.index["planned"])):
            for name, entry in entries.items():
                config = recordings[entry["recording"]]
                copied = folder / part / f"{_named(name, config, source.index['config'], first)}.safetensors"
                there = dataset.index[part].get(copied.stem)
                if there is None:
                    copies.append((source.folder / part / f"{name}.safetensors", copied))
                elif there["checksum"] != entry["checksum"]:
                    raise EditError(f"{copied}: another file of the same recording is there already; merge apart")

    def copy() -> None:
        for old, new in copies:
            write_atomic(new, [read_bounded(old, LARGEST)])

    return _changed(dataset, copy, len(copies))


def _named(name: str, config: dict[str, Any], own: dict[str, Any], first: dict[str, Any]) -> str:
    """The name, in a dataset whose first configuration is `first`, of a file of `config` that is called `name` in a
    dataset whose first one is `own`."""
    ending = f"-{config_digest(config)}"
    bare = name if config == own else name.removesuffix(ending)
    return bare if config == first else bare + ending


def _changed(dataset: Dataset, change: Callable[[], None], count: int) -> Edit:
    """Change a dataset's files, and make index and packed file anew."""
    folder = dataset.folder
    for part in (folder, folder / EPISODES, folder / PLANNED):
        remove_temporaries(part)
    config = dataset.index["config"]
    write_index(folder, {**dataset.index, "complete": False})
    # What was packed before says nothing any more.
    (folder / TRAINING_FILE).unlink(missing_ok=True)
    change()
    index = build_index(folder, config)
    write_index(folder, index)
    packed = pack(folder) if trainable(index) else None
    return Edit(folder, index["counts"]["episodes"], index["counts"]["planned_tasks"], count, packed)


def trainable(index: dict[str, Any]) -> bool:
    """Whether a dataset has planned demonstrations, or any task has all its recorded ones."""
    if index["planned"]:
        return True
    found: dict[tuple[int, int], int] = {}
    for entry in index["episodes"].values():
        if entry["success"]:
            task = entry["recording"], entry["task"]
            found[task] = found.get(task, 0) + 1
    return any(count == index["config"]["demos"] for count in found.values())


EXTENT = ("tasks", "planned", "attempts", "keep_failures", "code", "libraries")
"""What two configurations may differ in and draw the same tasks all the same."""


def _check_together(datasets: Sequence[Dataset]) -> None:
    """Refuse recordings that can't lie in one dataset.

    Raises:
        EditError: they differ in what all tasks of a dataset share.
    """
    first = datasets[0]
    for other in datasets[1:]:
        for name in WORLD:
            found, wanted = other.index["versions"][name], first.index["versions"][name]
            if found != wanted:
                raise EditError(
                    f"{other.folder}: {name} {found}, {first.folder} has {wanted}; record one of them again"
                )
        for name, why in (
            ("split", "what is for training and what is for testing stays apart"),
            ("demos", "all tasks of a dataset have equally many demonstrations"),
        ):
            found, wanted = other.index["config"][name], first.index["config"][name]
            if found != wanted:
                raise EditError(f"{other.folder}: {name} {found!r}, {first.folder} has {wanted!r}; {why}")
    kept: dict[str, dict[str, Any]] = {}
    for dataset in datasets:
        for config in (dataset.index["config"], *dataset.index["merged"]):
            drawn = json.dumps({name: value for name, value in config.items() if name not in EXTENT}, sort_keys=True)
            if kept.setdefault(drawn, config) != config:
                raise EditError(
                    f"{dataset.folder}: draws the same tasks as another recording of seed {config['seed']}, "
                    "which would be in it twice; record one of them with another --seed"
                )
