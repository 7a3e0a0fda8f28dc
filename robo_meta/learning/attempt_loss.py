"""Loss of a mixture given attempts and their outcomes: towards those that succeeded, away from those that failed.

Every term is the negative log of a probability that is kept above a floor, so that none can diverge, wherever an
attempt lies. Axis letters as in `robo_meta.model`; K attempts of a task. Places in units of `point_features.SCALE`,
object frame.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from demos.support import SupportItem
from robo_meta.model.grasp_choice import candidates
from robo_meta.model.point_features import SCALE
from robo_meta.model.scorer import Mixture, grasp_rows, log_likelihood

SUREST = 0.97
"""Largest share of the mass near a failed grasp that is refused: its loss never exceeds −log(1 − SUREST) = 3.5."""
FLOOR = 0.02
"""Probability that a tip misleads; the loss of a place on the wrong side never exceeds −log FLOOR = 3.9."""
STEEPEST = 0.3
"""rad: a tilt beyond this says no more about the distance to the centre of mass; the object is falling."""


class Attempts(NamedTuple):
    """Attempts of N tasks, K each."""

    grasps: Tensor
    """(N, K, 4), of `robo_meta.model.scorer.grasp_rows`."""
    tips: Tensor
    """(N, K, 2): direction in the object's plane whose side sank, times the tilt in rad."""
    success: Tensor
    """(N, K): 1 where the attempt succeeded."""
    mask: Tensor
    """(N, K): 1 for an attempt, 0 for padding."""


def attempts_of(items: Sequence[SupportItem]) -> Attempts:
    """One task's attempts, N = 1."""
    grasps = torch.from_numpy(np.stack([item.grasp for item in items]))[None]
    tips = torch.from_numpy(np.stack([item.tip for item in items]))[None]
    success = torch.tensor([[float(item.success) for item in items]])
    return Attempts(grasp_rows(grasps), tips, success, torch.ones_like(success))


def elsewhere(places: Tensor, failed: Tensor, width: Tensor) -> Tensor:
    """(..., C) probability that a grasp at places (..., C, 2) is not the one that failed at (..., 2)."""
    square = (places - failed[..., None, :]).square().sum(-1)
    return 1 - SUREST * torch.exp(-0.5 * square / width.square())


def on_side(places: Tensor, tried: Tensor, tips: Tensor, margin: Tensor, softness: Tensor) -> Tensor:
    """(..., C) probability that the centre of mass is at places (..., C, 2), the object having tipped.

    It lies beyond the line through the tried grasp across the tip, on the side that sank, by at least about `margin`.
    """
    direction = tips / tips.norm(dim=-1, keepdim=True).clamp_min(1e-6)
    beyond = ((places - tried[..., None, :]) * direction[..., None, :]).sum(-1)
    return FLOOR + (1 - FLOOR) * torch.sigmoid((beyond - margin[..., None]) / softness)


def tipped(attempts: Attempts, tilt: Tensor) -> Tensor:
    """(N, K) probability that what was seen is a tip and not noise.

    A failure tipped far or not at all; a success that sags a little may tell which side is heavier.

    Args:
        attempts: the attempts.
        tilt: (3,) thresholds, rad, for failures and for successes, and the log of their softness.
    """
    threshold = tilt[0] + (tilt[1] - tilt[0]) * attempts.success
    return torch.sigmoid((attempts.tips.norm(dim=-1) - threshold) / tilt[2].exp()) * attempts.mask


def attempt_loss(mixture: Mixture, attempts: Attempts, rates: Mapping[str, Tensor], step: int) -> Tensor:
    """(N,) losses of the mixture given the attempts.

    The mean of −log p(x) over successes x, plus sums over attempts, with learned weights: of −log(1 − mass near a
    failed one) where nothing tipped, and of −log(mass on the side that sank) where something did. An attempt gives one
    of the two terms, never both: where the object tipped, the right place may be near the failed grasp, on the side
    that sank, and the first term would push away from it.

    Args:
        mixture: on the scans (N, K) of the attempts.
        attempts: the attempts.
        rates: of `robo_meta.learning.contrast.initial`.
        step: which inner step's weights and widths.
    """
    succeeded, failed = attempts.mask * attempts.success, attempts.mask * (1 - attempts.success)
    likelihood = log_likelihood(mixture, attempts.grasps, rates["log_scales"][step])
    toward = -(likelihood * succeeded).sum(-1) / succeeded.sum(-1).clamp_min(1)
    places, log_mass = candidates(mixture)
    mass, tried = log_mass.exp(), attempts.grasps[..., :2]
    log_weight, log_width = rates["away"][step]
    refused = -(mass * elsewhere(places, tried, log_width.exp())).sum(-1).clamp_min(1 - SUREST).log()
    tip = tipped(attempts, rates["tilt"])
    away = log_weight.exp() * (refused * failed * (1 - tip)).sum(-1)
    log_weight, log_softness, least, more = rates["side"][step]
    margin = least + more * (attempts.tips.norm(dim=-1) / STEEPEST).clamp_max(1)
    inside = (mass * on_side(places, tried, attempts.tips, margin, log_softness.exp())).sum(-1)
    side = log_weight.exp() * (-inside.clamp_min(FLOOR).log() * tip).sum(-1)
    return toward + away + side


class Exclusion(NamedTuple):
    """Places that a failed grasp excludes on the object that it was made on, all in m."""

    refused: float
    """About a grasp that held the object level and still failed: the intention was for a place farther away than
    this."""
    slipped: float
    """About a grasp that slipped off or missed: how far another one is from it at least, roughly."""
    margin: float
    """How far beyond a grasp over which the object tipped, on the side that sank, the centre of mass lies at least."""
    softness: float
    """Of the edges of the first and the last."""


def without(mixture: Mixture, failures: Attempts, held: Sequence[bool], excluded: Exclusion) -> Mixture:
    """The mixture on a scan (1, 1) of the object on which `failures` (1, K) were made, without the places they exclude.

    Args:
        mixture: whose probabilities change; its places stay.
        failures: all failed.
        held: (K,) whether the object was in the fingers to the end.
        excluded: what each failure excludes.
    """
    places, _ = candidates(mixture)
    log_keep = torch.zeros_like(places[..., 0])
    softness = places.new_tensor(excluded.softness / SCALE)
    for k, stayed in enumerate(held):
        tried, tip = failures.grasps[:, k, :2][:, None], failures.tips[:, k][:, None]
        if float(tip.norm()) > STEEPEST / 2:
            keep = on_side(places, tried, tip, places.new_tensor([[excluded.margin / SCALE]]), softness)
        elif stayed:
            distance = (places - tried[..., None, :]).norm(dim=-1)
            keep = FLOOR + (1 - FLOOR) * torch.sigmoid((distance - excluded.refused / SCALE) / softness)
        else:
            keep = elsewhere(places, tried, places.new_tensor(excluded.slipped / SCALE))
        log_keep = log_keep + keep.log()
    keypoints = mixture.keypoints.shape[-2]
    own = mixture.log_weights[..., -1] + log_keep[..., keypoints:]
    total = own.logsumexp(-1, keepdim=True)
    gates = mixture.log_gates + torch.cat([log_keep[..., :keypoints], total], -1)
    weights = torch.cat([mixture.log_weights[..., :-1], (own - total)[..., None]], -1)
    return mixture._replace(log_gates=gates.log_softmax(-1), log_weights=weights)
