"""Adaptation as a pure function: parameters and demonstrations in, one set of head parameters per task out.

Axis letters as in `networks`; S inner steps.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from robo_meta.networks import Hidden, Parameters, head, log_likelihood

CLIP = 2.0
"""Largest norm of one task's inner gradient; a longer one is scaled down to it."""


def initial_rates(theta: Parameters, steps: int) -> dict[str, Tensor]:
    """Log inner rates, one per step and head tensor, and the log widths (S, 2) of the inner loss's mixture."""
    rates = {name: torch.full((steps,), -1.5) for name in theta if name.startswith("head.")}
    rates["log_scales"] = torch.full((steps, 2), -1.0)
    return rates


def stack(theta: Parameters, tasks: int) -> dict[str, Tensor]:
    """The head's parameters with a leading task axis (a view, no copy)."""
    return {k: v.expand(tasks, *v.shape) for k, v in theta.items() if k.startswith("head.")}


def inner_losses(phi: Parameters, hidden: Hidden, grasps: Tensor, mask: Tensor, log_scales: Tensor) -> Tensor:
    """(N,) mean negative log-likelihood of the support's grasps (N, K, 2) where mask (N, K) is 1."""
    likelihood = log_likelihood(head(phi, hidden), grasps, log_scales)
    return -(likelihood * mask).sum(-1) / mask.sum(-1)


def adapt(
    theta: Parameters,
    rates: Mapping[str, Tensor],
    hidden: Hidden,
    grasps: Tensor,
    mask: Tensor,
    *,
    first_order: bool = False,
    differentiable: bool = True,
) -> dict[str, Tensor]:
    """Take S gradient steps on each task's own demonstrations.

    Args:
        theta: the scorer's parameters, not stacked; left as they are.
        rates: of `initial_rates`.
        hidden: the body's output on the supports, (N, K, …).
        grasps: (N, K, 2), units of `encoding.SCALE`: where the demonstrators' fingers closed.
        mask: (N, K), 1 for a demonstration, 0 for padding.
        first_order: treat inner gradients as constants when the result is differentiated.
        differentiable: keep the graph for an outer gradient.

    Returns:
        Head parameters with a leading task axis.
    """
    phi = stack(theta, grasps.shape[0])
    if not differentiable:
        phi = {k: v.detach().requires_grad_() for k, v in phi.items()}
        hidden = Hidden(*(t.detach() for t in hidden))
    names = list(phi)
    second_order = differentiable and not first_order
    for step in range(rates["log_scales"].shape[0]):
        losses = inner_losses(phi, hidden, grasps, mask, rates["log_scales"][step])
        gradients = torch.autograd.grad(losses.sum(), [phi[k] for k in names], create_graph=second_order)
        square = sum(g.square().flatten(1).sum(-1) for g in gradients)
        shrink = CLIP / (square + 1e-12).sqrt().clamp_min(CLIP)
        moved = {}
        for name, gradient in zip(names, gradients, strict=True):
            rate = rates[name][step].exp() * shrink
            moved[name] = phi[name] - rate.view(-1, *[1] * (gradient.dim() - 1)) * gradient
        phi = moved if differentiable else {k: v.detach().requires_grad_() for k, v in moved.items()}
    return phi
