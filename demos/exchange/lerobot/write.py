"""A shipment as a LeRobot dataset."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import numpy as np

from demos.exchange.lerobot import layout, statistics
from demos.exchange.lerobot.video import VideoWriter
from demos.exchange.shipment import Parcel, Shipment
from demos.storage.files import json_bytes
from sim.episode.action import CONTROL_HZ
from sim.libraries import library

ROWS_PER_FILE = 5_000
"""Frames of a parquet file, a scan with each: some 60 MB uncompressed."""


def write_lerobot(shipment: Shipment, folder: Path) -> None:
    """Write a shipment that has a header into the new `folder`."""
    assert shipment.header is not None
    cameras = shipment.header["cameras"]
    with ExitStack() as stack:
        tables = stack.enter_context(closing(_DataWriter(folder, cameras)))
        videos = {camera: stack.enter_context(closing(VideoWriter(folder, camera))) for camera in cameras}
        episodes = []
        for parcel in shipment.parcels:
            placed = {}
            for camera, video in videos.items():
                placed.update(video.add(parcel.pictures[camera][: parcel.steps]))
            episodes.append({**tables.add(parcel), **placed})
    _write_meta(folder, shipment, tables, episodes)


class _DataWriter:
    """Frames, the tasks met on the way, and statistics."""

    def __init__(self, folder: Path, cameras: dict[str, Any]) -> None:
        self._parquet = library("pyarrow.parquet", "LeRobot's format", "data")
        self._schema = _schema(cameras)
        self._folder, self._cameras = folder, cameras
        self._file, self._rows = -1, ROWS_PER_FILE
        self._writer: Any = None
        self.tasks: dict[str, int] = {}
        self.frames = 0
        self.statistics: dict[str, list[dict[str, np.ndarray]]] = {}

    def add(self, parcel: Parcel) -> dict[str, Any]:
        """Write an episode's frames; returns its row of `meta/episodes`, places of videos left out."""
        arrow = library("pyarrow", "LeRobot's format", "data")
        if self._rows + parcel.steps > ROWS_PER_FILE:
            self._begin()
        task = self.tasks.setdefault(parcel.sentence, len(self.tasks))
        number = len(self.statistics.get(layout.STATE, ()))
        columns = _columns(parcel, self._cameras, number, self.frames, task)
        arrays = [_arrow_array(arrow, columns[one.name], one.type) for one in self._schema]
        self._writer.write_table(arrow.Table.from_arrays(arrays, schema=self._schema))
        told = {name: statistics.of_rows(rows) for name, rows in columns.items()}
        for camera in self._cameras:
            told[layout.image_key(camera)] = statistics.of_pictures(parcel.pictures[camera][: parcel.steps])
        for name, values in told.items():
            self.statistics.setdefault(name, []).append(values)
        first, self.frames, self._rows = self.frames, self.frames + parcel.steps, self._rows + parcel.steps
        return {
            "episode_index": number,
            "tasks": [parcel.sentence],
            "length": parcel.steps,
            "data/chunk_index": 0,
            "data/file_index": self._file,
            "dataset_from_index": first,
            "dataset_to_index": self.frames,
            "meta/episodes/chunk_index": 0,
            "meta/episodes/file_index": 0,
            "success": parcel.success,
            layout.RECORD: json.dumps(dict(parcel.record), sort_keys=True),
            layout.LAST_STATE: parcel.arrays["state"][-1].tolist(),
            **_flat(told),
        }

    def close(self) -> None:
        """Finish the last file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _begin(self) -> None:
        self.close()
        self._file, self._rows = self._file + 1, 0
        path = self._folder / layout.DATA.format(chunk_index=0, file_index=self._file)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = self._parquet.ParquetWriter(path, self._schema, compression="zstd")


def _schema(cameras: dict[str, Any]) -> Any:
    """Arrow's schema of the frames: lists where a feature has axes, as LeRobot reads them."""
    arrow = library("pyarrow", "LeRobot's format", "data")
    columns = []
    for name, feature in layout.features(cameras).items():
        if feature["dtype"] == "video":
            continue
        kind = arrow.bool_() if feature["dtype"] == "bool" else getattr(arrow, feature["dtype"])()
        if len(feature["shape"]) == 2:
            kind = arrow.list_(arrow.list_(kind))
        elif feature["shape"] != [1]:
            kind = arrow.list_(kind, feature["shape"][0])
        columns.append(arrow.field(name, kind))
    return arrow.schema(columns)


def _columns(parcel: Parcel, cameras: dict[str, Any], number: int, first: int, task: int) -> dict[str, np.ndarray]:
    """Feature → (T, …) rows of an episode."""
    steps, arrays = parcel.steps, parcel.arrays
    last = np.arange(steps) == steps - 1
    columns = {
        layout.STATE: arrays["state"][:-1],
        layout.POINTS: np.broadcast_to(arrays["points"], (steps, *arrays["points"].shape)),
        layout.ACTION: arrays["actions"],
        layout.LABEL: arrays["labels"],
        layout.REWARD: arrays["rewards"],
        layout.DONE: last,
        layout.SUCCESS: last & parcel.success,
        "timestamp": (np.arange(steps) / CONTROL_HZ).astype(np.float32),
        "frame_index": np.arange(steps),
        "episode_index": np.full(steps, number),
        "index": np.arange(first, first + steps),
        "task_index": np.full(steps, task),
    }
    for camera, size in cameras.items():
        if size["depth"]:
            columns[layout.depth_key(camera)] = parcel.pictures[f"{camera}_depth"][:steps]
    return columns


def _arrow_array(arrow: Any, rows: np.ndarray, kind: Any) -> Any:
    """Rows (T, …) as nested lists of arrow, without a detour over Python's."""
    values = arrow.array(np.ascontiguousarray(rows).reshape(-1))
    if rows.ndim == 1:
        return values
    if rows.ndim == 2:
        return arrow.FixedSizeListArray.from_arrays(values, rows.shape[1])
    inner = arrow.ListArray.from_arrays(np.arange(len(rows) * rows.shape[1] + 1) * rows.shape[2], values)
    return arrow.ListArray.from_arrays(np.arange(len(rows) + 1) * rows.shape[1], inner)


def _flat(told: dict[str, dict[str, np.ndarray]]) -> dict[str, Any]:
    """Statistics as columns of `meta/episodes`; of features with two axes they would outgrow the data."""
    few = {name: values for name, values in told.items() if values["min"].ndim != 2}
    return {f"stats/{name}/{key}": value.tolist() for name, values in few.items() for key, value in values.items()}


def _write_meta(folder: Path, shipment: Shipment, tables: _DataWriter, episodes: list[dict[str, Any]]) -> None:
    arrow = library("pyarrow", "LeRobot's format", "data")
    assert shipment.header is not None
    cameras = shipment.header["cameras"]
    for name in (layout.EPISODES, f"{layout.PLANNED}/x"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    parquet = library("pyarrow.parquet", "LeRobot's format", "data")
    parquet.write_table(arrow.Table.from_pylist(episodes), folder / layout.EPISODES)
    parquet.write_table(_tasks_table(arrow, tables.tasks), folder / layout.TASKS)
    told = {name: statistics.plain(statistics.together(parts)) for name, parts in tables.statistics.items()}
    info = layout.info(cameras, len(episodes), tables.frames, len(tables.tasks))
    contents: dict[str, object] = {layout.INFO: info, layout.STATS: told, layout.HEADER: dict(shipment.header)}
    for path, content in contents.items():
        (folder / path).write_bytes(json_bytes(content))
    for name, planned in shipment.planned:
        (folder / layout.PLANNED / f"{name}.safetensors").write_bytes(planned)
    (folder / "README.md").write_text(_card(len(episodes), tables.frames), encoding="utf-8")


def _tasks_table(arrow: Any, tasks: dict[str, int]) -> Any:
    """Sentence → number; LeRobot reads the sentences as the index of a data frame, which pandas marks so."""
    index = "__index_level_0__"
    table = arrow.table({"task_index": arrow.array(list(tasks.values()), arrow.int64()), index: list(tasks)})

    def column(name: str | None, field: str, kind: str, held: str) -> dict[str, Any]:
        return {"name": name, "field_name": field, "pandas_type": kind, "numpy_type": held, "metadata": None}

    told = {
        "index_columns": [index],
        "column_indexes": [{**column(None, "None", "unicode", "object"), "metadata": {"encoding": "UTF-8"}}],
        "columns": [column("task_index", "task_index", "int64", "int64"), column(None, index, "unicode", "object")],
        "pandas_version": "2.0.0",
        "creator": {"library": "pyarrow", "version": arrow.__version__},
    }
    return table.replace_schema_metadata({"pandas": json.dumps(told)})


def _card(episodes: int, frames: int) -> str:
    """A card for the Hub."""
    return f"""---
task_categories:
- robotics
tags:
- LeRobot
- robo-meta
configs:
- config_name: default
  data_files: data/*/*.parquet
---

# Grasping objects of hidden weight

{episodes} simulated episodes ({frames} frames) of a Franka Panda that lifts an object so that it hangs level, or by the
end of one part, exported by robo_meta. `meta/robo_meta.json` says what an action means; the column `robo_meta` of
`meta/episodes` tells materials, seeds and the verdict of each episode, which is all that it takes to replay it bit for
bit. `observation.points` is a scan made once, at the reset.
"""
