"""The dataset that demonstrations by hand go into: one file each, whole at any moment, in the recorder's own format."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from demos.demo import SCHEMA, Demo, Provenance, episode_key, provenance
from demos.recording.config import RecordConfig, RecordError
from demos.recording.recorder import attempt_path
from demos.storage.dataset import episode_path, make_folders
from demos.storage.derived_index import build_index, config_digest, current_world
from demos.storage.episode_file import read_demo, write_demo
from demos.storage.files import remove_temporaries
from demos.storage.folder import EPISODES, dataset_files
from demos.storage.index_file import read_index, write_index
from demos.storage.lock import sole_writer
from robo_meta.studio.choice import ACTOR, ATTEMPTS


class HandDataset:
    """A dataset folder while it is being filled; nobody else writes into it meanwhile.

    A demonstration is on the disk as soon as `keep` returns. The folder says that it is incomplete until `close`, so
    that whoever opens it after a kill reads its index from its files.

    Args:
        folder: made if absent; continued if it holds demonstrations by hand of the same root seed.
        seed: root seed.

    Raises:
        RecordError: it holds another recording.
        demos.storage.lock.LockError: somebody else is writing into it.
        demos.storage.episode_file.StoreError: one of its files is damaged.
        OSError: it cannot be written to.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self._seed = Path(folder), seed
        self._open = ExitStack()
        make_folders(self.folder)
        self._open.enter_context(sole_writer(self.folder, "recording"))
        try:
            self._index = self._continued()
        except BaseException:
            self._open.close()
            raise
        for place in (self.folder, self.folder / EPISODES):
            remove_temporaries(place)

    def _continued(self) -> dict | None:
        """The index of what is there; None in an empty folder."""
        index = read_index(self.folder)
        if index is None or not index["complete"]:
            if not dataset_files(self.folder, EPISODES):
                return None
            index = build_index(self.folder, None if index is None else index["config"], complete=False)
        for name, version in current_world().items():
            if index["versions"][name] != version:
                found = index["versions"][name]
                raise RecordError(f"{self.folder}: recorded with {name} {found}, this version has {version}")
        for config in (index["config"], *index["merged"]):
            if (config["actor"], config["seed"]) != (ACTOR, self._seed):
                raise RecordError(
                    f"{self.folder}: holds a recording of actor {config['actor']!r} with seed {config['seed']}, "
                    f"here it is {ACTOR!r} with {self._seed}; use another folder"
                )
        return index

    def next_provenance(self, config: RecordConfig, task: int, demo: int) -> Provenance:
        """Who and from which seed the next attempt at a demonstration is, whatever was kept before.

        Raises:
            RecordError: no attempt is left.
        """
        prefix = episode_key((config.split_name, task, "demo", demo)) + "-"
        kept = (path.stem for path in dataset_files(self.folder, EPISODES) if path.stem.startswith(prefix))
        attempt = max((int(stem[len(prefix) : len(prefix) + 5]) + 1 for stem in kept), default=0)
        if attempt >= ATTEMPTS:
            raise RecordError(f"{self.folder}: {ATTEMPTS} attempts at this object are kept; choose another task")
        return provenance(ACTOR, config.seed, attempt_path(config, task, demo, attempt))

    def keep(self, demo: Demo, config: RecordConfig) -> str:
        """Store a demonstration, and return its key in the dataset.

        Raises:
            OSError: the disk is full.
        """
        identity = config.identity
        if self._index is None:
            self._index = {
                "schema": SCHEMA,
                "config": dict(identity),
                "merged": [],
                "versions": current_world(),
                "counts": {},
                "episodes": {},
                "planned": {},
            }
        if self._index.get("complete", True):
            self._index["complete"] = False
            write_index(self.folder, self._index)
        key = demo.provenance.key
        if identity != self._index["config"]:
            # As in a dataset that was merged from several recordings: all but the first are told by their digest.
            key = f"{key}-{config_digest(identity)}"
        write_demo(episode_path(self.folder, key), demo, identity)
        return key

    def demos(self, split: str, task: int) -> tuple[Demo, ...]:
        """What is kept of a task, on whatever object, in the order of the keys."""
        prefix = episode_key((split, task, "demo")) + "-"
        paths = dataset_files(self.folder, EPISODES)
        return tuple(read_demo(path) for path in paths if path.stem.startswith(prefix))

    def close(self) -> None:
        """Say that it is complete, and let others write; safe to call twice."""
        try:
            if self._index is not None and not self._index.get("complete", True):
                index = build_index(self.folder, self._index["config"])
                write_index(self.folder, index)
                self._index = index
        finally:
            self._open.close()
