"""Attempts made up from demonstrations: inaccurate successes and failures, and how the object would have tipped.

Training needs thousands of them. Where a grasp fails and which side sinks follows from where the demonstrator held the
object, so no physics is needed. Axis letters as in `robo_meta.model`; F failures.
"""

from __future__ import annotations

import torch
from torch import Tensor

from robo_meta.learning.attempt_loss import Attempts
from robo_meta.learning.batch import Batch
from robo_meta.model.point_features import SCALE

FAILURES = 4
"""F: most failures of a task."""
IMPRECISE = (0.010, 0.020)
"""m: how far off an imprecise success is, along the object."""
BALANCE_MISS, PART_MISS = (0.022, 0.08), (0.035, 0.4)
"""m: how far off a failed grasp is, across the closing direction for *balance*, in any direction for *part*."""
CLEAN, ALONE, ELSEWHERE = 0.3, 0.3, 0.5
"""Probabilities: a success is accurate; a support holds failures only; failures are on another object than the
success."""
UNSEEN = 0.12
"""Probability that a failed grasp slipped off or missed, so that nothing tipped."""
TIP_NOISE, TURN_NOISE = 0.035, 0.35
"""rad: observation noise of the tilt about either axis; spread of the tip about the direction to the centre of mass."""
FALLEN = (0.27, 0.95)
"""rad: range of the tilt of a grasp that failed because the object tipped."""
SAG, SAG_SPREAD, SAG_MOST = 0.05, 0.8, 0.25
"""Tilt of a success held 12.5 mm off, rad, growing with the square; spread of its log; the most that is no failure.
Measured on bars of 0.3–0.7 kg."""
STAND_OFF = 0.012
"""m: a failed grasp is the middle of the points this near to one of them."""


def synthesise(batch: Batch, generator: torch.Generator) -> tuple[Tensor, Attempts]:
    """Make up attempts for each task of a batch.

    Args:
        batch: tasks; its supports become successes, failures are about its grasps as well.
        generator: all randomness, on the CPU.

    Returns:
        Numbers (N, K + F) of the demonstrations on whose objects the attempts were made, and the attempts.
    """
    device, count = batch.grasps.device, len(batch.support)
    rows = torch.arange(count, device=device)[:, None]
    good, good_tips = _successes(batch, generator)
    elsewhere = torch.multinomial(batch.query_mask.cpu() + 1e-9, 1, generator=generator).to(device)
    away = (torch.rand(count, 1, generator=generator) < ELSEWHERE).to(device)
    where = torch.where(away, elsewhere, batch.support[:, :1])
    bad, bad_tips, possible = _failures(batch, where[:, 0], generator)
    number = torch.randint(1, FAILURES + 1, (count, 1), generator=generator)
    bad_mask = (torch.arange(FAILURES) < number).float().to(device) * possible[:, None]
    alone = (torch.rand(count, 1, generator=generator) < ALONE).to(device)
    good_mask = torch.where(alone, 0.0, batch.support_mask)
    demos = torch.cat([batch.support, where.expand(-1, FAILURES)], -1)
    closing = batch.grasps[rows, demos][..., 2:]
    success = torch.cat([torch.ones_like(good_mask), torch.zeros_like(bad_mask)], -1)
    tips = torch.cat([good_tips, bad_tips], 1)
    places = torch.cat([good, bad], 1)
    return demos, Attempts(torch.cat([places, closing], -1), tips, success, torch.cat([good_mask, bad_mask], -1))


def _successes(batch: Batch, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Places (N, K, 2) of imprecise successes and their tips (N, K, 2)."""
    rows = torch.arange(len(batch.support), device=batch.support.device)[:, None]
    right = batch.grasps[rows, batch.support]
    along = torch.stack([-right[..., 3], right[..., 2]], -1)
    shape = batch.support.shape
    off = (torch.rand(shape, generator=generator) * (IMPRECISE[1] - IMPRECISE[0]) + IMPRECISE[0]).to(right)
    off = off * (torch.rand(shape, generator=generator) >= CLEAN).to(right)
    sign = torch.randint(2, shape, generator=generator).to(right) * 2 - 1
    points = batch.scans.places[rows, batch.support]
    # Not over an end: there is nothing to hold.
    gap = [_gap(points, right[..., :2] + side * (off * sign / SCALE)[..., None] * along) for side in (1, -1)]
    sign = torch.where(gap[0] > torch.maximum(gap[1], gap[0].new_tensor(0.008 / SCALE)), -sign, sign)
    tilt = SAG * (off / 0.0125).square() * (SAG_SPREAD * torch.randn(shape, generator=generator).to(off)).exp()
    tips = -(sign * tilt.clamp_max(SAG_MOST) * batch.balance[:, None])[..., None] * along
    noise = TIP_NOISE * torch.randn(*shape, 2, generator=generator).to(tips)
    return right[..., :2] + (off * sign / SCALE)[..., None] * along, tips + noise


def _gap(points: Tensor, places: Tensor) -> Tensor:
    """(...,) distance of places (..., 2) from the nearest of their points (..., P, 2)."""
    return (points - places[..., None, :]).norm(dim=-1).amin(-1)


def _failures(batch: Batch, where: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Places (N, F, 2), tips (N, F, 2), and whether (N,) the object has any place where a grasp fails."""
    count = len(where)
    rows = torch.arange(count, device=where.device)
    points, right = batch.scans.places[rows, where], batch.grasps[rows, where]
    offset = (points - right[:, None, :2]) * SCALE
    across = (offset * torch.stack([-right[:, 3], right[:, 2]], -1)[:, None]).sum(-1).abs()
    distance = offset.norm(dim=-1)
    tips_over = (across > BALANCE_MISS[0]) & (distance < BALANCE_MISS[1])
    allowed = torch.where(batch.balance[:, None], tips_over, (distance > PART_MISS[0]) & (distance < PART_MISS[1]))
    # Half of the failures are near misses, as the failures of a policy that is partly right are.
    near = (torch.rand(count, 1, generator=generator) < 0.5).to(distance)
    weights = (allowed * torch.exp(-near * distance / 0.02)).cpu() + 1e-9
    drawn = torch.multinomial(weights, FAILURES, replacement=True, generator=generator).to(where.device)
    chosen = points[rows[:, None], drawn]
    close = ((points[:, None] - chosen[:, :, None]).norm(dim=-1) < STAND_OFF / SCALE).to(points)
    places = close @ points / close.sum(-1, keepdim=True)
    toward = right[:, None, :2] - places
    angle = torch.atan2(toward[..., 1], toward[..., 0])
    shape = angle.shape
    angle = angle + TURN_NOISE * torch.randn(shape, generator=generator).to(angle)
    tilt = FALLEN[0] + (FALLEN[1] - FALLEN[0]) * torch.rand(shape, generator=generator).to(angle)
    tips = (tilt * batch.balance[:, None])[..., None] * torch.stack([angle.cos(), angle.sin()], -1)
    noisy = tips + TIP_NOISE * torch.randn(*shape, 2, generator=generator).to(tips)
    seen = (torch.rand(shape, generator=generator) >= UNSEEN).to(tips)
    return places, noisy * seen[..., None], allowed.any(-1).to(points)
