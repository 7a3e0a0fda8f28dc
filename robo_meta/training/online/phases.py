"""The order in which tasks arrive: phases that bring new families and new colours.

A task belongs to the first phase in which all of its families and all of its colours were brought. Axis letters: N
tasks, D demonstrations of a task, P points, C colours, T tasks that arrive in a phase, B its held-out ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from robo_meta.model.point_features import corner_weights
from robo_meta.training.data import TrainingData, load_training_data
from robo_meta.training.online.config import StreamConfig, StreamError

LEAST = 8
"""Fewest tasks of a phase."""
_STREAM = 0x57
"""Key of this module's random streams below the seed."""


@dataclass(frozen=True)
class Phase:
    """What a phase brings."""

    families: tuple[str, ...]
    """New families."""
    colours: tuple[str, ...]
    """New colours."""
    arrivals: np.ndarray
    """(T,) numbers of its tasks, in the order in which they arrive."""
    held_out: np.ndarray
    """(B,) numbers of the tasks held out of the stream, to judge by."""


def deal_phases(data: TrainingData, folder: np.ndarray, config: StreamConfig, seed: int) -> tuple[Phase, ...]:
    """Sort tasks into phases.

    Args:
        data: of `load_folders`.
        folder: (N,) number of each task's dataset. Of several, each brings the families that none before it shows;
            the families of a single one are dealt into the phases.
        config: how many phases, and how large.
        seed: of the deal and of the order.

    Raises:
        StreamError: a phase without a new family, or with too few tasks.
    """
    family = data.family.numpy()
    shown = [np.unique(family[folder == number]) for number in range(int(folder.max()) + 1)]
    if len(shown) == 1:
        if len(shown[0]) < config.phases:
            raise StreamError(f"{config.phases} phases, but the data show {len(shown[0])} families; use fewer --phases")
        families = np.array_split(_generator(seed, 0).permutation(shown[0]), config.phases)
    else:
        families = [np.setdiff1d(own, np.concatenate([[], *shown[:number]])) for number, own in enumerate(shown)]
    for number, own in enumerate(families):
        if not len(own):
            raise StreamError(f"dataset {number + 1} of --data brings no family that those before it don't show")
    colours = _deal_colours(config, seed)
    family_phase = np.zeros(len(data.families), dtype=np.int64)
    colour_phase = np.zeros(len(COLOURS), dtype=np.int64)
    for number in range(config.phases):
        family_phase[families[number].astype(np.int64)] = number
        colour_phase[colours[number]] = number
    latest_colour = np.where(colours_shown(data.points), colour_phase, 0).max(1)
    phase = np.maximum(np.maximum(family_phase[family].max(1), latest_colour), folder)
    phases = []
    for number in range(config.phases):
        tasks = _generator(seed, 2, number).permutation(np.flatnonzero(phase == number))[: config.phase_tasks]
        names = tuple(sorted(data.families[int(i)] for i in families[number]))
        if len(tasks) < LEAST:
            raise StreamError(
                f"phase {number + 1} has {len(tasks)} tasks, it needs {LEAST}; record more of its families into a "
                f"dataset of its own (robo-meta record --tasks 1 --planned 400 --families {' '.join(names)}) and give "
                f"--data one dataset a phase, or bring more colours early with --phase-colours"
            )
        kept = min(config.held_out, len(tasks) // 4)
        brought = tuple(sorted(COLOURS[i] for i in colours[number]))
        phases.append(Phase(names, brought, tasks[kept:], tasks[:kept]))
    return tuple(phases)


def _deal_colours(config: StreamConfig, seed: int) -> list[np.ndarray]:
    """Corner numbers that each phase brings."""
    order = _generator(seed, 1).permutation(len(COLOURS))
    if config.phase_colours:
        if sum(config.phase_colours) != len(COLOURS):
            given = " ".join(map(str, config.phase_colours))
            raise StreamError(f"--phase-colours {given}: {sum(config.phase_colours)} in all; expected {len(COLOURS)}")
        return np.split(order, np.cumsum(config.phase_colours)[:-1])
    half = len(COLOURS) // 2
    return [order[:half], *np.array_split(order[half:], config.phases - 1)]


def _generator(seed: int, *path: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_STREAM, *path)))


COLOURS = ("black", "green", "red", "yellow", "blue", "cyan", "magenta", "white")
"""Names of the corners of `robo_meta.model.point_features.corner_weights`, in its order."""


SHOWN = 0.02
"""Share of a task's points from which on a colour counts as shown; less is noise at an edge."""


_ROWS = ("points", "grasps", "other_grasps", "graspable", "family", "object", "intention", "densities")


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
    # A task of a stream gives its demonstrations and nothing more: no other intention is planned for it in hindsight.
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
