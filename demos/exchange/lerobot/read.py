"""A LeRobot dataset as a shipment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from demos.exchange import meaning
from demos.exchange.lerobot import layout
from demos.exchange.meaning import ExchangeError
from demos.exchange.shipment import Parcel, Shipment, checked_header, checked_record
from demos.storage.files import DamagedFile, read_bounded
from demos.storage.schema import Unfit, parse_json
from sim.episode.observation import STATE_FIELDS
from sim.libraries import library

LARGEST = 2**29
"""Bytes of a JSON file at most."""
NEEDED = (layout.STATE, layout.POINTS, layout.ACTION, layout.REWARD)


def read_lerobot(folder: Path) -> Shipment:
    """Open a LeRobot dataset; its episodes are read as they are asked for.

    Raises:
        ExchangeError: none, a damaged one, or one whose numbers mean something else.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ExchangeError(f"{folder}: no such folder; expected a LeRobot dataset")
    features = _features(folder)
    path = folder / layout.HEADER
    header = checked_header(str(path), read_bounded(path, LARGEST)) if path.is_file() else None
    planned = sorted((folder / layout.PLANNED).glob("[!.]*.safetensors"))
    pictures = () if header else tuple(k for k, one in features.items() if one.get("dtype") in ("video", "image"))
    return Shipment(header, _parcels(folder, features, header is not None), _contents(planned), pictures)


def _contents(paths: list[Path]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        yield path.stem, read_bounded(path, 2**30)


def _features(folder: Path) -> dict[str, Any]:
    """The features, whose meaning is ours."""
    path = folder / layout.INFO
    try:
        info: Any = parse_json(read_bounded(path, LARGEST))
        version, features, rate = info["codebase_version"], info["features"], float(info["fps"])
        shapes = {name: tuple(feature["shape"]) for name, feature in features.items()}
    except FileNotFoundError:
        raise ExchangeError(f"{folder}: no LeRobot dataset: {layout.INFO} is missing") from None
    except (Unfit, DamagedFile, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ExchangeError(f"{path}: damaged: {error!r}") from error
    if version != layout.FORMAT_VERSION:
        raise ExchangeError(f"{path}: format {version}; expected {layout.FORMAT_VERSION}")
    if layout.ACTION not in features:
        raise ExchangeError(f"{folder}: no feature {layout.ACTION!r}; expected {', '.join(NEEDED)}")
    meaning.check_action_size(f"{folder}: {layout.ACTION}", int(np.prod(shapes[layout.ACTION])))
    meaning.check_names(f"{folder}: {layout.ACTION}", _names(features[layout.ACTION]), meaning.ACTION_NAMES)
    meaning.check_rate(f"{folder}: fps", rate)
    for name in NEEDED:
        if name not in features:
            raise ExchangeError(f"{folder}: no feature {name!r}; expected {', '.join(NEEDED)}")
    meaning.check_state_size(f"{folder}: {layout.STATE}", int(np.prod(shapes[layout.STATE])))
    meaning.check_names(f"{folder}: {layout.STATE}", _names(features[layout.STATE]), STATE_FIELDS)
    meaning.check_points_shape(f"{folder}: {layout.POINTS}", shapes[layout.POINTS])
    return features


def _names(feature: dict[str, Any]) -> list[str] | None:
    """Names of a feature's entries: a list, or a table of lists."""
    names = feature.get("names")
    if isinstance(names, dict):
        names = [name for part in names.values() for name in (part if isinstance(part, list) else [part])]
    return names


def _parcels(folder: Path, features: dict[str, Any], ours: bool) -> Iterator[Parcel]:
    """The episodes, by the tables of frames and the rows that `meta/episodes` has for them."""
    parquet = library("pyarrow.parquet", "LeRobot's format", "data")
    arrow = library("pyarrow", "LeRobot's format", "data")
    wanted = [*NEEDED, "episode_index", "frame_index", *([layout.LABEL] if layout.LABEL in features else [])]
    points = tuple(features[layout.POINTS]["shape"])
    path = folder
    try:
        rows = {}
        for path in sorted((folder / "meta/episodes").glob("*/*.parquet")):
            columns = [
                name
                for name in parquet.read_schema(path).names
                if not name.startswith("stats/") and not name.startswith("videos/")
            ]
            rows.update({row["episode_index"]: row for row in parquet.read_table(path, columns=columns).to_pylist()})
        for path in sorted((folder / "data").glob("*/*.parquet")):
            table = parquet.read_table(path, columns=wanted).combine_chunks()
            numbers = table["episode_index"].to_numpy()
            for number in dict.fromkeys(numbers.tolist()):
                found = np.flatnonzero(numbers == number)
                frames = table.slice(found[0], len(found))
                yield _parcel(f"{folder}: episode {number}", frames, rows.pop(number), points, ours)
    except (arrow.ArrowException, OSError, KeyError, TypeError) as error:
        raise ExchangeError(f"{path}: damaged: {' '.join(str(error).split())}") from error
    if rows:
        raise ExchangeError(f"{folder}: no frames of {len(rows)} of the episodes in meta/episodes, e.g. {min(rows)}")


def _parcel(where: str, frames: Any, row: dict[str, Any], points: tuple[int, ...], ours: bool) -> Parcel:
    record = checked_record(where, row.get(layout.RECORD), ours)
    steps = frames.num_rows
    if not (frames["frame_index"].to_numpy() == np.arange(steps)).all() or row["length"] != steps:
        raise ExchangeError(f"{where}: {steps} frames, not in order or not the {row['length']} that meta/episodes says")
    last = row.get(layout.LAST_STATE)
    if last is None:
        raise ExchangeError(f"{where} has no {layout.LAST_STATE!r}, the state after its last action")
    actions = _rows(frames[layout.ACTION], (steps, -1))
    state = np.concatenate([_rows(frames[layout.STATE], (steps, -1)), np.array([last], dtype=np.float32)])
    labels = _rows(frames[layout.LABEL], (steps, -1)) if layout.LABEL in frames.column_names else actions
    arrays = {
        "state": state,
        "points": meaning.one_scan(f"{where}: {layout.POINTS}", _rows(frames[layout.POINTS], (steps, *points))),
        "actions": actions,
        "labels": labels,
        "rewards": _rows(frames[layout.REWARD], (steps,)),
    }
    return Parcel(record, arrays)


def _rows(column: Any, shape: tuple[int, ...]) -> np.ndarray:
    """A column of numbers or nested lists as an array."""
    values = column.combine_chunks()
    while hasattr(values, "storage") or hasattr(values, "flatten"):
        if hasattr(values, "storage"):  # an extension type, as other writers store arrays
            values = values.storage
            continue
        if not str(values.type).startswith(("list", "fixed_size_list", "large_list")):
            break
        values = values.flatten()
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float32).reshape(shape)
