"""An online training: a start, the stream, the ceiling, and the scores of all three.

Needs torch, numpy and safetensors only, as offline training does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from demos.storage.files import checksum
from demos.storage.lock import sole_writer
from robo_meta.learning import methods
from robo_meta.runs.progress import TrainingProgress
from robo_meta.runs.provenance import git_revision, versions
from robo_meta.training.checkpoint import (
    POLICY_FILE,
    SCHEMA,
    Checkpoint,
    expected_shapes,
    load_checkpoint,
    save_checkpoint,
)
from robo_meta.training.data import data_fingerprint
from robo_meta.training.objectives import fresh_state
from robo_meta.training.online.config import StreamConfig, StreamError
from robo_meta.training.online.learner import OnlineState, Stream, begin, follow, load_online, save_online
from robo_meta.training.online.phases import Phase, deal_phases, load_folders, take
from robo_meta.training.online.scores import Scores, keypoint_distances
from robo_meta.training.outer_loop import run
from robo_meta.training.presets import Schedule, TrainConfig
from robo_meta.training.state import STATES, MetaState, load_state
from robo_meta.training.task_sampler import TaskStream

_ONLINE = "stream.safetensors"
_START = "stream-start.safetensors"


class OnlineTraining(NamedTuple):
    """A finished online training."""

    phases: Sequence[Phase]
    """What each phase brought."""
    stream: Stream
    """The tasks in the order of their arrival, and the held-out ones."""
    scores: Scores
    """Distances of all keypoints, of the online learner and of both references."""
    facts: dict[str, Any]
    """Configuration, seed, start, steps spent, versions: plain data for JSON."""


def train_stream(
    data: Sequence[Path],
    out: Path,
    train: TrainConfig,
    config: StreamConfig,
    *,
    seed: int = 0,
    device: torch.device | None = None,
    resume: bool = False,
    init: Path | None = None,
) -> OnlineTraining:
    """Learn from a stream; compare with the start, kept as it is, and with training from scratch at each phase's end.

    Args:
        data: dataset folders or packed files; one that is dealt into phases, or one a phase.
        out: run folder: the learner's checkpoint and `state/`.
        train: sizes, gradient, and the schedule by which the start and the ceiling are trained.
        config: phases, budget and bound.
        seed: of the deal, the order, parameters and batches.
        device: the CPU by default.
        resume: go on with what was begun in `out`.
        init: checkpoint whose `maml` the learner starts from; its other parts are carried over.

    Returns:
        What was learned from and how well each learner did; the checkpoint lies in `out`.

    Raises:
        StreamError, TrainingDataError, CheckpointError, StateError: bad input.
        LockError: another process is training into `out`.
        TrainingDiverged: a loss was not finite.
    """
    if seed < 0:
        raise StreamError(f"seed {seed}; expected 0 or more")
    given = None if init is None else _initial_checkpoint(init, train)
    phases, stream = _arranged(data, config, seed, known=given is not None)
    where = device or torch.device("cpu")
    identity = _identity(train, config, seed, stream, given)
    _make_folder(out, resume)
    with sole_writer(out, "training"):
        tasks = TaskStream(stream.data, train.shots, train.transfers, where)
        shared = _Shared(out, train, config, seed, where, stream, tasks, identity)
        start = _start(shared, given)
        state = _follow(shared, start)
        scratch, steps = _from_scratch(shared)
        arrived = take(stream.data, np.arange(stream.known, stream.ends[-1]))
        frozen = [keypoint_distances(start.theta, start.rates, part.points, part.grasps)
                  for part in (arrived, stream.probes)]  # fmt: skip
        scores = Scores(state.distances, frozen[0], state.ends, frozen[1], scratch)
        facts = _facts(shared, phases, given, state, steps)
        save_checkpoint(out, _checkpoint(given, state, train, stream, seed, facts))
    return OnlineTraining(phases, stream, scores, facts)


@dataclass(frozen=True)
class _Shared:
    """What the start, the online learner and the ceilings share."""

    out: Path
    train: TrainConfig
    config: StreamConfig
    seed: int
    device: torch.device
    stream: Stream
    tasks: TaskStream
    identity: dict[str, Any]

    @property
    def schedule(self) -> Schedule:
        """Of the start, and the least of a ceiling."""
        return self.train.schedules["maml"]


def _arranged(data: Sequence[Path], config: StreamConfig, seed: int, known: bool) -> tuple[tuple[Phase, ...], Stream]:
    """The phases, and the tasks in the order of their arrival.

    Args:
        data, config, seed: as in `train_stream`.
        known: whether a checkpoint is the start, so that no task of the first phase need be trained on beforehand.
    """
    loaded, folder = load_folders(data)
    phases = deal_phases(loaded, folder, config, seed)
    stream = Stream(
        take(loaded, np.concatenate([phase.arrivals for phase in phases])),
        take(loaded, np.concatenate([phase.probes for phase in phases])),
        0 if known else round(len(phases[0].arrivals) * config.warm_up),
        tuple(int(end) for end in np.cumsum([len(phase.arrivals) for phase in phases])),
    )
    return phases, stream


def _start(shared: _Shared, given: Checkpoint | None) -> MetaState:
    """Where the learner starts: the checkpoint's parameters, or those trained on the tasks known beforehand."""
    fresh, known = fresh_state("maml", shared.train, shared.seed, shared.device), shared.stream.known
    if given:
        return _initial_state(given, fresh)
    return _offline(shared, _START, fresh, known, shared.schedule) if known else fresh


def _follow(shared: _Shared, start: MetaState) -> OnlineState:
    """The learner at the end of the stream, gone on with where it was stopped."""
    path, stream = shared.out / STATES / _ONLINE, shared.stream
    if path.exists():
        state = load_online(path, shared.identity, shared.device, expected_shapes("maml", shared.train.architecture))
    else:
        state = begin(start, stream, shared.config, shared.seed)
    with TrainingProgress("stream", len(state.distances), stream.ends[-1] - stream.known) as progress:
        return follow(
            state,
            stream,
            shared.tasks,
            shared.train,
            shared.config,
            save=lambda now: save_online(path, now, shared.identity),
            report=progress,
        )


def _from_scratch(shared: _Shared) -> tuple[Tensor, list[int]]:
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
        distances.append(keypoint_distances(trained.theta, trained.rates, stream.probes.points, stream.probes.grasps))
        steps.append(schedule.steps)
    return torch.stack(distances), steps


def _facts(
    shared: _Shared, phases: Sequence[Phase], given: Checkpoint | None, state: OnlineState, scratch_steps: list[int]
) -> dict[str, Any]:
    """See `OnlineTraining.facts`."""
    known = shared.stream.known
    kind = "checkpoint" if given else "first phase" if known else "fresh parameters"
    return {
        "config": asdict(shared.config),
        "preset": shared.train.preset,
        "seed": shared.seed,
        "device": shared.device.type,
        "start": {"kind": kind, "known_tasks": known, "families": _families_of(given, phases, known)},
        "spent": {
            "arrived": len(state.distances),
            "gradient_steps": state.meta.step,
            "scratch_steps": scratch_steps,
        },
        "versions": versions(),
        "git": git_revision(),
    }


def _offline(shared: _Shared, name: str, state: MetaState, count: int, schedule: Schedule) -> MetaState:
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


def _initial_checkpoint(init: Path, train: TrainConfig) -> Checkpoint:
    found = load_checkpoint(init)
    found.part("maml")
    if found.architecture != train.architecture:
        raise StreamError(
            f"{init} is of preset {found.card['preset']!r} with {found.architecture}; preset {train.preset!r} has "
            f"{train.architecture}; use the preset of the checkpoint"
        )
    return found


def _initial_state(given: Checkpoint, fresh: MetaState) -> MetaState:
    values = given.part("maml")
    theta = {k: values[k].to(v.device) for k, v in fresh.theta.items()}
    rates = {k: values[f"rates.{k}"].to(v.device) for k, v in fresh.rates.items()}
    return fresh._replace(theta=theta, rates=rates)


def _make_folder(out: Path, resume: bool) -> None:
    """Make the run folder; what it holds already must be this stream's, and meant to be gone on with."""
    begun = [out / STATES / name for name in (_START, _ONLINE)]
    if any(path.exists() for path in begun):
        if not resume:
            raise StreamError(f"{out} already holds a stream; add --resume, or use another --out")
    elif (out / POLICY_FILE).exists():
        raise StreamError(f"{out} already holds a checkpoint of another training; use another --out")
    try:
        (out / STATES).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StreamError(f"{out}: {error.strerror}; expected a folder to write to") from error


def _identity(
    train: TrainConfig, config: StreamConfig, seed: int, stream: Stream, given: Checkpoint | None
) -> dict[str, Any]:
    kept = {k: train.record[k] for k in ("preset", "architecture", "first_order", "shots", "transfers", "outer_clip")}
    values = {} if given is None else {k: v.numpy() for k, v in given.part("maml").items()}
    return {
        "config": {**kept, "schedule": asdict(train.schedules["maml"])},
        "stream": asdict(config),
        "seed": seed,
        "data": [data_fingerprint(stream.data), data_fingerprint(stream.probes)],
        "start": None if given is None else checksum(values, "maml"),
    }


def _families_of(given: Checkpoint | None, phases: Sequence[Phase], known: int) -> list[str]:
    """Families that the start has seen."""
    if given:
        return list(given.card["parts"].get("maml", {}).get("families", []))
    return list(phases[0].families) if known else []


def _checkpoint(
    given: Checkpoint | None, state: OnlineState, train: TrainConfig, stream: Stream, seed: int, facts: dict[str, Any]
) -> Checkpoint:
    """What was learned, as any other checkpoint; playing needs the parts `closing` and `controller` too, which `init`
    brings."""
    card: dict[str, Any] = {"schema": SCHEMA, "preset": train.preset, "architecture": train.record["architecture"]}
    parts, cards = (given.parts, given.card["parts"]) if given else ({}, {})
    shown = sorted({stream.data.families[i] for i in stream.data.family.unique().tolist()})
    values = dict(state.meta.theta) | {f"rates.{k}": v for k, v in state.meta.rates.items()}
    own = {
        "stream": facts["config"],
        "start": facts["start"],
        "spent": facts["spent"],
        "first_order": train.first_order,
        "shots": list(train.shots),
        "transfers": list(train.transfers),
        "seed": seed,
        "families": sorted({*shown, *facts["start"]["families"]}),
        "tasks": len(stream.data.points),
        "data": stream.data.provenance,
        "versions": facts["versions"],
        "git": facts["git"],
    }
    maml = {k: v.detach().cpu() for k, v in values.items()}
    return Checkpoint({**parts, "maml": maml}, {**card, "parts": {**cards, "maml": own}})
