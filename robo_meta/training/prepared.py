"""What a training is made ready with, before anything is written: data read, options checked, ranks agreed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from robo_meta.model.point_features import VERSION as FEATURES_VERSION
from robo_meta.runs.provenance import versions
from robo_meta.training.checkpoint import POLICY_FILE, Checkpoint, CheckpointError, card_of, load_checkpoint
from robo_meta.training.data import TrainingData, data_fingerprint, load_joined
from robo_meta.training.presets import SHARED, TrainConfig, check_methods
from robo_meta.training.ranks import Ranks
from robo_meta.training.recorded_episodes import check_episodes
from robo_meta.training.task_sampler import TaskStream, check_worlds
from robo_meta.training.warm_start import Start, starts_from
from sim.errors import InputError


class TrainError(InputError):
    """A training that cannot be started as asked."""


def device_named(name: str) -> torch.device:
    """`cpu` or `cuda`.

    Raises:
        TrainError: an unknown device, or CUDA on a machine without.
    """
    if name not in ("cpu", "cuda"):
        raise TrainError(f"unknown device {name!r}; expected cpu or cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise TrainError("device cuda: no CUDA device is available to torch; use --device cpu")
    return torch.device(name)


@dataclass(frozen=True)
class Tasks:
    """What is learned from."""

    data: TrainingData
    shots: tuple[int, ...]
    transfers: tuple[float, float, float]
    device: torch.device

    @cached_property
    def stream(self) -> TaskStream:
        """Draws batches of the tasks, whose scans are encoded once, when the first method asks for them."""
        return TaskStream(self.data, self.shots, self.transfers, self.device)


@dataclass(frozen=True)
class Prepared:
    """What the trainings of all parts share."""

    out: Path
    config: TrainConfig
    seed: int
    resume: bool
    tasks: Tasks
    ranks: Ranks

    @property
    def data(self) -> TrainingData:
        """What the tasks are drawn from."""
        return self.tasks.data

    @property
    def device(self) -> torch.device:
        """Where parameters and batches are."""
        return self.tasks.device


def prepare(
    data: Path | str | Sequence[Path | str],
    out: Path,
    methods: Sequence[str],
    config: TrainConfig,
    seed: int,
    device: str,
    resume: bool,
    init: Path | str | None,
    ranks: Ranks,
) -> tuple[Prepared, dict[str, Start]]:
    """Everything checked and read, nothing written; arguments and errors as of `train`."""
    check_methods(tuple(methods))
    if seed < 0:
        raise TrainError(f"seed {seed}; expected 0 or more")
    if init is None and any(config.schedules[part].steps == 0 for part in SHARED):
        raise TrainError(f"preset {config.preset!r} without --init; expected the checkpoint that it goes on with")
    where = ranks.device(device_named(device))
    packed = training_data(data)
    begun = begun_in(out, config)
    _check_contrast(methods, begun, out)
    check_worlds(methods, packed)
    check_episodes(methods, packed, config, where)
    starts = _starts(methods, init, config)
    for part in parts_to_train(methods, packed, begun, resume):
        if config.schedules[part].batch < ranks.world:
            batch = config.schedules[part].batch
            raise TrainError(f"{part}: batches of {batch} over {ranks.world} processes; expected no more of these")
        if config.schedules[part].steps == 0 and not (part in starts and starts[part].goes_on):
            raise TrainError(f"{init}: no {part!r} to go on with, which preset {config.preset!r} leaves as it is")
    tasks = Tasks(packed, config.shots, config.transfers, where)
    return Prepared(out, config, seed, resume, tasks, ranks), starts


def agreement(shared: Prepared, methods: Sequence[str], starts: Mapping[str, Start]) -> dict[str, Any]:
    """What all ranks must have been started with."""
    if shared.ranks.world == 1:
        return {}
    begun = begun_in(shared.out, shared.config)
    return {
        "data": data_fingerprint(shared.data),
        "config": shared.config.record,
        "method": list(methods),
        "seed": shared.seed,
        "init": {part: start.label for part, start in starts.items()},
        "features": FEATURES_VERSION,
        "device": shared.device.type,
        "parts to train": parts_to_train(methods, shared.data, begun, shared.resume),
        "versions": versions(),
    }


def paths_of(data: Path | str | Sequence[Path | str]) -> tuple[Path, ...]:
    """One dataset or several, as paths."""
    return tuple(Path(path) for path in ([data] if isinstance(data, (Path, str)) else data))


def training_data(data: Path | str | Sequence[Path | str]) -> TrainingData:
    """Packed data with at least two demonstrations a task.

    Raises:
        TrainError, TrainingDataError: too few, or no such data.
    """
    paths = paths_of(data)
    packed = load_joined(paths)
    if packed.points.shape[1] < 2:
        raise TrainError(
            f"{paths[0]}: 1 demonstration a task; training needs a query beside the support, so at least 2"
        )
    return packed


def _check_contrast(methods: Sequence[str], begun: Checkpoint, out: Path) -> None:
    """Refuse `contrast` where there is no `maml` for it to start from, neither asked for nor trained already."""
    if "contrast" in methods and "maml" not in methods and "maml" not in begun.parts:
        raise TrainError(f"method 'contrast' starts from 'maml', which {out} does not hold; use --method maml contrast")


def _starts(methods: Sequence[str], init: Path | str | None, config: TrainConfig) -> dict[str, Start]:
    """Part → what its parameters start from; empty without `init`."""
    # `contrast` starts from `maml`, as it is when its turn comes.
    return {} if init is None else starts_from(init, [name for name in methods if name != "contrast"], config)


def parts_to_train(methods: Sequence[str], data: TrainingData, checkpoint: Checkpoint, resume: bool) -> list[str]:
    """The methods asked for, after the parts that all of them share and that are not there yet."""
    shared = [part for part in SHARED if resume or part not in checkpoint.parts]
    if len(data.hand) == 0:
        shared = [part for part in shared if part != "controller"]
    # `contrast` starts from what `maml` ends with.
    return [*shared, *sorted(dict.fromkeys(methods), key=lambda name: name == "contrast")]


def begun_in(out: Path, config: TrainConfig) -> Checkpoint:
    """What `out` holds already, or an empty checkpoint."""
    if not (out / POLICY_FILE).exists():
        return Checkpoint({}, card_of(config.preset, config.architecture))
    found = load_checkpoint(out)
    if found.architecture != config.architecture:
        raise CheckpointError(
            f"{out / POLICY_FILE} is of preset {found.card['preset']!r} with {found.architecture}; "
            f"preset {config.preset!r} needs {config.architecture}; use another --out"
        )
    return found
