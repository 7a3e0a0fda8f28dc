"""What must survive a kill: one tuple, one file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from demos.storage.array_file import read_array_file, write_array_file
from demos.storage.array_form import Form
from demos.storage.files import checksum
from demos.storage.schema import PLAIN_TABLE, Record, Whole
from robo_meta.learning.adam import Moments
from sim.errors import InputError

STATES = "state"
"""Folder of the states inside a run folder."""


class StateError(InputError):
    """A training state that is damaged or belongs to another training."""


FORM = Form(
    name="training state",
    schema="1",
    record=Record({"step": Whole(0), "identity": PLAIN_TABLE}),
    error=StateError,
    advice="delete it to train afresh",
    largest=2**34,
)


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
    tables: dict[str, Tensor]
    """Name → (T, …) what `pretrain` keeps of each training task, updated in place by its losses; empty elsewhere."""


def save_state(path: Path, state: MetaState, identity: dict) -> None:
    """Write `state`, replaced whole or not at all; `identity` is what a resume must agree with."""
    record = {"step": state.step, "identity": identity}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_array_file(path, FORM, record, {**state_arrays(state), "rng": state.rng.numpy()})


def load_state(
    path: Path, identity: dict, device: torch.device, shapes: Mapping[str, tuple[int, ...]] | None = None
) -> MetaState:
    """Read a state.

    Args:
        path: the file.
        identity: what it must have been saved with.
        device: where its tensors go.
        shapes: name → shape of every parameter and, under `rates.…`, inner rate; see `expected_shapes` of
            `robo_meta.training.checkpoint`.

    Raises:
        StateError: damaged, or saved by a training with another configuration, seed or data.
    """
    record, arrays, _ = read_array_file(path, FORM)
    check_identity(path, record["identity"], identity)
    arrays = dict(arrays)
    rng = arrays.pop("rng", None)
    return state_of(path, arrays, rng, record["step"], device, shapes)


def state_arrays(state: MetaState) -> dict[str, np.ndarray]:
    """A state's tensors by `group/name`, but for its generator's."""
    groups = {
        "theta": state.theta,
        "rates": state.rates,
        "first": state.optimizer.first,
        "second": state.optimizer.second,
        "tables": state.tables,
    }
    return {
        f"{group}/{k}": v.detach().cpu().contiguous().numpy() for group, part in groups.items() for k, v in part.items()
    }


def state_digest(state: MetaState) -> str:
    """SHA-256 of a state, for ranks that must start alike."""
    return checksum({**state_arrays(state), "rng": state.rng.numpy()}, str(state.step))


def state_of(
    path: Path,
    arrays: Mapping[str, np.ndarray],
    rng: np.ndarray | None,
    step: int,
    device: torch.device,
    shapes: Mapping[str, tuple[int, ...]] | None,
) -> MetaState:
    """The state whose `state_arrays` are given; arguments as in `load_state`.

    Raises:
        StateError: tensors that are missing, unknown, not finite or of another shape.
    """
    groups: dict[str, dict[str, Tensor]] = {"theta": {}, "rates": {}, "first": {}, "second": {}, "tables": {}}
    for name, array in arrays.items():
        group, _, key = name.partition("/")
        if group not in groups or array.dtype != np.float32 or not np.isfinite(array).all():
            raise damaged(path, f"{name} is unknown, or holds no finite float32 numbers")
        # torch wants an array of its own that may be written to.
        groups[group][key] = torch.from_numpy(np.array(array)).to(device)
    own = {f"{group}/{k}": v.shape for group in ("theta", "rates") for k, v in groups[group].items()}
    for group in ("first", "second"):
        if {k: v.shape for k, v in groups[group].items()} != own:
            raise damaged(path, f"its {group} moments are not those of its parameters")
    found = {k.removeprefix("theta/").replace("rates/", "rates.", 1): tuple(shape) for k, shape in own.items()}
    if shapes is not None and found != dict(shapes):
        raise damaged(path, "its parameters are not those of its preset")
    if not set(groups["tables"]) <= set(groups["theta"]):
        raise damaged(path, "tables of unknown parameters")
    wanted = torch.Generator().get_state().numpy()
    if rng is None or rng.dtype != wanted.dtype or rng.shape != wanted.shape:
        raise damaged(path, "no state of the random generator")
    moments = Moments(groups["first"], groups["second"])
    return MetaState(groups["theta"], groups["rates"], moments, step, torch.from_numpy(np.array(rng)), groups["tables"])


def damaged(path: Path, reason: str) -> StateError:
    """What to say of a state file whose content doesn't fit together."""
    return StateError(f"{path}: damaged training state ({reason}); {FORM.advice}")


def check_identity(path: Path, found: dict, wanted: dict) -> None:
    """Compare what a state file is marked with to what this training is.

    Raises:
        StateError: they differ.
    """
    # Named only where several processes trained together: their sums differ in the last bits.
    alone = {"processes": 1}
    found = alone | found
    for key, value in (alone | json.loads(json.dumps(wanted))).items():
        if found.get(key) != value:
            raise StateError(
                f"{path}: its {key} is {found.get(key)!r}, this training's is {value!r}; use another --out"
            )
