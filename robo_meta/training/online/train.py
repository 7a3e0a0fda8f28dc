"""An online training: a start, the stream, the ceiling, and the scores of all three.

Needs torch and numpy only, as offline training does.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from demos.storage.array_header import read_header
from demos.storage.files import checksum
from demos.storage.lock import sole_writer
from robo_meta.runs.progress import TrainingProgress
from robo_meta.training.checkpoint import POLICY_FILE, Checkpoint, expected_shapes, save_checkpoint
from robo_meta.training.data import data_fingerprint
from robo_meta.training.one_part import one_thread
from robo_meta.training.online.card import checkpoint_of, facts_of
from robo_meta.training.online.config import StreamConfig, StreamError
from robo_meta.training.online.learner import ONLINE, OnlineState, Stream, begin, follow, load_online, save_online
from robo_meta.training.online.phases import Phase, deal_phases, load_folders, take
from robo_meta.training.online.references import START_FILE, StreamRun, initial_checkpoint, start_of, train_from_scratch
from robo_meta.training.online.scores import Scores, keypoint_distances
from robo_meta.training.presets import TrainConfig
from robo_meta.training.state import FORM, STATES, MetaState, check_identity
from robo_meta.training.task_sampler import TaskStream

ONLINE_FILE = "stream.safetensors"
"""State of the online learner."""


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
        resume: accepted as in `robo_meta.training.train.train`; a stream that was begun in `out` goes on without it.
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
    given = None if init is None else initial_checkpoint(init, train)
    phases, stream = _arranged(data, config, seed, known=given is not None)
    where = device or torch.device("cpu")
    identity = _identity(train, config, seed, stream, given)
    _make_folder(out, identity)
    # On one thread, as offline training is: beside another busy process a step at batches of 24 took 59 ms on one and
    # 384 ms on two (preset full; quick: 35 and 585), as threads that aren't running are waited for.
    threads = one_thread() if where.type == "cpu" else nullcontext()
    with sole_writer(out, "training"), threads:
        tasks = TaskStream(stream.data, train.shots, train.transfers, where)
        shared = StreamRun(out, train, config, seed, where, stream, tasks, identity)
        start = start_of(shared, given)
        state = _follow(shared, start)
        scratch, steps = train_from_scratch(shared)
        arrived = take(stream.data, np.arange(stream.known, stream.ends[-1]))
        frozen = [keypoint_distances(start.theta, start.rates, part.points, part.grasps)
                  for part in (arrived, stream.held_out)]  # fmt: skip
        scores = Scores(state.distances, frozen[0], state.ends, frozen[1], scratch)
        facts = facts_of(shared, phases, given, state, steps)
        save_checkpoint(out, checkpoint_of(shared, given, state, facts))
    return OnlineTraining(phases, stream, scores, facts)


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
        take(loaded, np.concatenate([phase.held_out for phase in phases])),
        0 if known else round(len(phases[0].arrivals) * config.warm_up),
        tuple(int(end) for end in np.cumsum([len(phase.arrivals) for phase in phases])),
    )
    return phases, stream


def _follow(shared: StreamRun, start: MetaState) -> OnlineState:
    """The learner at the end of the stream, gone on with where it was stopped."""
    path, stream = shared.out / STATES / ONLINE_FILE, shared.stream
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


def _make_folder(out: Path, identity: dict[str, Any]) -> None:
    """Make the run folder; what it holds already must be this stream's.

    Raises:
        StateError: it holds another stream.
        StreamError: it holds another training.
    """
    begun = {out / STATES / START_FILE: FORM, out / STATES / ONLINE_FILE: ONLINE}
    found = [path for path in begun if path.exists()]
    for path in found:
        check_identity(path, read_header(path, begun[path]).record["identity"], identity)
    if not found and (out / POLICY_FILE).exists():
        raise StreamError(f"{out} already holds a checkpoint of another training; use another --out")
    (out / STATES).mkdir(parents=True, exist_ok=True)


def _identity(
    train: TrainConfig, config: StreamConfig, seed: int, stream: Stream, given: Checkpoint | None
) -> dict[str, Any]:
    kept = {k: train.record[k] for k in ("preset", "architecture", "first_order", "shots", "transfers", "outer_clip")}
    values = {} if given is None else {k: v.numpy() for k, v in given.part("maml").items()}
    return {
        "config": {**kept, "schedule": asdict(train.schedules["maml"])},
        # Files call the held-out tasks probes, as they did before.
        "stream": {{"held_out": "probes"}.get(name, name): value for name, value in asdict(config).items()},
        "seed": seed,
        "data": [data_fingerprint(stream.data), data_fingerprint(stream.held_out)],
        "start": None if given is None else checksum(values, "maml"),
    }
