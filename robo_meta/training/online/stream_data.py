"""Packed datasets put together for a stream.

Axis letters: N tasks, D demonstrations of a task, P points, C colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from robo_meta.model.point_features import corner_weights
from robo_meta.training.data import TrainingData, load_training_data
from robo_meta.training.online.config import StreamError

COLOURS = ("black", "green", "red", "yellow", "blue", "cyan", "magenta", "white")
"""Names of `encoding.corner_weights`' corners, in its order."""
SHOWN = 0.02
"""Share of a task's points from which on a colour counts as shown; less is noise at an edge."""
_ROWS = ("points", "grasps", "other_grasps", "holdable", "family", "object", "intention", "densities")
_STEPS = ("hand", "hand_actions", "hand_targets", "hand_episode")


def load_folders(paths: Sequence[Path]) -> tuple[TrainingData, np.ndarray]:
    """The tasks of several datasets in one, without their recorded steps, and (N,) the number of each one's dataset.

    Raises:
        TrainingDataError: a dataset that is missing or damaged.
        StreamError: datasets that don't fit together, of fewer than two demonstrations, or not of training families.
    """
    parts = [load_training_data(path) for path in paths]
    first = parts[0]
    for path, part in zip(paths, parts, strict=True):
        # `unseen-objects` shows the training families too, but is for testing.
        split = part.provenance.get("config", {}).get("split", "training")
        if split != "training":
            raise StreamError(f"{path}: recorded from split {split!r}; a stream learns from split 'training' only")
        if part.points.shape[1] < 2:
            raise StreamError(f"{path}: 1 demonstration a task; a stream needs a query beside it, so at least 2")
        if part.points.shape[1:] != first.points.shape[1:]:
            found, wanted = tuple(part.points.shape[1:3]), tuple(first.points.shape[1:3])
            raise StreamError(f"{path}: {found} demonstrations and points a task; {paths[0]} has {wanted}")
        if part.families != first.families:
            raise StreamError(f"{path}: its table of families is not that of {paths[0]}; pack both by one version")
    joined: dict[str, Any] = {name: torch.cat([getattr(part, name) for part in parts]) for name in _ROWS}
    # A task of a stream gives its demonstrations and nothing more: no other wish is planned for it in hindsight.
    joined["other_grasps"] = torch.full_like(joined["other_grasps"], float("nan"))
    nothing: dict[str, Any] = {name: getattr(first, name)[:0] for name in _STEPS}
    origins = {"datasets": [part.provenance for part in parts]}
    folder = np.repeat(np.arange(len(parts)), [len(part.points) for part in parts])
    return replace(first, **joined, **nothing, provenance=origins), folder


def take(data: TrainingData, tasks: np.ndarray) -> TrainingData:
    """The tasks numbered `tasks`, in that order."""
    rows = torch.from_numpy(np.asarray(tasks, dtype=np.int64))
    taken: dict[str, Any] = {name: getattr(data, name)[rows] for name in _ROWS}
    return replace(data, **taken)


def colours_shown(points: Tensor) -> np.ndarray:
    """(N, C) bool: the colours that tasks (N, D, P, 6) show, told from their points alone."""
    shares = []
    for part in points.split(256):
        nearest = corner_weights(part.float()[..., 3:]).argmax(-1).flatten(1)
        shares.append(torch.nn.functional.one_hot(nearest, len(COLOURS)).float().mean(1))
    return (torch.cat(shares) >= SHOWN).numpy()
