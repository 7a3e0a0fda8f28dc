"""Parts of a checkpoint trained side by side, each in a process of its own on one CPU core.

No part but `contrast` depends on another, so what each learns is the same, to the last bit, as one after another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import torch

from demos.workers import run_jobs
from robo_meta.runs.loggers import OpenLogger
from robo_meta.training.one_part import learned, one_thread, train_part
from robo_meta.training.prepared import Prepared, Tasks, training_data
from robo_meta.training.presets import SHARED, TrainConfig
from robo_meta.training.ranks import ALONE
from robo_meta.training.told import told_of
from robo_meta.training.warm_start import Start

Values = dict[str, np.ndarray]
"""Name → parameters, as arrays: tensors would travel between processes by shared memory, of which machines may have
little."""
_CPU = torch.device("cpu")


@dataclass(frozen=True)
class PartsOrder:
    """What the processes that train parts are told; nothing of it depends on which part."""

    data: tuple[Path, ...]
    """Datasets."""
    out: Path
    """Run folder, which the starting process alone holds the right to write a checkpoint into."""
    config: TrainConfig
    seed: int
    loggers: tuple[OpenLogger, ...]
    """What opens loggers beside TensorBoard's; they travel to the processes."""
    validation: tuple[Path, ...]
    """Datasets that parts are scored on while they are trained."""


def train_apart(
    order: PartsOrder, parts: Sequence[str], starts: Mapping[str, Start], workers: int
) -> Iterator[tuple[str, dict[str, torch.Tensor]]]:
    """Train parts on several processes; yields each part's name and what it learned, as it is done.

    Their states are saved as they go, as one process saves them: a training that was stopped goes on with any number
    of processes.

    Raises:
        TrainingDiverged, StateError: of one of the parts, once those in progress are through.
        demos.workers.WorkerDied: a process was ended from outside.
    """
    # Methods first, as they take longest; what all share fills the gap at the end.
    jobs = [partial(_train, order, part, _sent(starts.get(part))) for part in sorted(parts, key=SHARED.__contains__)]
    for part, values in run_jobs(jobs, min(workers, len(jobs))):
        yield part, {name: torch.from_numpy(value) for name, value in values.items()}


def _train(order: PartsOrder, part: str, sent: tuple[str, Values, bool] | None) -> tuple[str, Values]:
    """The part, trained in this process."""
    tasks = _tasks(order.data, order.config.shots, order.config.transfers)
    shared = Prepared(order.out, order.config, order.seed, False, tasks, ALONE)
    start = None
    if sent is not None:
        name, values, goes_on = sent
        start = Start(name, {k: torch.from_numpy(v) for k, v in values.items()}, goes_on)
    told = told_of(order.out, order.config, order.loggers, order.validation, _CPU, bar=False)
    with one_thread():
        state = train_part(shared, part, start, None, told)
    return part, {name: value.numpy() for name, value in learned(state).items()}


def _sent(start: Start | None) -> tuple[str, Values, bool] | None:
    """A start in what can travel."""
    if start is None:
        return None
    return start.part, {k: v.detach().cpu().numpy() for k, v in start.values.items()}, start.goes_on


@lru_cache(maxsize=1)
def _tasks(data: tuple[Path, ...], shots: tuple[int, ...], transfers: tuple[float, float, float]) -> Tasks:
    """The tasks, read and encoded once in each process, whatever parts come to it."""
    return Tasks(training_data(data), shots, transfers, _CPU)
