"""Trains parts for some steps in float64, as one of the ranks that the environment names, and writes what came of it.

Words: packed data, trained `maml` to start `contrast` from, steps, output file, parts.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import torch

from robo_meta.learning.adam import Moments
from robo_meta.training.checkpoint import load_checkpoint
from robo_meta.training.data import TrainingData, load_training_data
from robo_meta.training.objectives import fresh_state, part_losses
from robo_meta.training.outer_loop import outer_step
from robo_meta.training.presets import PRESETS, Schedule
from robo_meta.training.ranks import ALONE, Ranks, joined
from robo_meta.training.state import MetaState, state_arrays
from robo_meta.training.task_sampler import TaskStream

DOUBLE, CPU = torch.float64, torch.device("cpu")
TINY = PRESETS["tiny"]
CONFIG = replace(TINY, schedules={name: Schedule(50, 5, 1e-2) for name in TINY.schedules})
"""Batches of five, which two ranks can't share evenly."""


def doubled(state: MetaState) -> MetaState:
    """The same state in float64."""
    theta, rates, first, second, tables = (
        {k: v.double() for k, v in group.items()}
        for group in (state.theta, state.rates, *state.optimizer, state.tables)
    )
    return MetaState(theta, rates, Moments(first, second), state.step, state.rng, tables)


@cache
def _drawn(data: Path) -> tuple[TrainingData, TaskStream]:
    """The data, and its tasks encoded once."""
    found = load_training_data(data)
    return found, TaskStream(found, CONFIG.shots, CONFIG.transfers, CPU)


def trained(part: str, data: Path, maml: Path, steps: int, ranks: Ranks = ALONE) -> dict[str, np.ndarray]:
    """The state of `part` after `steps` steps."""
    found, stream = _drawn(data)
    base = load_checkpoint(maml).parts["maml"]
    state = doubled(fresh_state(part, CONFIG, 3, CPU, tasks=len(found.points), maml=base))
    losses = part_losses(part, found, stream, CONFIG, CPU, tables=state.tables, maml=base, ranks=ranks, dtype=DOUBLE)
    generator = torch.Generator()
    generator.set_state(state.rng)
    for step in range(steps):
        state, _ = outer_step(part, state, losses, generator, rate=1e-2, clip=0.5, progress=step / steps, ranks=ranks)
    return state_arrays(state)


if __name__ == "__main__":
    torch.set_num_threads(1)
    data, maml, steps, out, *parts = sys.argv[1:]
    with joined("cpu") as own:
        after = {
            f"{part} {name}": array
            for part in parts
            for name, array in trained(part, Path(data), Path(maml), int(steps), own).items()
        }
    np.savez(out, **after)
