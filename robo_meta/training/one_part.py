"""One part of a checkpoint, trained to its schedule's end: on one CPU thread, or as a CUDA graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from robo_meta.catalogue import TRAINED_BY_NAME
from robo_meta.learning.meta_gradient.meta_pass import BY_HAND
from robo_meta.learning.pretraining import with_mean_tables
from robo_meta.model.point_features import VERSION as FEATURES_VERSION
from robo_meta.training.captured import CapturedStep, run_captured
from robo_meta.training.checkpoint import expected_shapes
from robo_meta.training.data import data_fingerprint
from robo_meta.training.objectives import fresh_state, part_losses
from robo_meta.training.outer_loop import learning_rate, run
from robo_meta.training.prepared import Prepared
from robo_meta.training.presets import METHODS, TrainConfig
from robo_meta.training.state import STATES, MetaState, load_state, save_state, state_digest
from robo_meta.training.told import Told
from robo_meta.training.warm_start import Start


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch works on one thread inside.

    Products here are too small to gain by a second thread. Where another process keeps the second core busy, each
    product waits for a thread that isn't running: steps of 33 ms then took 690 ms. On one thread, what is learned
    doesn't depend on the number of cores either.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def train_part(
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
    stream = shared.tasks.stream if part in METHODS and not TRAINED_BY_NAME[part].from_steps else None

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


def learned(state: MetaState) -> dict[str, torch.Tensor]:
    """Name → what a part's training has learned, on the CPU: parameters, and inner rates under `rates.…`."""
    values = with_mean_tables(state.theta, state.tables) | {f"rates.{k}": v for k, v in state.rates.items()}
    return {name: value.detach().cpu() for name, value in values.items()}


def _identity(config: TrainConfig, part: str) -> dict[str, Any]:
    record = config.record
    kept = {k: record[k] for k in ("preset", "architecture", "first_order", "shots", "transfers", "outer_clip")}
    return {**kept, "schedule": record["schedules"][part]}
