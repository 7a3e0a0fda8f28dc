"""Follow the meta-leader: C. Finn, A. Rajeswaran, S. Kakade and S. Levine, "Online meta-learning", 2019.

Each task that arrives is adapted to and scored, then kept in the reservoir; only after that may the meta-parameters
learn from it, within the budget. Axis letters: T tasks that have arrived, Q queries, E phases that have ended, B
held-out tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from demos.storage.array_file import read_array_file, write_array_file
from demos.storage.array_form import Form
from demos.storage.schema import PLAIN_TABLE, Record, Whole
from robo_meta.learning.adam import zero_moments
from robo_meta.training.data import TrainingData
from robo_meta.training.objectives import found_losses
from robo_meta.training.online.config import StreamConfig
from robo_meta.training.online.reservoir import Reservoir, empty_reservoir, offer
from robo_meta.training.online.scores import keypoint_distances
from robo_meta.training.outer_loop import Found, outer_step
from robo_meta.training.presets import TrainConfig
from robo_meta.training.seeds import part_seed
from robo_meta.training.state import (
    FORM,
    MetaState,
    StateError,
    check_identity,
    damaged,
    state_arrays,
    state_of,
)
from robo_meta.training.task_sampler import TaskStream

ONLINE = Form(
    name="online training state",
    schema="1",
    record=Record({"step": Whole(0), "seen": Whole(0), "identity": PLAIN_TABLE}),
    error=StateError,
    advice=FORM.advice,
    largest=FORM.largest,
)


class OnlineState(NamedTuple):
    """An online training between two tasks; loading it is resuming."""

    meta: MetaState
    """Parameters, inner rates and Adam's moments; its step counts the gradient steps taken, its generator draws for
    reservoir and batches alike."""
    reservoir: Reservoir
    """Tasks kept, by their number in the stream."""
    distances: Tensor
    """(T, Q) float32, m: every task's queries, scored when it arrived; T says where the stream is."""
    ends: Tensor
    """(E, B, Q) float32, m: the queries of all phases' held-out tasks, scored at the end of each phase."""


class Stream(NamedTuple):
    """The tasks in order, by the learner's own numbers: first those known beforehand, then those that arrive."""

    data: TrainingData
    """Known and arriving tasks."""
    held_out: TrainingData
    """Tasks that are only judged by."""
    known: int
    """How many were trained on before the stream begins."""
    ends: tuple[int, ...]
    """Number of the task that follows each phase's last one."""


def begin(start: MetaState, stream: Stream, config: StreamConfig, seed: int) -> OnlineState:
    """The state before the first task arrives: the start's parameters, fresh moments, known tasks in the reservoir."""
    generator = torch.Generator().manual_seed(part_seed(seed, "stream"))
    reservoir = empty_reservoir()
    for task in range(stream.known):
        reservoir = offer(reservoir, task, config.reservoir, generator)
    together = {f"theta/{k}": v for k, v in start.theta.items()} | {f"rates/{k}": v for k, v in start.rates.items()}
    meta = MetaState(start.theta, start.rates, zero_moments(together), 0, generator.get_state(), tables={})
    queries = stream.data.points.shape[1] - 1
    return OnlineState(meta, reservoir, torch.zeros(0, queries), torch.zeros(0, len(stream.held_out.points), queries))


def follow(
    state: OnlineState,
    stream: Stream,
    tasks: TaskStream,
    train: TrainConfig,
    config: StreamConfig,
    *,
    save: Callable[[OnlineState], None],
    report: Callable[[int, float], None],
) -> OnlineState:
    """Learn until the stream ends.

    Args:
        state: where to go on; left as it is.
        stream: what arrives.
        tasks: draws batches from `stream.data`.
        train: outer clip, order of the gradient, and how often to save.
        config: budget and bound.
        save: keeps a state.
        report: hears of each task's number and loss.

    Raises:
        TrainingDiverged: a loss that is not finite; what was saved last is kept.
    """
    save_every = max(1, train.checkpoint_every // config.stream_budget)
    for task in range(stream.known + len(state.distances), stream.ends[-1]):
        state, loss = _arrive(state, task, stream, tasks, train, config)
        report(task - stream.known, loss)
        if len(state.distances) % save_every == 0 or task + 1 == stream.ends[-1]:
            save(state)
    return state


def _arrive(
    state: OnlineState, task: int, stream: Stream, tasks: TaskStream, train: TrainConfig, config: StreamConfig
) -> tuple[OnlineState, float]:
    """One task: adapt and score, then keep, then learn; where a phase ends with it, judge by the held-out tasks."""
    meta, generator = state.meta, torch.Generator()
    generator.set_state(meta.rng)
    one = slice(task, task + 1)
    scored = keypoint_distances(meta.theta, meta.rates, stream.data.points[one], stream.data.grasps[one])
    reservoir = offer(state.reservoir, task, config.reservoir, generator)

    def losses(theta: dict, rates: dict, generator: torch.Generator, progress: float) -> Found:
        batch = tasks.draw(config.stream_batch, generator, among=reservoir.held)
        return found_losses("maml", theta, rates, batch, train.first_order, 1.0)

    for _ in range(config.stream_budget):
        meta, loss = outer_step("stream", meta, losses, generator, rate=config.stream_rate, clip=train.outer_clip)
    ends = state.ends
    for _ in range(stream.ends.count(task + 1)):
        judged = keypoint_distances(meta.theta, meta.rates, stream.held_out.points, stream.held_out.grasps)
        ends = torch.cat([ends, judged[None]])
    return OnlineState(meta, reservoir, torch.cat([state.distances, scored]), ends), loss


def save_online(path: Path, state: OnlineState, identity: dict) -> None:
    """Write `state`, replaced whole or not at all; equal states give equal bytes."""
    own = {
        "rng": state.meta.rng,
        "held": state.reservoir.held,
        "distances": state.distances,
        "ends": state.ends,
    }
    arrays = {f"stream/{k}": v.detach().cpu().contiguous().numpy() for k, v in own.items()}
    record = {"step": state.meta.step, "seen": state.reservoir.seen, "identity": identity}
    write_array_file(path, ONLINE, record, {**state_arrays(state.meta), **arrays})


def load_online(
    path: Path, identity: dict, device: torch.device, shapes: Mapping[str, tuple[int, ...]] | None = None
) -> OnlineState:
    """Read a state; `shapes` as in `robo_meta.training.state.load_state`.

    Raises:
        StateError: damaged, or saved by a stream with another configuration, seed, start or data.
    """
    record, arrays, _ = read_array_file(path, ONLINE)
    check_identity(path, record["identity"], identity)
    own = {k.removeprefix("stream/"): np.array(v) for k, v in arrays.items() if k.startswith("stream/")}
    kinds = {"rng": ("uint8", 1), "held": ("int64", 1), "distances": ("float32", 2), "ends": ("float32", 3)}
    found = {name: (array.dtype.name, array.ndim) for name, array in own.items()}
    if found != kinds:
        raise damaged(path, f"the stream's arrays are {found}")
    if not ((own["held"] >= 0) & (own["held"] < record["seen"])).all():
        raise damaged(path, "its reservoir holds tasks that were never offered")
    values = {k: v for k, v in arrays.items() if not k.startswith("stream/")}
    meta = state_of(path, values, own["rng"], record["step"], device, shapes)
    held, distances, ends = (torch.from_numpy(own[name]) for name in ("held", "distances", "ends"))
    return OnlineState(meta, Reservoir(held, record["seen"]), distances, ends)
