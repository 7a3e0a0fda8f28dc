"""From a dataset folder to another library's format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from demos.demo import SCHEMA, Demo
from demos.exchange.formats import FORMATS
from demos.exchange.meaning import MEANING, ExchangeError
from demos.exchange.shipment import VERSION, Parcel, Shipment
from demos.exchange.whole import check_free, made_whole
from demos.pictures.picture_file import PICTURES, Size, picture_path, picture_size, read_pictures
from demos.storage.array_file import read_array_file
from demos.storage.dataset import Dataset, open_dataset
from demos.storage.episode_file import ARRAYS, demo_record, refuse_other
from demos.storage.files import read_bounded, real_place
from demos.storage.planned_file import PLANNED_CHUNK
from sim.libraries import library


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


def export(folder: Path, to: str, out: Path, name: str | None = None, pictures: bool = True) -> Exported:
    """Write a dataset in the format of another library, whole or not at all.

    Args:
        folder: dataset folder.
        to: one of `FORMATS`.
        out: new folder, for robomimic a new file, for Minari the folder that all its datasets lie in.
        name: what Minari shall call it; by default as `folder` is called.
        pictures: whether those that were drawn (`demos.pictures.render`) go along.

    Raises:
        ExchangeError: nothing to export, pictures of a part of the episodes, or a place that is taken.
        sim.libraries.LibraryMissing: what writes that format isn't installed.
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
    name = name or real_place(dataset.folder).name
    place = kind.place(Path(out), name)
    check_free(place)
    library(kind.library, f"--to {to}", "data")
    cameras = cameras_of(dataset) if pictures else {}
    with made_whole(place, "exporting") as temporary:
        if to != "robomimic":
            temporary.mkdir()
        kind.write(shipment_of(dataset, cameras), temporary, name)
    counts = dataset.index["counts"]
    told = (counts["episodes"], counts["steps"], counts["successes"])
    return Exported(place, to, *told, cameras=tuple(cameras), planned_unseen=counts["planned_tasks"])


def cameras_of(dataset: Dataset) -> dict[str, Size]:
    """Camera → how its pictures were taken, of those that saw every episode.

    Raises:
        ExchangeError: one that saw a part of them, or not all alike.
    """
    found: dict[str, Size] = {}
    folder = dataset.folder / PICTURES
    for camera in sorted(path.name for path in folder.glob("[!.]*") if path.is_dir()):
        sizes = [
            picture_size(picture_path(dataset.folder, camera, key), entry["checksum"])
            for key, entry in dataset.index["episodes"].items()
        ]
        whole = {size for size in sizes if size is not None}
        if None in sizes or len(whole) > 1:
            seen = sum(size is not None for size in sizes)
            raise ExchangeError(
                f"{folder / camera}: pictures of {seen} of {len(sizes)} episodes, in {len(whole)} sizes; draw the rest "
                "with `robo-meta data render`, or leave them out with --no-pictures"
            )
        found[camera] = whole.pop()
    return found


def shipment_of(dataset: Dataset, cameras: Mapping[str, Size]) -> Shipment:
    """The whole of a dataset, read episode by episode, with what `cameras` saw."""
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
        "cameras": {camera: size._asdict() for camera, size in cameras.items()},
    }
    return Shipment(header, (_parcel(dataset, key, cameras) for key in dataset.keys), _planned(dataset))


def _parcel(dataset: Dataset, key: str, cameras: Iterable[str]) -> Parcel:
    demo, entry = dataset.demo(key), dataset.index["episodes"][key]
    pictures: dict[str, np.ndarray] = {}
    for camera in cameras:
        seen = read_pictures(picture_path(dataset.folder, camera, key))
        pictures[camera] = seen.colour
        if seen.depth is not None:
            pictures[f"{camera}_depth"] = seen.depth
    return Parcel(ours_record(demo, key, entry), {name: getattr(demo, name) for name in ARRAYS}, pictures)


def ours_record(demo: Demo, key: str, entry: dict[str, Any]) -> dict[str, Any]:
    """An episode's record, with its key and its entry in the dataset's index."""
    return {**demo_record(demo), "key": key, "recording": entry["recording"], "checksum": entry["checksum"]}


def _planned(dataset: Dataset) -> Iterator[tuple[str, bytes]]:
    for path in dataset.planned_paths:
        found = read_array_file(path, PLANNED_CHUNK).checksum
        refuse_other(path, found, dataset.index["planned"][path.stem]["checksum"])
        yield path.stem, read_bounded(path, PLANNED_CHUNK.largest)
