"""From a mixture over places to one place: the densest, so that two equally good ends don't give their middle."""

from __future__ import annotations

import torch
from torch import Tensor

from robo_meta.networks import Mixture

WIDTH = 0.2
"""Units of `encoding.SCALE` (1 cm): places this near count as the same."""


def densest(mixture: Mixture) -> Tensor:
    """(N, D, 2) places, units of `SCALE`: where the mixture is densest, refined by one mean-shift step."""
    keypoints = mixture.keypoints.shape[-2]
    candidates = torch.cat([mixture.keypoints, mixture.votes], -2)
    from_points = mixture.log_gates[..., keypoints:] + mixture.log_weights[..., -1]
    log_mass = torch.cat([mixture.log_gates[..., :keypoints], from_points], -1)
    square = (candidates[..., :, None, :] - candidates[..., None, :, :]).square().sum(-1)
    density = (log_mass[..., None, :] - 0.5 * square / WIDTH**2).logsumexp(-1)
    best = density.argmax(-1)[..., None, None].expand(*density.shape[:-1], 1, 2)
    peak = candidates.gather(-2, best)
    weight = torch.softmax(log_mass - 0.5 * (candidates - peak).square().sum(-1) / WIDTH**2, -1)
    return (weight[..., None] * candidates).sum(-2)


def point_weights(mixture: Mixture) -> Tensor:
    """(N, D, P) weights of the points over all keypoints and the points' own choice, summing to one."""
    return (mixture.log_weights + mixture.log_gates[..., None, :]).exp().sum(-1)
