"""Pick one grasp place from the predicted mixture: its mode, found by mean shift.

The mean would fall between two equally likely ends. Axis letters: N tasks, D demonstrations of a task, P points, C
places that a mixture is made of.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from robo_meta.model.scorer import Mixture

REACH, EDGE = 0.4, 0.06
"""Units of `point_features.SCALE` (2 cm, 3 mm): places within the first count as the same; the second says how softly
that ends. A grasp of *part* that is 2 cm off still succeeds, so of two possible places 3 cm apart the one between them
serves both. On validation families this removed a quarter of the keypoints that were more than 2.2 cm off; *balance*,
whose mixtures are narrow, didn't change."""


def candidates(mixture: Mixture) -> tuple[Tensor, Tensor]:
    """Places (N, D, C, 2) that the mixture is made of, its keypoints first, and their log-probabilities (N, D, C)."""
    keypoints = mixture.keypoints.shape[-2]
    from_points = mixture.log_gates[..., keypoints:] + mixture.log_weights[..., -1]
    log_mass = torch.cat([mixture.log_gates[..., :keypoints], from_points], -1)
    return torch.cat([mixture.keypoints, mixture.votes], -2), log_mass


def densest(mixture: Mixture) -> Tensor:
    """(N, D, 2) places, units of `SCALE`: with most of the mixture within reach, refined by a mean-shift step."""
    places, log_mass = candidates(mixture)
    # By coordinates: a sum over two numbers takes longer than all the rest.
    x, y = places.unbind(-1)
    square = (x[..., :, None] - x[..., None, :]).square() + (y[..., :, None] - y[..., None, :]).square()
    within = functional.logsigmoid((REACH - square.sqrt()) / EDGE)
    best = (log_mass[..., None, :] + within).logsumexp(-1).argmax(-1)[..., None, None]
    peak = places.gather(-2, best.expand(*best.shape[:-1], 2))
    weight = torch.softmax(log_mass - 0.5 * (places - peak).square().sum(-1) / REACH**2, -1)
    return (weight[..., None] * places).sum(-2)


def point_weights(mixture: Mixture) -> Tensor:
    """(N, D, P) weights of the points over all keypoints and the points' own choice, summing to one."""
    return (mixture.log_weights + mixture.log_gates[..., None, :]).exp().sum(-1)
