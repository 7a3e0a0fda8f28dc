"""How well parameters adapt: the distance from each query's chosen place to where its demonstrator's fingers closed.

Axis letters: N tasks, D demonstrations of a task, Q = D − 1 queries, P points. The first demonstration is the support,
as it is the first that a task gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from demos.support import TRANSFERS, eligible
from robo_meta.learning.inner_loop import MOVED, adapt
from robo_meta.learning.methods import SPECIALISE
from robo_meta.model.grasp_choice import densest
from robo_meta.model.point_features import SCALE, Encoded, encode
from robo_meta.model.scorer import Hidden, Parameters, body, grasp_rows, head
from robo_meta.training.data import TrainingData

NEAR = 0.02
"""m: a keypoint this near to the demonstrated grasp counts as right."""
_CHUNK = 32
"""Tasks scored at once."""


class JudgedTasks(NamedTuple):
    """Tasks ready to be scored, as often as parameters are to be judged by them."""

    scans: Encoded
    """(N, D, P, …)."""
    grasps: Tensor
    """(N, D, 4), of `robo_meta.model.scorer.grasp_rows`."""


def judged_tasks(points: Tensor, grasps: Tensor, device: torch.device) -> Iterator[JudgedTasks]:
    """The tasks of `points` (N, D, P, 6) and `grasps` (N, D, 4), as in `TrainingData`, some at a time; encoding them
    takes five times as long as scoring a small network on them."""
    for scans, wanted in zip(points.split(_CHUNK), grasps.split(_CHUNK), strict=True):
        if len(scans):
            yield JudgedTasks(encode(scans.float().to(device)), grasp_rows(wanted.to(device)))


def keypoint_distances(
    theta: Parameters, rates: Parameters, points: Tensor, grasps: Tensor, method: str = "maml"
) -> Tensor:
    """Adapt to the first demonstration of each task and judge by the others.

    Args:
        theta, rates: of the method.
        points: (N, D, P, 6), as in `TrainingData`.
        grasps: (N, D, 4), as in `TrainingData`.
        method: one of `SPECIALISE`.

    Returns:
        (N, Q) float32, m, in the object's plane, on the CPU.
    """
    device = next(iter(theta.values())).device
    found = [distances_in(theta, rates, tasks, method) for tasks in judged_tasks(points, grasps, device)]
    return torch.cat([torch.zeros(0, points.shape[1] - 1), *found])


def distances_in(theta: Parameters, rates: Parameters, tasks: JudgedTasks, method: str) -> Tensor:
    """`keypoint_distances` of tasks that are ready."""
    theta = {k: v.detach() for k, v in theta.items()}
    rates = {k: v.detach() for k, v in rates.items()}
    rows = tasks.grasps
    with torch.no_grad():
        hidden = body(theta, tasks.scans)
    support, queries = (Hidden(*(part[:, chosen] for part in hidden)) for chosen in (slice(1), slice(1, None)))
    mask = rows.new_ones(len(rows), 1)
    if method in MOVED:
        phi = adapt(theta, rates, support, rows[:, :1], mask, differentiable=False)
    else:
        with torch.no_grad():
            phi = dict(SPECIALISE[method](theta, rates, support, rows[:, :1], mask))
    with torch.no_grad():
        missed = (densest(head(phi, queries)) - rows[:, 1:, :2]).norm(dim=-1)
    return (missed * SCALE).cpu()


def query_transfers(data: TrainingData) -> np.ndarray:
    """(N, Q) int: what each query shares with its task's first demonstration, as an index into `TRANSFERS`."""
    family, objects = data.family.numpy(), data.object.numpy()
    # The relations exclude one another and leave nothing out, so one column of each is the index.
    return np.stack([eligible(family, objects, transfer)[:, 1:, 0] for transfer in TRANSFERS], -1).argmax(-1)


class Scores(NamedTuple):
    """Distances of all keypoints from the demonstrated grasps, m."""

    online: Tensor
    """(T, Q): as scored on arrival, before the task was learned from."""
    frozen: Tensor
    """(T, Q): the start's, on the same queries."""
    online_ends: Tensor
    """(E, B, Q): at each phase's end, on every phase's held-out tasks."""
    frozen_held_out: Tensor
    """(B, Q): the start's; it does not change."""
    scratch_ends: Tensor
    """(E, B, Q): of a training from scratch on all tasks up to each phase's end."""
