"""Pre-training: one shared network, and for every training task its own copy of the tables that adaptation moves.

A task's own tables hold what differs between tasks, so the shared parameters need not average over it, and no gradient
is taken through an adaptation. A task's tables are the shared ones plus per-task offsets, zero before it is first
drawn. Axis letters as in `robo_meta.learning`; T counts each intention of a task.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from robo_meta.learning.batch import Batch
from robo_meta.learning.inner_loop import ADAPTED, descend
from robo_meta.learning.methods import hold_losses
from robo_meta.model.scorer import Hidden, Parameters, body, head, log_likelihood, outer_log_scales, stack

STEPS, RATE = 3, 0.2
"""Gradient steps of a task's tables each time it is drawn, and their size."""


def initial_departures(theta: Parameters, tasks: int) -> dict[str, Tensor]:
    """Name → (T, …) per-task offsets from the shared parameters, initially zero."""
    return {k: theta[k].new_zeros(tasks, *theta[k].shape) for k in ADAPTED}


def all_losses(phi: Parameters, hidden: Hidden, grasps: Tensor, progress: float = 1.0) -> Tensor:
    """(N,) mean negative log-likelihood of all demonstrations of each task."""
    return -log_likelihood(head(phi, hidden), grasps, grasps.new_tensor(outer_log_scales(progress))).mean(-1)


def pretrain_losses(
    theta: Mapping[str, Tensor], departures: dict[str, Tensor], batch: Batch, progress: float = 1.0
) -> Tensor:
    """(N,) losses of all demonstrations with each task's own tables, and `hold_losses`, to be minimised over the shared
    parameters.

    The minimisation alternates: first the drawn tasks' tables descend from where their last visit left them, then the
    caller takes one step of what is shared.

    Args:
        theta: shared parameters.
        departures: of `initial_departures`; the rows of the drawn tasks are replaced in place.
        batch: tasks; all their demonstrations count, support and queries alike.
        progress: share of the training that is behind, for `robo_meta.model.scorer.outer_log_scales`.
    """
    hidden = body(theta, batch.scans)
    shared = stack(theta, len(batch.tasks))
    tasks = batch.examples
    begun = {k: v.detach() for k, v in shared.items()}
    begun |= {k: begun[k] + departures[k][tasks] for k in ADAPTED}
    seen = Hidden(*(part.detach() for part in hidden))
    rates = {k: batch.grasps.new_full((STEPS,), math.log(RATE)) for k in ADAPTED}
    own = descend(begun, lambda phi, _: all_losses(phi, seen, batch.grasps, progress), rates, differentiable=False)
    moved = {k: own[k] - shared[k].detach() for k in ADAPTED}
    # A task drawn twice has two equal results up to rounding; the first is kept, so that resuming repeats every bit.
    first = torch.from_numpy(np.unique(tasks.cpu().numpy(), return_index=True)[1]).to(tasks.device)
    for name, rows in moved.items():
        departures[name][tasks[first]] = rows[first]
    whole = shared | {k: shared[k] + moved[k] for k in ADAPTED}
    return all_losses(whole, hidden, batch.grasps, progress) + hold_losses(hidden, batch.graspable)


def with_mean_tables(theta: Mapping[str, Tensor], departures: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The shared parameters, their tables being the mean over the tasks that were ever drawn."""
    if not departures:
        return dict(theta)
    drawn = torch.stack([v.flatten(1).abs().amax(-1) for v in departures.values()]).amax(0) > 0
    return {**theta, **{k: theta[k] + v[drawn].sum(0) / drawn.sum().clamp_min(1) for k, v in departures.items()}}
