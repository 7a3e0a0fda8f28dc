"""A pretrained network fine-tuned on the support: the usual way without meta-learning."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from robo_meta.learning.adam import adam_step, zero_moments
from robo_meta.learning.inner_loop import ADAPTED, inner_losses
from robo_meta.model.scorer import Hidden, stack
from robo_meta.strategies.network_strategy import ScoringStrategy

STEPS, RATE = 16, 0.1
"""Number of Adam steps, and their learning rate."""
TUNED = ("head.in.colour", "head.score.colour", "head.gate.bias")
"""Parameters that are tuned."""
LOG_SCALES = (-1.5, -0.8, -1.5)
"""Log widths of its loss, units of `point_features.SCALE`: 1.1 cm across, 2.2 cm along, 1.1 cm for points."""


class FineTune(ScoringStrategy):
    """Takes Adam steps on the support's loss. Its settings are a sensible first choice; none was searched for.

    It starts from the part `pretrain` where the checkpoint has it, else from `zero-shot`.
    """

    name = "fine-tune"

    def specialise(self, support: Hidden, grasps: Tensor, mask: Tensor) -> Mapping[str, Tensor]:
        """Head parameters after fine-tuning."""
        return fine_tune(self._theta, support, grasps, mask)


def fine_tune(
    theta: Mapping[str, Tensor],
    support: Hidden,
    grasps: Tensor,
    mask: Tensor,
    *,
    steps: int = STEPS,
    rate: float = RATE,
    tuned: tuple[str, ...] = TUNED,
    log_scales: tuple[float, ...] = LOG_SCALES,
) -> dict[str, Tensor]:
    """Head parameters (N, …) tuned on supports (N, K, …); tasks don't interact."""
    phi = {k: v.detach() for k, v in stack(theta, grasps.shape[0]).items()}
    unknown = set(tuned) - set(ADAPTED)
    assert not unknown, unknown
    moving = {k: phi[k] for k in tuned}
    moments = zero_moments(moving)
    scales = grasps.new_tensor(log_scales)
    for step in range(steps):
        moving = {k: v.detach().requires_grad_() for k, v in moving.items()}
        loss = inner_losses({**phi, **moving}, support, grasps, mask, scales).sum()
        gradients = dict(zip(moving, torch.autograd.grad(loss, list(moving.values())), strict=True))
        with torch.no_grad():
            moving, moments = adam_step(moving, gradients, moments, step, rate)
    return {**phi, **moving}
