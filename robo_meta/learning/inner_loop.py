"""Adaptation as a pure function: parameters and demonstrations in, one set of head parameters per task out.

Axis letters as in `robo_meta.learning`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from robo_meta.catalogue import ADAPTED, TRAINED
from robo_meta.learning.inner_gradient import InnerGradient
from robo_meta.model.scorer import Hidden, Parameters, head, log_likelihood, stack

CLIP = 2.0
"""Largest norm of one task's inner gradient; a longer one is scaled down to it."""
MOVED: dict[str, tuple[str, ...]] = {method.name: method.moved for method in TRAINED if method.moved}
"""Method with learned inner rates → the parameters that its inner loop moves."""
LOG_SCALES = 3
"""Number of widths of the inner loss's mixture, see `scorer.log_likelihood`."""


def initial_rates(theta: Parameters, steps: int, moved: tuple[str, ...] = ADAPTED) -> dict[str, Tensor]:
    """Initial inner-loop parameters: a log learning rate per step and adapted tensor, plus the log kernel widths (S, 3)
    of the inner loss."""
    rates = {name: torch.full((steps,), -1.5) for name in moved}
    rates["log_scales"] = torch.tensor([-1.0, -0.5, -1.0]).repeat(steps, 1)
    return rates


def inner_losses(phi: Parameters, hidden: Hidden, grasps: Tensor, mask: Tensor, log_scales: Tensor) -> Tensor:
    """(N,) mean negative log-likelihood of the support's grasps (N, K, 4) where mask (N, K) is 1."""
    likelihood = log_likelihood(head(phi, hidden), grasps, log_scales)
    return -(likelihood * mask).sum(-1) / mask.sum(-1)


def descend(
    phi: Parameters,
    losses: Callable[[Parameters, int], Tensor],
    rates: Mapping[str, Tensor],
    *,
    first_order: bool = False,
    differentiable: bool = True,
    clip: float = CLIP,
) -> dict[str, Tensor]:
    """Gradient descent of each task on its own loss, all tasks in one computation.

    Args:
        phi: name → (N, …) parameters with a leading task axis; left as they are.
        losses: (phi, step) → (N,); task n's loss may depend on row n of the parameters only.
        rates: name → (S,) log step sizes of those that move.
        first_order: treat inner gradients as constants when the result is differentiated.
        differentiable: keep the graph for an outer gradient.
        clip: largest norm of one task's gradient.
    """
    names = [name for name in sorted(rates) if name in phi]
    phi = dict(phi)
    second_order = differentiable and not first_order
    for step in range(len(rates[names[0]])):
        if not differentiable:
            phi = {k: v.detach().requires_grad_(k in rates) for k, v in phi.items()}
        each = losses(phi, step)
        # Rows don't interact, so the gradient of the sum holds every task's own gradient in its row.
        leaves = [phi[k] for k in names]
        found = torch.autograd.grad(each.sum(), leaves, create_graph=second_order, retain_graph=differentiable)
        phi |= stepped(phi, dict(zip(names, found, strict=True)), rates, step, clip)
    return phi if differentiable else {k: v.detach() for k, v in phi.items()}


def stepped(
    phi: Parameters, gradients: Mapping[str, Tensor], rates: Mapping[str, Tensor], step: int, clip: float = CLIP
) -> dict[str, Tensor]:
    """Name → (N, …) parameters after one step down `gradients`, each task's scaled down to a norm of `clip`."""
    square = torch.stack([g.square().flatten(1).sum(-1) for g in gradients.values()]).sum(0)
    shrink = clip / (square + 1e-12).sqrt().clamp_min(clip)
    moved = {}
    for name, gradient in gradients.items():
        rate = rates[name][step].exp() * shrink
        moved[name] = phi[name] - rate.view(-1, *[1] * (gradient.dim() - 1)) * gradient
    return moved


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
    """Take S gradient steps on each task's own demonstrations; what `rates` names moves.

    Args:
        theta: the scorer's parameters, not stacked; left as they are.
        rates: of `initial_rates`.
        hidden: the body's output on the supports, (N, K, …).
        grasps: (N, K, 4), of `scorer.grasp_rows`: where the demonstrators' fingers closed.
        mask: (N, K), 1 for a demonstration, 0 for padding.
        first_order: treat inner gradients as constants when the result is differentiated.
        differentiable: keep the graph for an outer gradient.

    Returns:
        Head parameters with a leading task axis.
    """
    phi = stack(theta, grasps.shape[0])
    if not differentiable:
        with torch.no_grad():
            return _adapted({k: v.detach() for k, v in phi.items()}, rates, hidden, grasps, mask)

    def losses(current: Parameters, step: int) -> Tensor:
        return inner_losses(current, hidden, grasps, mask, rates["log_scales"][step])

    return descend(phi, losses, rates, first_order=first_order)


def _adapted(
    phi: dict[str, Tensor], rates: Mapping[str, Tensor], hidden: Hidden, grasps: Tensor, mask: Tensor
) -> dict[str, Tensor]:
    """`adapt` without a graph."""
    moved = [name for name in sorted(rates) if name in phi]
    gradient = InnerGradient(phi, hidden, grasps, mask, moved)
    for step in range(len(rates[moved[0]])):
        phi = phi | stepped(phi, gradient(phi, rates["log_scales"][step]), rates, step)
    return phi
