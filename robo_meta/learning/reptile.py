"""Reptile: move the parameters toward where plain gradient descent on each task takes them (Nichol et al., 2018).

The other methods share the body and adapt tables of the head. Here that would leave the body untrained, because the
only signal is how far a parameter moved: so every parameter of body and head gets a task axis and moves. All tasks
descend in one computation: the network is mapped over the axis, and no second derivative is taken.
Axis letters as in `robo_meta.learning`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from robo_meta.learning.batch import Batch
from robo_meta.learning.inner_loop import descend
from robo_meta.learning.methods import hold_losses
from robo_meta.model.point_features import Encoded
from robo_meta.model.scorer import Parameters, body, head, log_likelihood, outer_log_scales

RATE = 0.05
"""Size of an inner step; the gradients are clipped as everywhere, see `inner_loop.CLIP`."""


def stack_whole(theta: Parameters, tasks: int) -> dict[str, Tensor]:
    """Parameters of body and head with a leading task axis (a view, no copy)."""
    return {k: v.expand(tasks, *v.shape) for k, v in theta.items()}


def whole_losses(
    phi: Parameters,
    scans: Encoded,
    grasps: Tensor,
    mask: Tensor,
    graspable: Tensor | None = None,
    progress: float = 1.0,
) -> Tensor:
    """(N,) mean negative log-likelihood of each task's grasps where mask (N, D) is 1, under its own network.

    Args:
        phi: of `stack_whole`.
        scans: (N, D, P, …).
        grasps: (N, D, 4), of `robo_meta.model.scorer.grasp_rows`.
        mask: (N, D).
        graspable: (N, D, L) labels, whose `hold_losses` are added; none for a support, which has none.
        progress: share of the training that is behind, for `robo_meta.model.scorer.outer_log_scales`.
    """
    scales = grasps.new_tensor(outer_log_scales(progress))
    labels = grasps.new_full((*mask.shape, 0), -1.0) if graspable is None else graspable

    def one(phi: Parameters, scans: Encoded, grasps: Tensor, mask: Tensor, labels: Tensor) -> Tensor:
        own_head = {k: v[None] for k, v in phi.items() if k.startswith("head.")}
        hidden = body(phi, Encoded(*(part[None] for part in scans)))
        likelihood = log_likelihood(head(own_head, hidden), grasps[None], scales)[0]
        loss = -(likelihood * mask).sum() / mask.sum().clamp_min(1)
        return loss + hold_losses(hidden, labels[None])[0]

    return torch.func.vmap(one)(dict(phi), scans, grasps, mask, labels)


def adapt_whole(
    theta: Parameters,
    scans: Encoded,
    grasps: Tensor,
    masks: Tensor,
    rate: float = RATE,
    graspable: Tensor | None = None,
    progress: float = 1.0,
) -> Parameters:
    """Take S plain gradient steps of every parameter on each task's demonstrations.

    Args:
        theta: body and head, not stacked; left as they are.
        scans: (N, D, P, …).
        grasps: (N, D, 4), of `robo_meta.model.scorer.grasp_rows`.
        masks: (S, N, D), 1 for the demonstrations that a step sees.
        rate: size of the steps.
        graspable, progress: as in `whole_losses`; while training, that is.

    Returns:
        Name → (N, …), without a graph.
    """
    rates = {name: grasps.new_full((len(masks),), math.log(rate)) for name in theta}
    start = stack_whole({k: v.detach() for k, v in theta.items()}, len(grasps))

    def losses(phi: Parameters, step: int) -> Tensor:
        return whole_losses(phi, scans, grasps, masks[step], graspable, progress)

    return descend(start, losses, rates, differentiable=False)


def toward(theta: Parameters, phi: Parameters, values: Tensor) -> Tensor:
    """(N,) losses that read `values` and whose mean has the gradient mean(θ − φ), which Reptile gives to Adam.

    Args:
        theta: parameters that the gradient is for.
        phi: name → (N, …) where the tasks took them.
        values: (N,) what to report.
    """
    pull = torch.stack([(v * (v.detach() - phi[k])).flatten(1).sum(-1) for k, v in theta.items()]).sum(0)
    return values.detach() + (pull - pull.detach())


def reptile_losses(theta: Mapping[str, Tensor], batch: Batch, steps: int, progress: float = 1.0) -> Tensor:
    """(N,) losses to minimise, see `toward`; they read as the losses of all demonstrations after adapting.

    Support and queries take turns, one a step: what Reptile adds to joint training is the product of the gradients of
    different mini-batches of a task, here of demonstrations on different objects. The labels of where an end can be
    taken are learned from in every step.
    """
    support = 1 - batch.query_mask
    masks = torch.stack([batch.query_mask if step % 2 else support for step in range(steps)])
    phi = adapt_whole(theta, batch.scans, batch.grasps, masks, graspable=batch.graspable, progress=progress)
    with torch.no_grad():
        values = whole_losses(phi, batch.scans, batch.grasps, torch.ones_like(support), batch.graspable, progress)
    return toward(theta, phi, values)
