"""A network trained on the support alone: what the demonstrations can teach without any learning beforehand."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from robo_meta.learning.adam import adam_step, zero_moments
from robo_meta.learning.reptile import stack_whole, whole_losses
from robo_meta.model.point_features import Encoded
from robo_meta.model.scorer import Parameters, initial
from robo_meta.strategies.network_strategy import NetworkStrategy
from robo_meta.training.checkpoint import Checkpoint

STEPS, RATE = 100, 1e-2
"""Number of Adam steps on the support, and their learning rate."""
SEED = 0
"""Seed of the initial parameters, the same for every task."""


class Scratch(NetworkStrategy):
    """Trains a fresh scorer of the checkpoint's sizes on the support.

    Only the closing network and the learned controller come from the checkpoint.
    """

    name = "scratch"

    def parameters(self, checkpoint: Checkpoint) -> Mapping[str, Tensor]:
        """Fresh parameters."""
        sizes = checkpoint.architecture
        return initial(sizes.hidden, sizes.head, sizes.keypoints, torch.Generator().manual_seed(SEED))

    def adapted(self, scans: Encoded, grasps: Tensor, mask: Tensor) -> Mapping[str, Tensor]:
        """Body and head after `STEPS` steps."""
        return fit(self._theta, scans, grasps, mask)


def fit(
    theta: Parameters, scans: Encoded, grasps: Tensor, mask: Tensor, *, steps: int = STEPS, rate: float = RATE
) -> dict[str, Tensor]:
    """Body and head (N, …) fitted to supports (N, K, …) with Adam; tasks don't interact and `theta` is left alone."""
    phi = {k: v.detach().clone() for k, v in stack_whole(theta, len(grasps)).items()}
    moments = zero_moments(phi)
    for step in range(steps):
        phi = {k: v.detach().requires_grad_() for k, v in phi.items()}
        loss = whole_losses(phi, scans, grasps, mask).sum()
        gradients = dict(zip(phi, torch.autograd.grad(loss, list(phi.values())), strict=True))
        with torch.no_grad():
            phi, moments = adam_step(phi, gradients, moments, step, rate)
    return {k: v.detach() for k, v in phi.items()}
