"""Adaptation as a pure function: parameters and demonstrations in, one set of head parameters per task out.

Axis letters as in `networks`; S inner steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from robo_meta.model.scorer import Hidden, Parameters, head, log_likelihood, stack

CLIP = 2.0
"""Largest norm of one task's inner gradient; a longer one is scaled down to it."""


ADAPTED = ("head.in.bias", "head.in.colour", "head.score.colour", "head.gate.bias", "head.score.like")
"""Parameters that adaptation moves: what each colour means, what is wanted (Zintgraf et al., 2019, "Fast context
adaptation via meta-learning"), and what the grasped place is like, for the choice among the points. Moving the weight
matrices as well took half as much time again and was less accurate: after 500 steps a sixth of the *balance* keypoints
of validation families were 1.5 cm off or more, not a fiftieth."""
OUTPUT_LAYER = ("head.gate.bias", "head.gate.weight", "head.score.colour", "head.score.weight")
"""What `anil` moves instead (Raghu et al., 2020, "Rapid learning or feature reuse?"): what turns the head's features,
the colours and the pooled features into scores and gates, and nothing that makes features."""
MOVED: dict[str, tuple[str, ...]] = {"maml": ADAPTED, "fomaml": ADAPTED, "anil": OUTPUT_LAYER}
"""Method with learned inner rates → the parameters that its inner loop moves."""
LOG_SCALES = 3
"""Widths of the inner loss's mixture, see `networks.log_likelihood`."""


def initial_rates(theta: Parameters, steps: int, moved: tuple[str, ...] = ADAPTED) -> dict[str, Tensor]:
    """Log inner rates, one per step and head tensor moved, and the log widths (S, 3) of the inner loss's mixture."""
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
        gradients = torch.autograd.grad(each.sum(), leaves, create_graph=second_order, retain_graph=differentiable)
        square = torch.stack([g.square().flatten(1).sum(-1) for g in gradients]).sum(0)
        shrink = clip / (square + 1e-12).sqrt().clamp_min(clip)
        moved = {}
        for name, gradient in zip(names, gradients, strict=True):
            rate = rates[name][step].exp() * shrink
            moved[name] = phi[name] - rate.view(-1, *[1] * (gradient.dim() - 1)) * gradient
        phi |= moved
    return phi if differentiable else {k: v.detach() for k, v in phi.items()}


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
        grasps: (N, K, 4), of `networks.grasp_rows`: where the demonstrators' fingers closed.
        mask: (N, K), 1 for a demonstration, 0 for padding.
        first_order: treat inner gradients as constants when the result is differentiated.
        differentiable: keep the graph for an outer gradient.

    Returns:
        Head parameters with a leading task axis.
    """
    phi = stack(theta, grasps.shape[0])
    if not differentiable:
        hidden = Hidden(*(part.detach() for part in hidden))

    def losses(current: Parameters, step: int) -> Tensor:
        return inner_losses(current, hidden, grasps, mask, rates["log_scales"][step])

    return descend(phi, losses, rates, first_order=first_order, differentiable=differentiable)
