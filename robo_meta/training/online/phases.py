"""The order in which tasks arrive: phases that bring new families and new colours.

A task belongs to the first phase in which all of its families and all of its colours were brought. Axis letters as in
`stream_data`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robo_meta.training.data import TrainingData
from robo_meta.training.online.config import StreamConfig, StreamError
from robo_meta.training.online.stream_data import COLOURS, colours_shown

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
    probes: np.ndarray
    """(B,) numbers of the tasks held out of the stream, to judge by."""


def deal_phases(data: TrainingData, folder: np.ndarray, config: StreamConfig, seed: int) -> tuple[Phase, ...]:
    """Sort tasks into phases.

    Args:
        data: of `stream_data.load_folders`.
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
        held_out = min(config.probes, len(tasks) // 4)
        brought = tuple(sorted(COLOURS[i] for i in colours[number]))
        phases.append(Phase(names, brought, tasks[held_out:], tasks[:held_out]))
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
