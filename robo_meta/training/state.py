"""What must survive a kill: one tuple, one file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from demos.storage.files import write_atomic
from robo_meta.learning.adam import Moments
from sim.errors import InputError

STATES = "state"
"""Folder of the states inside a run folder."""


class StateError(InputError):
    """A training state that is damaged or belongs to another training."""


class MetaState(NamedTuple):
    """A training between two steps; loading it is resuming."""

    theta: dict[str, Tensor]
    """Parameters by name."""
    rates: dict[str, Tensor]
    """Log inner rates and widths; empty where nothing adapts."""
    optimizer: Moments
    """Adam's moments of both, names as in `theta` and `rates`."""
    step: int
    """Outer steps done."""
    rng: Tensor
    """(…,) uint8: state of the generator that draws batches."""
    tables: Mapping[str, Tensor] = MappingProxyType({})
    """Name → (T, …) what `pretrain` keeps of each training task, updated in place by its losses; empty elsewhere."""


def save_state(path: Path, state: MetaState, identity: dict) -> None:
    """Write `state`, replaced whole or not at all; `identity` is what a resume must agree with."""
    groups = {
        "theta": state.theta,
        "rates": state.rates,
        "first": state.optimizer.first,
        "second": state.optimizer.second,
        "tables": state.tables,
    }
    tensors = {f"{group}/{k}": v.detach().cpu().contiguous() for group, part in groups.items() for k, v in part.items()}
    tensors["rng"] = state.rng
    header = {"step": str(state.step), "identity": json.dumps(identity, sort_keys=True)}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, [save(tensors, header)])


def load_state(path: Path, identity: dict, device: torch.device) -> MetaState:
    """Read a state.

    Raises:
        StateError: damaged, or saved by a training with another configuration, seed or data.
    """
    tensors, header = read_state_file(path)
    try:
        step, found = int(header["step"]), json.loads(header["identity"])
        rng = tensors.pop("rng")
    except (KeyError, ValueError) as error:
        raise damaged(path, error) from error
    check_identity(path, found, identity)
    groups: dict[str, dict[str, Tensor]] = {"theta": {}, "rates": {}, "first": {}, "second": {}, "tables": {}}
    for name, tensor in tensors.items():
        group, _, key = name.partition("/")
        groups[group][key] = tensor.to(device)
    moments = Moments(groups["first"], groups["second"])
    return MetaState(groups["theta"], groups["rates"], moments, step, rng, groups["tables"])


def read_state_file(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and header of a state file.

    Raises:
        StateError: unreadable.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise damaged(path, error) from error


def damaged(path: Path, error: Exception) -> StateError:
    """What to say of a state file that can't be read."""
    return StateError(f"{path}: damaged training state ({error}); delete it to train afresh")


def check_identity(path: Path, found: dict, wanted: dict) -> None:
    """Compare what a state file is marked with to what this training is.

    Raises:
        StateError: they differ.
    """
    for key, value in json.loads(json.dumps(wanted)).items():
        if found.get(key) != value:
            raise StateError(
                f"{path}: its {key} is {found.get(key)!r}, this training's is {value!r}; use another --out"
            )
