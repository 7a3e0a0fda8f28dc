"""Training: packed data in, a checkpoint with every method, the closing network and the controller out.

Needs torch and numpy only, so that a dataset can be carried to another machine:
`python -m robo_meta.cli.train --data DIR --out RUN --method maml zero-shot context --preset full`. With `--stream`
it learns online, see `robo_meta.training.online.train`. On several processes:
`torchrun --nproc-per-node 2 -m robo_meta.cli.train …`, see `robo_meta.training.ranks`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch

from demos.storage.files import remove_temporaries
from demos.storage.lock import sole_writer
from robo_meta.catalogue import TRAINED_BY_NAME
from robo_meta.learning.meta_gradient.meta_pass import BY_HAND
from robo_meta.learning.pretraining import with_mean_tables
from robo_meta.model.point_features import VERSION as FEATURES_VERSION
from robo_meta.runs.loggers import OpenLogger, tensorboard
from robo_meta.runs.provenance import git_revision, versions
from robo_meta.training.captured import CapturedStep, run_captured
from robo_meta.training.checkpoint import (
    POLICY_FILE,
    Checkpoint,
    expected_shapes,
    save_checkpoint,
)
from robo_meta.training.data import TrainingData, data_fingerprint
from robo_meta.training.objectives import fresh_state, part_losses
from robo_meta.training.outer_loop import learning_rate, run
from robo_meta.training.prepared import Prepared, agreement, begun_in, parts_to_train, prepare
from robo_meta.training.prepared import TrainError as TrainError
from robo_meta.training.presets import (
    DEFAULT_METHODS,
    METHODS,
    PRESETS,
    TrainConfig,
)
from robo_meta.training.ranks import ALONE, Ranks
from robo_meta.training.state import STATES, MetaState, load_state, save_state, state_digest
from robo_meta.training.told import Told
from robo_meta.training.validation import Validation
from robo_meta.training.warm_start import Start


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
    ranks: Ranks = ALONE,
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
        ranks: this process among those that train together; each reads data and run folder, and rank 0 alone writes.
        validation: as `data`, of other objects: how far keypoints miss there is noted beside the losses. Nothing is
            chosen by it, and what is trained is the same without.
        loggers: what opens loggers, each for every part, beside TensorBoard's.

    Returns:
        The checkpoint file.

    Raises:
        TrainError, PresetError, TrainingDataError, WorldsError, NoEpisodes, CheckpointError, StateError: bad input.
        LockError: another process is training into `out`.
        RanksError, RankLost: processes that disagree, or of which one ended.
        TrainingDiverged: a loss was not finite.
    """
    config, out = config or PRESETS["full"], Path(out)
    shared, starts = ranks.settle(lambda: prepare(data, out, methods, config, seed, device, resume, init, ranks))
    watched = ranks.settle(lambda: Validation.of(validation, shared.device) if validation and ranks.first else None)
    opening = (*((tensorboard(out / "logs"),) if config.tensorboard else ()), *loggers)
    ranks.agree(agreement(shared, methods, starts))
    with ExitStack() as held:
        if ranks.first:
            ranks.settle(lambda: _take(out, held))
        else:
            ranks.settle(lambda: None)
        _train_parts(shared, methods, starts, Told(opening, watched))
    return out / POLICY_FILE


def _take(out: Path, held: ExitStack) -> None:
    """Make the run folder, and hold the right to write into it."""
    (out / STATES).mkdir(parents=True, exist_ok=True)
    held.enter_context(sole_writer(out, "training"))
    remove_temporaries(out)
    remove_temporaries(out / STATES)


def _train_parts(shared: Prepared, methods: Sequence[str], starts: Mapping[str, Start], told: Told) -> None:
    """Train the methods and the parts that they share, one after another; each is in the checkpoint when it is done."""
    # Read again, as another training may have added its part in between.
    checkpoint = begun_in(shared.out, shared.config)
    for part in parts_to_train(methods, shared.data, checkpoint, shared.resume):
        maml = checkpoint.parts.get("maml")
        # `contrast` stands on the very `maml` that is there: a resume on another one would mix the two.
        start = Start("maml", maml) if part == "contrast" and maml is not None else starts.get(part)
        state = _train_part(shared, part, start, maml, told)
        checkpoint = _with_part(checkpoint, part, state, shared.config, shared.seed, shared.data, start)
        if shared.ranks.first:
            save_checkpoint(shared.out, checkpoint)


def _train_part(
    shared: Prepared, part: str, start: Start | None, maml: Mapping[str, torch.Tensor] | None, told: Told
) -> MetaState:
    """Train one part to its schedule's end, from the state that was saved or else from `start`.

    Raises:
        StateError: the saved state is of another configuration, seed, start or data.
    """
    config, device, seed, ranks = shared.config, shared.device, shared.seed, shared.ranks
    path = shared.out / STATES / f"{part}.safetensors"
    identity = {
        "part": part,
        "config": _identity(config, part),
        "seed": seed,
        "data": data_fingerprint(shared.data),
        "init": None if start is None else start.label,
        "features": FEATURES_VERSION,
        **({"processes": ranks.world} if ranks.world > 1 else {}),
    }
    # Scans are encoded for those alone that look at them.
    stream = shared.stream if part in METHODS and not TRAINED_BY_NAME[part].from_steps else None

    def begin() -> MetaState:
        if path.exists():
            return load_state(path, identity, device, expected_shapes(part, config.architecture))
        values = None if start is None else start.values
        return fresh_state(part, config, seed, device, tasks=len(shared.data.points), start=values, maml=maml)

    state = ranks.settle(begin)
    ranks.agree({f"state of {part}": state_digest(state)} if ranks.world > 1 else {})
    losses = part_losses(part, shared.data, stream, config, device, tables=state.tables, maml=maml, ranks=ranks)
    schedule = config.schedules[part]
    trained = start is not None and start.goes_on
    by_hand = part in BY_HAND and not TRAINED_BY_NAME[part].both_worlds
    if by_hand and stream is not None and device.type == "cuda" and ranks.world == 1 and told.validation is None:
        with told.of_part(part, state.step, schedule.steps, ranks) as (report, _):
            step = CapturedStep(
                part, state, stream, schedule.batch, first_order=config.first_order, clip=config.outer_clip
            )
            return run_captured(
                step,
                range(state.step, schedule.steps),
                lambda number: learning_rate(schedule, number),
                lambda number: 1.0 if trained else number / schedule.steps,
                save_every=config.checkpoint_every,
                report=report,
                keep=lambda now: save_state(path, now, identity),
            )
    with told.of_part(part, state.step, schedule.steps, ranks) as (report, watch):
        return run(
            part,
            state,
            losses,
            schedule,
            clip=config.outer_clip,
            path=path,
            identity=identity,
            save_every=config.checkpoint_every,
            report=report,
            watch=watch,
            trained=trained,
            ranks=ranks,
        )


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
