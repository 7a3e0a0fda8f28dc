"""From a mixture over places to one: where most of it is, so that two equally good ends don't give their middle."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from robo_meta.model.scorer import Mixture

REACH, EDGE = 0.4, 0.06
"""Units of `encoding.SCALE` (2 cm, 3 mm): places this near count as the same, and how sharply that ends. A grasp of
*part* that is 2 cm off still serves, so that between two places 3 cm apart, either of which may be meant, one is found
that does for both. On validation families that took away a quarter of the keypoints more than 2.2 cm off; *balance*,
whose mixtures are narrow, didn't change."""


def densest(mixture: Mixture) -> Tensor:
    """(N, D, 2) places, units of `SCALE`: with most of the mixture within reach, refined by a mean-shift step."""
    keypoints = mixture.keypoints.shape[-2]
    candidates = torch.cat([mixture.keypoints, mixture.votes], -2)
    from_points = mixture.log_gates[..., keypoints:] + mixture.log_weights[..., -1]
    log_mass = torch.cat([mixture.log_gates[..., :keypoints], from_points], -1)
    square = (candidates[..., :, None, :] - candidates[..., None, :, :]).square().sum(-1)
    within = functional.logsigmoid((REACH - square.sqrt()) / EDGE)
    best = (log_mass[..., None, :] + within).logsumexp(-1).argmax(-1)[..., None, None]
    peak = candidates.gather(-2, best.expand(*best.shape[:-1], 2))
    weight = torch.softmax(log_mass - 0.5 * (candidates - peak).square().sum(-1) / REACH**2, -1)
    return (weight[..., None] * candidates).sum(-2)


def point_weights(mixture: Mixture) -> Tensor:
    """(N, D, P) weights of the points over all keypoints and the points' own choice, summing to one."""
    return (mixture.log_weights + mixture.log_gates[..., None, :]).exp().sum(-1)


def candidates(mixture: Mixture) -> tuple[Tensor, Tensor]:
    """Places (N, D, C, 2) that the mixture is made of, and their log-probabilities (N, D, C)."""
    keypoints = mixture.keypoints.shape[-2]
    from_points = mixture.log_gates[..., keypoints:] + mixture.log_weights[..., -1]
    log_mass = torch.cat([mixture.log_gates[..., :keypoints], from_points], -1)
    return torch.cat([mixture.keypoints, mixture.votes], -2), log_mass
