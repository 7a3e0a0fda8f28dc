"""What an online learner is compared with: its start, kept as it is, and trainings from scratch on all tasks so far."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from robo_meta.learning import methods
from robo_meta.runs.progress import TrainingProgress
from robo_meta.training.checkpoint import Checkpoint, expected_shapes, load_checkpoint
from robo_meta.training.objectives import fresh_state
from robo_meta.training.online.config import StreamConfig, StreamError
from robo_meta.training.online.learner import Stream
from robo_meta.training.online.scores import keypoint_distances
from robo_meta.training.outer_loop import run
from robo_meta.training.presets import Schedule, TrainConfig
from robo_meta.training.state import STATES, MetaState, load_state
from robo_meta.training.task_sampler import TaskStream

START_FILE = "stream-start.safetensors"
"""State of the start's training."""


@dataclass(frozen=True)
class StreamRun:
    """One online training: what its start, its learner and the ceilings share."""

    out: Path
    """Run folder."""
    train: TrainConfig
    config: StreamConfig
    seed: int
    device: torch.device
    stream: Stream
    tasks: TaskStream
    """The stream's tasks, encoded."""
    identity: dict[str, Any]
    """What its state files are marked with."""

    @property
    def schedule(self) -> Schedule:
        """Of the start, and the least of a ceiling."""
        return self.train.schedules["maml"]


def initial_checkpoint(init: Path, train: TrainConfig) -> Checkpoint:
    """The checkpoint that an online training starts from.

    Raises:
        CheckpointError: no checkpoint, or one without `maml`.
        StreamError: of another preset.
    """
    found = load_checkpoint(init)
    found.part("maml")
    if found.architecture != train.architecture:
        raise StreamError(
            f"{init} is of preset {found.card['preset']!r} with {found.architecture}; preset {train.preset!r} has "
            f"{train.architecture}; use the preset of the checkpoint"
        )
    return found


def start_of(shared: StreamRun, given: Checkpoint | None) -> MetaState:
    """Where the learner starts: the checkpoint's parameters, or those trained on the tasks known beforehand."""
    fresh, known = fresh_state("maml", shared.train, shared.seed, shared.device), shared.stream.known
    if given:
        return _initial_state(given, fresh)
    return _offline(shared, START_FILE, fresh, known, shared.schedule) if known else fresh


def _initial_state(given: Checkpoint, fresh: MetaState) -> MetaState:
    values = given.part("maml")
    theta = {k: values[k].to(v.device) for k, v in fresh.theta.items()}
    rates = {k: values[f"rates.{k}"].to(v.device) for k, v in fresh.rates.items()}
    return fresh._replace(theta=theta, rates=rates)


def train_from_scratch(shared: StreamRun) -> tuple[Tensor, list[int]]:
    """The ceiling: (E, B, Q) distances, m, of trainings from scratch on all tasks up to each phase's end, and the steps
    of each."""
    distances, steps = [], []
    stream, config, whole = shared.stream, shared.config, shared.schedule
    for number, end in enumerate(stream.ends):
        # The ceiling has at least the steps, and the batches, that the online learner has had by then.
        spent = (whole.steps if stream.known else 0) + config.stream_budget * (end - stream.known)
        schedule = replace(whole, steps=max(whole.steps, spent), batch=max(whole.batch, config.stream_batch))
        fresh = fresh_state("maml", shared.train, shared.seed, shared.device)
        trained = _offline(shared, f"stream-scratch-{number + 1}.safetensors", fresh, end, schedule)
        distances.append(
            keypoint_distances(trained.theta, trained.rates, stream.held_out.points, stream.held_out.grasps)
        )
        steps.append(schedule.steps)
    return torch.stack(distances), steps


def _offline(shared: StreamRun, name: str, state: MetaState, count: int, schedule: Schedule) -> MetaState:
    """Train `state` on the first `count` tasks of the stream, all at hand at once."""
    path, among, train = shared.out / STATES / name, torch.arange(count), shared.train
    identity = {**shared.identity, "schedule": asdict(schedule), "tasks": count}

    def losses(theta: dict, rates: dict, generator: torch.Generator, progress: float) -> tuple[Tensor, Tensor]:
        batch = shared.tasks.draw(schedule.batch, generator, among=among)
        return methods.query_losses("maml", theta, rates, batch, train.first_order, progress), batch.tasks

    if path.exists():
        state = load_state(path, identity, shared.device, expected_shapes("maml", train.architecture))
    part = name.partition(".")[0]
    with TrainingProgress(part, state.step, schedule.steps) as progress:
        return run(
            part,
            state,
            losses,
            schedule,
            clip=train.outer_clip,
            path=path,
            identity=identity,
            save_every=train.checkpoint_every,
            report=progress,
        )
