"""robomimic's format: one HDF5 file with `data/demo_N`, and `mask` for named subsets. Needs h5py.

What has no place in it lies in the group `robo_meta` (`header`, `planned`), which robomimic doesn't look at, and in the
attributes `robo_meta` (the record) and `task` of each demonstration. `states` are what is needed to go on from a step
in other simulators; here an episode is replayed from its seed, and they are the observed states.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from demos.exchange import meaning
from demos.exchange.hdf5 import RECORD, floats, opened, packed, text_of
from demos.exchange.meaning import ACTION_NAMES, GRASP_ID, ExchangeError
from demos.exchange.shipment import Parcel, Shipment, checked_header, checked_record
from demos.storage.schema import Unfit, parse_json
from sim.episode.observation import STATE_FIELDS
from sim.libraries import library

WHAT = "robomimic's format"
HEADER, PLANNED = "robo_meta/header", "robo_meta/planned"
GYM_TYPE = 2
"""What robomimic calls environments of Gymnasium's interface."""
HELD_BACK = 10
"""Every tenth task is for validation."""
NAMES = {"action_names": ACTION_NAMES, "state_names": STATE_FIELDS}
"""Attribute of `data` → what stands in it, JSON."""


def write_robomimic(shipment: Shipment, path: Path) -> None:
    """Write a shipment that has a header into the new file `path`."""
    h5py = library("h5py", WHAT, "data")
    assert shipment.header is not None
    masks: dict[str, list[str]] = {"success": [], "failure": [], "train": [], "valid": []}
    with h5py.File(path, "w") as file:
        data, total = file.create_group("data"), 0
        for number, parcel in enumerate(shipment.parcels):
            name = f"demo_{number}"
            _write_demo(data.create_group(name), parcel)
            masks["success" if parcel.success else "failure"].append(name)
            masks["valid" if parcel.record["task"]["index"] % HELD_BACK == HELD_BACK - 1 else "train"].append(name)
            total += parcel.steps
        data.attrs["total"] = total
        data.attrs["env_args"] = json.dumps(_environment(shipment))
        for attribute, names in NAMES.items():
            data.attrs[attribute] = json.dumps(list(names))
        for name, demos in masks.items():
            if demos:
                file[f"mask/{name}"] = np.array(demos, dtype="S")
        file[HEADER] = json.dumps(dict(shipment.header), sort_keys=True)
        for name, content in shipment.planned:
            file[f"{PLANNED}/{name}"] = np.frombuffer(content, dtype=np.uint8)


def _environment(shipment: Shipment) -> dict[str, Any]:
    assert shipment.header is not None
    split = shipment.header["configs"][0]["split"]
    return {"env_name": GRASP_ID, "type": GYM_TYPE, "env_kwargs": {"split": split}, "env_version": "0"}


def _write_demo(group: Any, parcel: Parcel) -> None:
    arrays, steps = parcel.arrays, parcel.steps
    group.attrs["num_samples"] = steps
    group.attrs["task"] = parcel.sentence
    group.attrs["success"] = parcel.success
    group.attrs[RECORD] = json.dumps(dict(parcel.record), sort_keys=True)
    for name in ("actions", "rewards", "labels"):
        group[name] = arrays[name]
    group["dones"] = (np.arange(steps) == steps - 1).astype(np.int64)
    group["states"] = arrays["state"][:-1]
    for part, of in (("obs", slice(None, -1)), ("next_obs", slice(1, None))):
        group[f"{part}/state"] = arrays["state"][of]
        for name, pictures in parcel.pictures.items():
            shown = pictures[of]
            packed(group, f"{part}/{_picture_key(name)}", shown if shown.ndim == 4 else shown[..., None])
    scan = np.broadcast_to(arrays["points"], (steps, *arrays["points"].shape))
    # One scan serves for both: a second name of the same data.
    group["next_obs/points"] = packed(group, "obs/points", scan)


def _picture_key(name: str) -> str:
    """`front` → `front_image`, as robomimic's own datasets are named; `front_depth` as it is."""
    return name if name.endswith("_depth") else f"{name}_image"


def read_robomimic(path: Path) -> Shipment:
    """Open a file of robomimic's; its episodes are read as they are asked for.

    Raises:
        ExchangeError: none, a damaged one, or one whose numbers mean something else.
    """
    path = Path(path)
    with opened(path, WHAT) as file:
        if "data" not in file or not len(file["data"]):
            raise ExchangeError(f"{path}: no demonstrations in group 'data'")
        header = checked_header(str(path), file[HEADER][()]) if HEADER in file else None
        pictures: tuple[str, ...] = ()
        if header is None:
            _check_meaning(path, file["data"])
            observed = file["data"][sorted(file["data"])[0]].get("obs", {})
            pictures = tuple(name for name in sorted(observed) if observed[name].ndim == 4)
    return Shipment(header, _parcels(path, header is not None), _planned(path), pictures)


def _planned(path: Path) -> Iterator[tuple[str, bytes]]:
    with opened(path, WHAT) as file:
        for name in sorted(file.get(PLANNED, ())):
            yield name, file[f"{PLANNED}/{name}"][()].tobytes()


def _check_meaning(path: Path, data: Any) -> None:
    """Refuse what means something else: first what the environment says, then sizes, then names."""
    try:
        told: Any = parse_json(text_of(data.attrs.get("env_args")) or "{}")
        kwargs = told.get("env_kwargs", {}) if isinstance(told, dict) else {}
        control = kwargs.get("controller_configs", {}) if isinstance(kwargs, dict) else {}
    except Unfit as error:
        raise ExchangeError(f"{path}: env_args: {error}") from error
    first = data[sorted(data)[0]]
    if isinstance(control, dict) and control.get("type"):
        found = f"controller_configs.type {control['type']!r}"
        raise ExchangeError(f"{path}: env_args has {found}; expected steps of {', '.join(ACTION_NAMES)}")
    meaning.check_action_size(f"{path}: actions", first["actions"].shape[-1])
    if "control_freq" in kwargs:
        meaning.check_rate(f"{path}: env_args.control_freq", float(kwargs["control_freq"]))
    for attribute, expected in NAMES.items():
        text = text_of(data.attrs.get(attribute))
        meaning.check_names(
            f"{path}: {attribute.partition('_')[0]}", None if text is None else parse_json(text), expected
        )


def _parcels(path: Path, ours: bool) -> Iterator[Parcel]:
    with opened(path, WHAT) as file:
        data = file["data"]
        for name in sorted(data, key=lambda name: int(name.removeprefix("demo_"))):
            yield _parcel(f"{path}: {name}", data[name], ours)


def _parcel(where: str, demo: Any, ours: bool) -> Parcel:
    record = checked_record(where, text_of(demo.attrs.get(RECORD)), ours)
    actions, state, after = floats(demo["actions"]), floats(demo["obs/state"]), floats(demo["next_obs/state"])
    meaning.check_action_size(f"{where}: actions", actions.shape[-1])
    meaning.check_state_size(f"{where}: obs/state", state.shape[-1])
    points = floats(demo["obs/points"])
    meaning.check_points_shape(f"{where}: obs/points", points.shape[1:])
    arrays = {
        "state": np.concatenate([state, after[-1:]]),
        "points": meaning.one_scan(f"{where}: obs/points", points),
        "actions": actions,
        "labels": floats(demo["labels"]) if "labels" in demo else actions,
        "rewards": floats(demo["rewards"]),
    }
    return Parcel(record, arrays)
