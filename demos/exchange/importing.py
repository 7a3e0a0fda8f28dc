"""From another library's format to a dataset folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demos.demo import DemoError
from demos.exchange.damage import damage_told, items_told
from demos.exchange.foreign import foreign_config, foreign_record
from demos.exchange.formats import FORMATS
from demos.exchange.left_behind import pictures_left
from demos.exchange.meaning import ExchangeError
from demos.exchange.shipment import Parcel, Shipment
from demos.exchange.whole import check_free, made_whole
from demos.recording.edit import trainable
from demos.recording.pack import pack
from demos.storage.array_file import read_array_file
from demos.storage.dataset import Dataset, episode_path, make_folders
from demos.storage.derived_index import build_index
from demos.storage.episode_file import demo_of, write_demo
from demos.storage.files import write_atomic
from demos.storage.folder import PLANNED
from demos.storage.index_file import write_index
from demos.storage.planned_file import PLANNED_CHUNK
from sim.libraries import library
from sim.tasks.scenes import SceneError


@dataclass(frozen=True)
class Imported:
    """What an import came to."""

    folder: Path
    episodes: int
    successes: int
    planned: int
    """Tasks with planned demonstrations."""
    missing: int
    """Episodes that were exported and are not there any more; 0 for data that never were ours."""
    equal: bool | None
    """Whether the dataset is, file by file and bit by bit, the one that was exported; None for data that never were."""
    packed: Path | None
    """The packed file; None where there is nothing to train on."""
    pictures: str | None
    """What became of pictures in the data, in a line; None where there were none."""


def import_dataset(source: Path, format_name: str, out: Path) -> Imported:
    """Make a dataset folder of another library's data, whole or not at all.

    Args:
        source: folder, for robomimic a file.
        format_name: one of `FORMATS`.
        out: new dataset folder.

    Raises:
        ExchangeError: no such data, damaged ones, or others than can be demonstrations here; a place that is taken.
        sim.libraries.LibraryMissing: what reads that format isn't installed.
        OSError: it can't be written.
    """
    kind = FORMATS[format_name]
    check_free(out)
    library(kind.library, f"--from {format_name}", "data")
    with damage_told(str(source)):
        shipment = kind.read(Path(source))
    with made_whole(out, "importing") as temporary:
        make_folders(temporary)
        written = _write(shipment, temporary, str(source))
        index = build_index(temporary, written.config, complete=written.complete)
        write_index(temporary, index)
        packed = pack(temporary) is not None if trainable(index) else False
        fingerprint = Dataset(temporary, index).fingerprint
    counts, header = index["counts"], shipment.header
    return Imported(
        folder=out,
        episodes=counts["episodes"],
        successes=counts["successes"],
        planned=counts["planned_tasks"],
        missing=header["episodes"] - counts["episodes"] if header else 0,
        equal=fingerprint == header["fingerprint"] if header else None,
        packed=out / "training.safetensors" if packed else None,
        pictures=pictures_left(shipment, out),
    )


@dataclass(frozen=True)
class _Written:
    config: Mapping[str, Any]
    complete: bool


def _write(shipment: Shipment, folder: Path, source: str) -> _Written:
    """Write the files of a shipment; returns the dataset's first configuration."""
    header, config = shipment.header, None
    for number, parcel in enumerate(items_told(source, shipment.parcels)):
        record: Mapping[str, Any] = parcel.record
        if header is None:
            record = foreign_record(record, number)
            config = config or foreign_config(record)
            _write_episode(folder, record, parcel, config, f"{source}: episode {number}")
            continue
        if record["recording"] >= len(header["configs"]):
            raise ExchangeError(f"{source}: episode {number} is of recording {record['recording']}, which isn't there")
        found = _write_episode(
            folder, record, parcel, header["configs"][record["recording"]], f"{source}: {record['key']}"
        )
        if found != record["checksum"]:
            raise ExchangeError(
                f"{source}: {record['key']}: altered since it was exported; what was changed is no replay of its seed. "
                "Leave episodes out rather than change them"
            )
    # What isn't ours has no planned demonstrations: nothing says that they belong to it.
    for name, content in items_told(source, shipment.planned) if header is not None else ():
        path = folder / PLANNED / f"{name}.safetensors"
        write_atomic(path, [content])
        known = header["planned"] if header is not None else {}
        if read_array_file(path, PLANNED_CHUNK).checksum != known.get(name):
            raise ExchangeError(f"{source}: planned demonstrations {name!r}: altered since they were exported")
    if header is not None:
        config = header["configs"][0]
    if config is None or not any(folder.glob("*/*.safetensors")):
        raise ExchangeError(f"{source}: no episodes in it")
    return _Written(config, header is None or header["complete"])


def _write_episode(
    folder: Path, record: Mapping[str, Any], parcel: Parcel, config: Mapping[str, Any], where: str
) -> str:
    """Write one episode's file; returns its checksum."""
    path = episode_path(folder, record["key"])
    if path.exists():
        raise ExchangeError(f"{where}: {record['key']!r} is in it twice")
    try:
        return write_demo(path, demo_of(record, parcel.arrays), config)
    except (DemoError, SceneError) as error:
        raise ExchangeError(f"{where}: no demonstration: {error}") from error
