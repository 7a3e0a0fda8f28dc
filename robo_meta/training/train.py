"""Training: packed data in, a checkpoint with every method, the closing network and the controller out.

Needs torch and numpy only, so that a dataset can be carried to another machine:
`python -m robo_meta.cli.train --data DIR --out RUN --method maml zero-shot context --preset full`. With `--stream`
it learns online, see `robo_meta.training.online.train`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from demos.storage.files import remove_temporaries
from demos.storage.lock import sole_writer
from robo_meta.learning.pretraining import with_mean_tables
from robo_meta.model.point_features import VERSION as FEATURES_VERSION
from robo_meta.runs.loggers import OpenLogger, tensorboard
from robo_meta.runs.progress import TrainingProgress
from robo_meta.runs.provenance import git_revision, versions
from robo_meta.training.checkpoint import (
    POLICY_FILE,
    Checkpoint,
    CheckpointError,
    card_of,
    expected_shapes,
    load_checkpoint,
    save_checkpoint,
)
from robo_meta.training.data import TrainingData, data_fingerprint, load_joined
from robo_meta.training.objectives import fresh_state, part_losses
from robo_meta.training.outer_loop import run
from robo_meta.training.presets import (
    DEFAULT_METHODS,
    METHODS,
    PRESETS,
    SHARED,
    TrainConfig,
    check_methods,
)
from robo_meta.training.state import STATES, MetaState, load_state
from robo_meta.training.task_sampler import TaskStream, check_worlds
from robo_meta.training.validation import Validation
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


def train(
    data: Path | str | Sequence[Path | str],
    out: Path | str,
    methods: Sequence[str] = DEFAULT_METHODS,
    config: TrainConfig | None = None,
    *,
    seed: int = 0,
    device: str = "cpu",
    resume: bool = False,
    init: Path | str | None = None,
    validation: Path | str | Sequence[Path | str] = (),
    loggers: Sequence[OpenLogger] = (),
) -> Path:
    """Train `methods`, and the closing network and the controller with them, into the checkpoint of `out`.

    Args:
        data: dataset folder or packed file; of several all tasks together.
        out: run folder: `policy.safetensors`, `policy.json`, `state/` and TensorBoard's `logs/`. Parts that an earlier
            training of the same preset left in it are kept.
        methods: of `METHODS`.
        config: one of `PRESETS`, or a changed one; `full` by default.
        seed: of parameters and batches.
        device: `cpu` or `cuda`.
        resume: check the parts that all methods share against this training too, though they are done. What was begun
            in `out` with the same configuration, seed and data goes on without it; any other is refused.
        init: checkpoint to start from: every method's body and head from its part `pretrain`, or, where it has none,
            each part from the part of its own name, the shared ones too, with which it goes on. What of the shared
            parts `out` holds already is trained on only with `resume`.
        validation: as `data`, of other objects: how far keypoints miss there is noted beside the losses. Nothing is
            chosen by it, and what is trained is the same without.
        loggers: what opens loggers, each for every part, beside TensorBoard's.

    Returns:
        The checkpoint file.

    Raises:
        TrainError, PresetError, TrainingDataError, WorldsError, CheckpointError, StateError: bad input.
        LockError: another process is training into `out`.
        TrainingDiverged: a loss was not finite.
    """
    config, out = config or PRESETS["full"], Path(out)
    check_methods(tuple(methods))
    if seed < 0:
        raise TrainError(f"seed {seed}; expected 0 or more")
    if init is None and any(config.schedules[part].steps == 0 for part in SHARED):
        raise TrainError(f"preset {config.preset!r} without --init; expected the checkpoint that it goes on with")
    where = device_named(device)
    packed = _training_data(data)
    watched = None if not validation else Validation(_training_data(validation), where)
    opening = (*((tensorboard(out / "logs"),) if config.tensorboard else ()), *loggers)
    begun = _begun(out, config)
    _check_contrast(methods, begun, out)
    check_worlds(methods, packed)
    starts = _starts(methods, init, config)
    for part in parts_to_train(methods, packed, begun, resume):
        if config.schedules[part].steps == 0 and not (part in starts and starts[part].goes_on):
            raise TrainError(f"{init}: no {part!r} to go on with, which preset {config.preset!r} leaves as it is")
    (out / STATES).mkdir(parents=True, exist_ok=True)
    with sole_writer(out, "training"):
        remove_temporaries(out)
        remove_temporaries(out / STATES)
        _train_parts(_Shared(out, config, seed, where, resume, packed, watched, opening), methods, starts)
    return out / POLICY_FILE


def _training_data(data: Path | str | Sequence[Path | str]) -> TrainingData:
    """Packed data with at least two demonstrations a task.

    Raises:
        TrainError, TrainingDataError: too few, or no such data.
    """
    paths = [data] if isinstance(data, (Path, str)) else list(data)
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


@dataclass(frozen=True)
class _Shared:
    """What the trainings of all parts share."""

    out: Path
    config: TrainConfig
    seed: int
    device: torch.device
    resume: bool
    data: TrainingData
    validation: Validation | None = None
    loggers: tuple[OpenLogger, ...] = ()

    @cached_property
    def stream(self) -> TaskStream:
        """The tasks, encoded once, when the first method asks for them."""
        return TaskStream(self.data, self.config.shots, self.config.transfers, self.device)


def _train_parts(shared: _Shared, methods: Sequence[str], starts: Mapping[str, Start]) -> None:
    """Train the methods and the parts that they share, one after another; each is in the checkpoint when it is done."""
    # Read again, as another training may have added its part in between.
    checkpoint = _begun(shared.out, shared.config)
    for part in parts_to_train(methods, shared.data, checkpoint, shared.resume):
        maml = checkpoint.parts.get("maml")
        # `contrast` stands on the very `maml` that is there: a resume on another one would mix the two.
        start = Start("maml", maml) if part == "contrast" and maml is not None else starts.get(part)
        state = _train_part(shared, part, start, maml)
        checkpoint = _with_part(checkpoint, part, state, shared.config, shared.seed, shared.data, start)
        save_checkpoint(shared.out, checkpoint)


def _train_part(shared: _Shared, part: str, start: Start | None, maml: Mapping[str, torch.Tensor] | None) -> MetaState:
    """Train one part to its schedule's end, from the state that was saved or else from `start`.

    Raises:
        StateError: the saved state is of another configuration, seed, start or data.
    """
    config, device, seed = shared.config, shared.device, shared.seed
    path = shared.out / STATES / f"{part}.safetensors"
    identity = {
        "part": part,
        "config": _identity(config, part),
        "seed": seed,
        "data": data_fingerprint(shared.data),
        "init": None if start is None else start.label,
        "features": FEATURES_VERSION,
    }
    stream = shared.stream if part in METHODS else None
    if path.exists():
        state = load_state(path, identity, device, expected_shapes(part, config.architecture))
    else:
        values = None if start is None else start.values
        state = fresh_state(part, config, seed, device, tasks=len(shared.data.points), start=values, maml=maml)
    losses = part_losses(part, shared.data, stream, config, device, tables=state.tables, maml=maml)
    schedule = config.schedules[part]
    with TrainingProgress(part, state.step, schedule.steps, shared.loggers) as progress:

        def watch(now: MetaState) -> None:
            if shared.validation is not None and shared.validation.due(part, now.step, schedule.steps):
                progress.note(shared.validation.scores(part, now.theta, now.rates), now.step - 1)

        return run(
            part,
            state,
            losses,
            schedule,
            clip=config.outer_clip,
            path=path,
            identity=identity,
            save_every=config.checkpoint_every,
            report=progress,
            trained=start is not None and start.goes_on,
            watch=watch,
        )


def parts_to_train(methods: Sequence[str], data: TrainingData, checkpoint: Checkpoint, resume: bool) -> list[str]:
    """The methods asked for, after the parts that all of them share and that are not there yet."""
    shared = [part for part in SHARED if resume or part not in checkpoint.parts]
    if len(data.hand) == 0:
        shared = [part for part in shared if part != "controller"]
    # `contrast` starts from what `maml` ends with.
    return [*shared, *sorted(dict.fromkeys(methods), key=lambda name: name == "contrast")]


def _begun(out: Path, config: TrainConfig) -> Checkpoint:
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


def _with_part(
    checkpoint: Checkpoint,
    part: str,
    state: MetaState,
    config: TrainConfig,
    seed: int,
    data: TrainingData,
    start: Start | None,
) -> Checkpoint:
    shown = sorted({data.families[i] for i in data.family.unique().tolist()})
    record: dict[str, Any] = {
        "schedule": config.record["schedules"][part],
        "first_order": config.first_order or part == "fomaml",
        "init": None if start is None else start.label,
        "shots": list(config.shots),
        "transfers": list(config.transfers),
        "seed": seed,
        "families": shown,
        "tasks": len(data.points),
        "hand_steps": len(data.hand),
        "data": data.provenance,
        "versions": versions(),
        "git": git_revision(),
    }
    values = with_mean_tables(state.theta, state.tables) | {f"rates.{k}": v for k, v in state.rates.items()}
    parts = {**checkpoint.parts, part: {k: v.detach().cpu() for k, v in values.items()}}
    card = {**checkpoint.card, "parts": {**checkpoint.card["parts"], part: record}}
    return Checkpoint(parts, card)


def _identity(config: TrainConfig, part: str) -> dict[str, Any]:
    record = config.record
    kept = {k: record[k] for k in ("preset", "architecture", "first_order", "shots", "transfers", "outer_clip")}
    return {**kept, "schedule": record["schedules"][part]}
