"""Packed training data, read with nothing but torch, numpy and safetensors: it is carried to machines without PyBullet.

Axis letters: N tasks, D demonstrations of a task, P points, L of them labelled, M recorded steps. Everything is in the
object's frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import accumulate
from pathlib import Path

import numpy as np
import torch

from demos.storage.array_file import read_array_file
from demos.storage.files import DamagedFile, real_place
from demos.storage.folder import TRAINING_FILE, files_fingerprint
from demos.storage.packed_file import LAYOUT, PACKED, TrainingDataError, check_values


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
    """(N, 8) float32 by palette colour, 0 where absent and of painted goods. Privileged: for reports, and to know
    painted goods."""
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

    @property
    def painted_goods(self) -> torch.Tensor:
        """(N,) bool: tasks in which the part tells the weight and paint is random, so that no colour has a density."""
        return (self.densities == 0).all(-1)

    def to(self, device: torch.device | str) -> TrainingData:
        """The same data on `device`."""
        tensors = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{name: value.to(device) for name, value in tensors.items() if name in LAYOUT})


def load_training_data(path: Path | str) -> TrainingData:
    """Read `training.safetensors`, given it or its dataset folder.

    Of a folder, episodes that lie beside the packed file must be those that it was packed from.

    Raises:
        TrainingDataError: missing, truncated, altered, of another schema or layout, or packed from other episodes.
    """
    given = Path(path)
    path = given / TRAINING_FILE if given.is_dir() else given
    if not path.exists():
        raise TrainingDataError(f"{path}: no packed training data; record a dataset, which packs it")
    record, arrays, _ = read_array_file(path, PACKED)
    try:
        check_values(path, arrays, record["families"])
        beside = files_fingerprint(given) if given.is_dir() else None
    except DamagedFile as error:
        raise TrainingDataError(f"{error}; {PACKED.advice}") from error
    if beside not in (None, record["packed_from"]):
        raise TrainingDataError(f"{path}: packed from other episodes than lie beside it; {PACKED.advice}")
    # torch wants arrays of its own that may be written to.
    tensors = {name: torch.from_numpy(np.array(arrays[name])) for name in LAYOUT}
    return TrainingData(**tensors, families=tuple(record["families"]), provenance=record["provenance"])


def load_joined(paths: Sequence[Path | str]) -> TrainingData:
    """The tasks and recorded steps of several datasets in one, each with families of its own.

    Raises:
        TrainingDataError: a dataset that is missing or damaged, named twice, or of another number of demonstrations,
            points or labels than the first.
    """
    parts = [load_training_data(path) for path in paths]
    first = parts[0]
    if len(parts) == 1:
        return first
    if len({real_place(path) for path in paths}) < len(paths):
        raise TrainingDataError(f"--data {' '.join(map(str, paths))}: a dataset twice; name each once")
    for path, part in zip(paths, parts, strict=True):
        for name, what in (("points", "demonstrations and points"), ("graspable", "demonstrations and labels")):
            found, wanted = (tuple(getattr(one, name).shape[1:3]) for one in (part, first))
            if found != wanted:
                raise TrainingDataError(f"{path}: {found} {what} a task; {paths[0]} has {wanted}")
    families = tuple(dict.fromkeys(name for part in parts for name in part.families))
    joined = {name: torch.cat([getattr(part, name) for part in parts]) for name in LAYOUT}
    numbers = [torch.tensor([families.index(name) for name in part.families], dtype=torch.int16) for part in parts]
    joined["family"] = torch.cat([new[part.family.long()] for new, part in zip(numbers, parts, strict=True)])
    starts = [0, *accumulate(int(part.hand_episode.max()) + 1 if len(part.hand_episode) else 0 for part in parts)]
    episodes = [part.hand_episode + start for part, start in zip(parts, starts[:-1], strict=True)]
    joined["hand_episode"] = torch.cat(episodes)
    return TrainingData(**joined, families=families, provenance={"datasets": [part.provenance for part in parts]})


def data_fingerprint(data: TrainingData) -> str:
    """Shapes and sums that differ where the data do."""
    parts = (data.points, data.grasps, data.other_grasps, data.graspable, data.hand_actions)
    sums = [float(t.double().nansum()) for t in parts]
    return f"{tuple(data.points.shape)} {len(data.hand)} {sums}"
