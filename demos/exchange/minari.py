"""Minari's format: a folder `NAMESPACE/NAME-vN/data` with one HDF5 file and a table of metadata. Needs h5py.

What has no place in it lies in `metadata.json` (`robo_meta`, what all episodes share), in the attributes `robo_meta`
(the record) and `task` of each episode, and in the folder `robo_meta_planned`. Minari keeps all T+1 observations.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from demos.exchange import meaning
from demos.exchange.hdf5 import RECORD, floats, opened, packed, text_of
from demos.exchange.meaning import GRASP_ID, ExchangeError
from demos.exchange.seeded import seeded_record
from demos.exchange.shipment import Parcel, Shipment, checked_header, checked_record
from demos.storage.files import DamagedFile, json_bytes, read_bounded
from demos.storage.schema import Unfit, parse_json
from sim.libraries import library

WHAT = "Minari's format"
VERSION = "0.5.4"
"""Of Minari, whose form of data this is: the first that keeps pictures as they are."""
NAMESPACE = "robo_meta"
METADATA, FILE, PLANNED = "metadata.json", "main_data.hdf5", "robo_meta_planned"
LARGEST = 2**29
"""Bytes of the metadata at most."""


def dataset_id(name: str) -> str:
    """What Minari calls a dataset of ours, for `minari.load_dataset`."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name).strip("-")
    return f"{NAMESPACE}/{plain or 'grasps'}-v0"


def write_minari(shipment: Shipment, folder: Path, name: str) -> None:
    """Write a shipment that has a header into the new `folder`, as dataset `name` (see `dataset_id`)."""
    h5py = library("h5py", WHAT, "data")
    assert shipment.header is not None
    data = folder / "data"
    (data / PLANNED).mkdir(parents=True)
    episodes = steps = 0
    with h5py.File(data / FILE, "w", track_order=True) as file:
        for parcel in shipment.parcels:
            _write_episode(file.create_group(f"episode_{episodes}"), parcel, episodes)
            episodes, steps = episodes + 1, steps + parcel.steps
    for chunk, content in shipment.planned:
        (data / PLANNED / f"{chunk}.safetensors").write_bytes(content)
    size = sum(path.stat().st_size for path in data.rglob("*")) / 1_000_000
    metadata = {
        **_spaces(shipment.header["cameras"]),
        "total_episodes": episodes,
        "total_steps": steps,
        "data_format": "hdf5",
        "jpeg_encoding": False,
        "dataset_id": dataset_id(name),
        "minari_version": VERSION,
        "algorithm_name": shipment.header["configs"][0]["actor"],
        "description": "Grasping objects of hidden weight, demonstrated in robo_meta.",
        "dataset_size": round(size, 1),
        "robo_meta": dict(shipment.header),
    }
    (data / METADATA).write_bytes(json_bytes(metadata))


def _spaces(cameras: dict[str, Any]) -> dict[str, str]:
    """Spaces of observations and actions, and the environment, as Minari stores them."""
    import gymnasium

    import sim  # noqa: F401  registers the environment
    from sim.episode.action import action_space
    from sim.episode.observation import points_space, state_space

    pictures: dict[str, Any] = {}
    for camera, size in cameras.items():
        shape = (size["height"], size["width"])
        pictures[camera] = gymnasium.spaces.Box(0, 255, (*shape, 3), np.uint8)
        if size["depth"]:
            pictures[f"{camera}_depth"] = gymnasium.spaces.Box(0, 65535, shape, np.uint16)
    observed = {"points": points_space(), "state": state_space(), **pictures}
    table = {"type": "Dict", "subspaces": {name: _box(space) for name, space in observed.items()}}
    return {
        "observation_space": json.dumps(table),
        "action_space": json.dumps(_box(action_space())),
        "env_spec": gymnasium.spec(GRASP_ID).to_json(),
    }


def _box(space: Any) -> dict[str, Any]:
    shape, bounds = list(space.shape), (space.low.tolist(), space.high.tolist())
    return {"type": "Box", "dtype": str(space.dtype), "shape": shape, "low": bounds[0], "high": bounds[1]}


def _write_episode(group: Any, parcel: Parcel, number: int) -> None:
    arrays, steps = parcel.arrays, parcel.steps
    group.attrs["id"] = number
    group.attrs["total_steps"] = steps
    group.attrs["task"] = parcel.sentence
    group.attrs["success"] = parcel.success
    group.attrs[RECORD] = json.dumps(dict(parcel.record), sort_keys=True)
    observed = group.create_group("observations")
    packed(observed, "state", arrays["state"])
    packed(observed, "points", np.broadcast_to(arrays["points"], (steps + 1, *arrays["points"].shape)))
    for name, pictures in parcel.pictures.items():
        packed(observed, name, pictures)
    # The environment ends an episode itself once the object is lifted; otherwise it ran out of steps.
    last, lifted = np.arange(steps) == steps - 1, parcel.record["verdict"].get("lifted", parcel.success)
    packed(group, "actions", arrays["actions"])
    packed(group, "rewards", arrays["rewards"])
    packed(group, "terminations", last & lifted)
    packed(group, "truncations", last & (not lifted))
    # One for every observation; none was meant after the last one.
    labels = np.concatenate([arrays["labels"], np.zeros_like(arrays["labels"][:1])])
    packed(group.create_group("infos"), "label", labels)


def read_minari(folder: Path) -> Shipment:
    """Open a dataset of Minari's; its episodes are read as they are asked for.

    Raises:
        ExchangeError: none, a damaged one, or one whose numbers mean something else.
    """
    folder = Path(folder)
    data = folder if (folder / METADATA).is_file() else folder / "data"
    path = data / METADATA
    try:
        metadata: Any = parse_json(read_bounded(path, LARGEST))
        spaces = [parse_json(metadata[name]) for name in ("observation_space", "action_space")]
        told = metadata.get("robo_meta")
    except FileNotFoundError:
        raise ExchangeError(f"{folder}: no dataset of Minari's: data/{METADATA} is missing") from None
    except (Unfit, DamagedFile, KeyError, TypeError, AttributeError) as error:
        raise ExchangeError(f"{path}: damaged: {error!r}") from error
    if metadata.get("data_format") != "hdf5":
        raise ExchangeError(f"{path}: data_format {metadata.get('data_format')!r}; expected 'hdf5'")
    header = None if told is None else checked_header(str(path), json.dumps(told))
    _check_spaces(folder, *spaces)
    split = "" if header else _split(folder, metadata)
    planned = sorted((data / PLANNED).glob("[!.]*.safetensors"))
    contents = ((one.stem, read_bounded(one, 2**30)) for one in planned)
    # Whatever else was observed has the shape of pictures or of their depth.
    observed = {} if header else spaces[0]["subspaces"]
    pictures = tuple(name for name in observed if len(observed[name].get("shape", ())) > 1 and name != "points")
    return Shipment(header, _parcels(data / FILE, header is not None, split), contents, pictures)


def _check_spaces(folder: Path, observation: Any, action: Any) -> None:
    """Refuse spaces of another kind than ours."""
    shape = action.get("shape") if isinstance(action, dict) and action.get("type") == "Box" else None
    if not shape:
        kind = action.get("type") if isinstance(action, dict) else action
        raise ExchangeError(
            f"{folder}: action_space is of type {kind!r}; expected Box: {', '.join(meaning.ACTION_NAMES)}"
        )
    meaning.check_action_size(f"{folder}: action_space", int(np.prod(shape)))
    parts = observation.get("subspaces") if isinstance(observation, dict) else None
    if not isinstance(parts, dict) or not {"state", "points"} <= set(parts):
        found = ", ".join(parts) if isinstance(parts, dict) else "no table of parts"
        raise ExchangeError(f"{folder}: observation_space holds {found}; expected state, points")
    meaning.check_state_size(f"{folder}: observation_space.state", parts["state"]["shape"][-1])
    meaning.check_points_shape(f"{folder}: observation_space.points", parts["points"]["shape"])


def _split(folder: Path, metadata: dict[str, Any]) -> str:
    """The split that our environment drew its scenes from, where Minari collected data in it."""
    text = metadata.get("env_spec")
    spec: Any = parse_json(text) if isinstance(text, str) else {}
    if not isinstance(spec, dict) or spec.get("id") != GRASP_ID:
        found = spec.get("id") if isinstance(spec, dict) else None
        raise ExchangeError(
            f"{folder}: env_spec is of {found!r}, so what its actions mean is unknown; expected {GRASP_ID!r}"
        )
    kwargs = spec.get("kwargs") or {}
    for name in ("gripper", "thresholds", "workspace"):
        if kwargs.get(name) is not None:
            raise ExchangeError(f"{folder}: env_spec.kwargs.{name} is given; expected the environment's own")
    return str(kwargs.get("split", "training"))


def _parcels(path: Path, ours: bool, split: str) -> Iterator[Parcel]:
    with opened(path, WHAT) as file:
        for name in sorted(file, key=lambda name: int(name.removeprefix("episode_"))):
            yield _parcel(f"{path}: {name}", file[name], ours, split)


def _parcel(where: str, group: Any, ours: bool, split: str) -> Parcel:
    actions = floats(group["actions"])
    points = meaning.one_scan(f"{where}: points", floats(group["observations/points"]))
    arrays = {
        "state": floats(group["observations/state"]),
        "points": points,
        "actions": actions,
        "labels": floats(group["infos/label"])[: len(actions)] if "infos/label" in group else actions,
        "rewards": floats(group["rewards"]),
    }
    text = text_of(group.attrs.get(RECORD))
    if text is None and not ours:
        return Parcel(seeded_record(where, split, dict(group.attrs), points, arrays["rewards"]), arrays)
    return Parcel(checked_record(where, text, ours), arrays)
