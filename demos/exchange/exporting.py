"""From a dataset folder to another library's format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demos.demo import SCHEMA, Demo
from demos.exchange.formats import FORMATS
from demos.exchange.libraries import data_library
from demos.exchange.meaning import MEANING, ExchangeError
from demos.exchange.shipment import VERSION, Parcel, Shipment
from demos.exchange.whole import check_free, made_whole
from demos.storage.array_file import read_array_file
from demos.storage.dataset import Dataset, open_dataset
from demos.storage.episode_file import ARRAYS, demo_record, refuse_other
from demos.storage.files import read_bounded
from demos.storage.planned_file import PLANNED_CHUNK


@dataclass(frozen=True)
class Exported:
    """What an export came to."""

    place: Path
    """File or folder that the other library reads."""
    format: str
    episodes: int
    frames: int
    """Actions of all episodes."""
    successes: int
    cameras: tuple[str, ...]
    """Cameras whose pictures went along."""
    planned_unseen: int
    """Tasks of planned demonstrations, which have no actions: they are carried along for the way back, and the other
    library doesn't see them."""


def export(folder: Path, to: str, out: Path, name: str | None = None) -> Exported:
    """Write a dataset in the format of another library, whole or not at all.

    Args:
        folder: dataset folder.
        to: one of `FORMATS`.
        out: new folder, for robomimic a new file, for Minari the folder that all its datasets lie in.
        name: what Minari shall call it; by default as `folder` is called.

    Raises:
        ExchangeError: nothing to export, a place that is taken, or a library that is missing.
        demos.storage.episode_file.StoreError: no dataset, or a damaged one.
        OSError: it can't be written.
    """
    kind = FORMATS[to]
    dataset = open_dataset(Path(folder))
    if not len(dataset):
        planned = dataset.index["counts"]["planned_tasks"]
        raise ExchangeError(
            f"{folder}: only planned demonstrations ({planned} tasks), which have no actions; record some episodes"
        )
    name = name or dataset.folder.resolve().name
    place = kind.place(Path(out), name)
    check_free(place)
    data_library(kind.library, f"--to {to}")
    with made_whole(place, "exporting") as temporary:
        if to != "robomimic":
            temporary.mkdir()
        kind.write(shipment_of(dataset), temporary, name)
    counts = dataset.index["counts"]
    told = (counts["episodes"], counts["steps"], counts["successes"])
    return Exported(place, to, *told, cameras=(), planned_unseen=counts["planned_tasks"])


def shipment_of(dataset: Dataset) -> Shipment:
    """The whole of a dataset, read episode by episode."""
    index = dataset.index
    header = {
        "version": VERSION,
        "schema": SCHEMA,
        "action": MEANING,
        "configs": [index["config"], *index["merged"]],
        "versions": dict(index["versions"]),
        "complete": index["complete"],
        "episodes": len(dataset),
        "fingerprint": dataset.fingerprint,
        "planned": {name: entry["checksum"] for name, entry in index["planned"].items()},
        "cameras": {},
    }
    return Shipment(header, (_parcel(dataset, key) for key in dataset.keys), _planned(dataset))


def _parcel(dataset: Dataset, key: str) -> Parcel:
    demo, entry = dataset.demo(key), dataset.index["episodes"][key]
    return Parcel(ours_record(demo, key, entry), {name: getattr(demo, name) for name in ARRAYS})


def ours_record(demo: Demo, key: str, entry: dict[str, Any]) -> dict[str, Any]:
    """An episode's record, with its key and its entry in the dataset's index."""
    return {**demo_record(demo), "key": key, "recording": entry["recording"], "checksum": entry["checksum"]}


def _planned(dataset: Dataset) -> Iterator[tuple[str, bytes]]:
    for path in dataset.planned_paths:
        found = read_array_file(path, PLANNED_CHUNK).checksum
        refuse_other(path, found, dataset.index["planned"][path.stem]["checksum"])
        yield path.stem, read_bounded(path, PLANNED_CHUNK.largest)
