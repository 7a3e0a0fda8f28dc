"""Packed training data, read with nothing but torch, numpy and safetensors: it is carried to machines without PyBullet.

Axis letters: N tasks, D demonstrations of a task, P points, L of them labelled, M recorded steps. Everything is in the
object's frame.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load

from demos.demo import SCHEMA
from demos.storage.files import checksum, read_metadata
from sim.errors import InputError

TRAINING_FILE = "training.safetensors"
LAYOUT: dict[str, tuple[str, tuple[int | str, ...]]] = {
    "points": ("float16", ("N", "D", "P", 6)),
    "grasps": ("float32", ("N", "D", 4)),
    "other_grasps": ("float32", ("N", "D", 2, 4)),
    "graspable": ("int8", ("N", "D", "L")),
    "family": ("int16", ("N", "D")),
    "object": ("int16", ("N", "D")),
    "intention": ("int8", ("N",)),
    "densities": ("float32", ("N", 8)),
    "hand": ("float32", ("M", 7)),
    "hand_actions": ("float32", ("M", 5)),
    "hand_targets": ("float32", ("M", 4)),
    "hand_episode": ("int32", ("M",)),
}
"""Array → type and axes; equal letters are equal sizes."""


class TrainingDataError(InputError):
    """A packed file that is missing, damaged or of another form."""


@dataclass(frozen=True)
class TrainingData:
    """What meta-training reads."""

    points: torch.Tensor
    """(N, D, P, 6) float16: x, y, z in m, then r, g, b in [0, 1]."""
    grasps: torch.Tensor
    """(N, D, 4) float32: x, y, z (m), yaw (rad) where the demonstrator's fingers closed."""
    other_grasps: torch.Tensor
    """(N, D, 2, 4) float32: where they would have closed on the same objects had the intention been another; NaN where
    that was not planned."""
    graspable: torch.Tensor
    """(N, D, L) int8: whether the fingers could take an outer end at each of the first L points
    (`sim.objects.graspable.end_holds`), −1 where that isn't known."""
    family: torch.Tensor
    """(N, D) int16: index into `families`."""
    object: torch.Tensor
    """(N, D) int16: number of the object within its task."""
    intention: torch.Tensor
    """(N,) int8: 0 balance, 1 part. Privileged, for reports only."""
    densities: torch.Tensor
    """(N, 8) float32 by palette colour, 0 where absent. Privileged, for reports only."""
    hand: torch.Tensor
    """(M, 7) float32: x, y, z (m), yaw (rad), opening (m), opening rate (m/s), last command."""
    hand_actions: torch.Tensor
    """(M, 5) float32: clean corrective labels."""
    hand_targets: torch.Tensor
    """(M, 4) float32: the grasp of the step's own episode, by hindsight."""
    hand_episode: torch.Tensor
    """(M,) int32: number of the step's episode."""
    families: tuple[str, ...]
    """Names that `family` indexes."""
    provenance: dict
    """Configuration, counts and versions that the file was made with."""

    def to(self, device: torch.device | str) -> TrainingData:
        """The same data on `device`."""
        tensors = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{name: value.to(device) for name, value in tensors.items() if name in LAYOUT})


def load_training_data(path: Path | str) -> TrainingData:
    """Read `training.safetensors`, given it or its dataset folder.

    Raises:
        TrainingDataError: missing, truncated, altered, or of another schema or layout.
    """
    path = Path(path)
    if path.is_dir():
        path = path / TRAINING_FILE
    if not path.is_file():
        raise TrainingDataError(f"{path}: no packed training data; record a dataset, which packs it")
    try:
        metadata = read_metadata(path)
    except (OSError, ValueError) as error:
        raise TrainingDataError(f"{path}: truncated or damaged ({error}); pack the dataset again") from error
    if metadata.get("schema") != SCHEMA:
        raise TrainingDataError(f"{path}: schema {metadata.get('schema')!r}, this version reads {SCHEMA!r}; pack again")
    try:
        arrays = load(path.read_bytes())
    except (OSError, SafetensorError) as error:
        raise TrainingDataError(f"{path}: truncated or damaged ({error}); pack the dataset again") from error
    if checksum(arrays, SCHEMA) != metadata.get("checksum"):
        raise TrainingDataError(f"{path}: altered: its checksum does not fit its content; pack the dataset again")
    _check_layout(path, arrays)
    labels, points = arrays["graspable"], arrays["points"]
    if labels.shape[2] > points.shape[2] or not np.isin(labels, (-1, 0, 1)).all():
        raise TrainingDataError(
            f"{path}: graspable of shape {labels.shape}; expected -1, 0 or 1 for at most {points.shape[2]} points"
        )
    # The library's arrays may view read-only bytes; torch wants its own.
    tensors = {name: torch.from_numpy(np.array(arrays[name])) for name in LAYOUT}
    families = tuple(json.loads(metadata["families"]))
    return TrainingData(**tensors, families=families, provenance=json.loads(metadata["provenance"]))


def _check_layout(path: Path, arrays: dict[str, np.ndarray]) -> None:
    sizes: dict[str, int] = {}
    for name, (dtype, axes) in LAYOUT.items():
        if name not in arrays:
            raise TrainingDataError(f"{path}: no array {name!r}; pack the dataset again")
        array = arrays[name]
        expected = [sizes.setdefault(axis, size) if isinstance(axis, str) else axis
                    for axis, size in zip(axes, array.shape, strict=False)]  # fmt: skip
        if array.dtype.name != dtype or array.ndim != len(axes) or list(array.shape) != expected:
            wanted = ", ".join(str(sizes.get(axis, axis) if isinstance(axis, str) else axis) for axis in axes)
            raise TrainingDataError(f"{path}: {name} is {array.dtype.name} {array.shape}, expected {dtype} ({wanted})")


def data_fingerprint(data: TrainingData) -> str:
    """Shapes and sums that differ where the data do."""
    parts = (data.points, data.grasps, data.other_grasps, data.graspable, data.hand_actions)
    sums = [float(t.double().nansum()) for t in parts]
    return f"{tuple(data.points.shape)} {len(data.hand)} {sums}"
