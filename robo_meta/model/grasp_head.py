"""How to close on a place: heading, height and centring from the points around it, learned from demonstrated grasps.

That is the same for every task, so it isn't adapted. The heading is chosen among directions on a grid; every direction
is looked at in its own frame by the same network, so turning the object turns the answer.
Axis letters: B places, P points, A directions, W strips.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from robo_meta.model.dense import two_layers

DIRECTIONS = 24
"""A: closing directions tried, modulo π."""
STRIPS = (0.008, 0.013, 0.022)
"""m: half widths of the strips along the closing direction in which extents are measured; a pad's half is 0.010."""
REACH = 0.05
"""m: how far from the place a strip is looked at."""
USUAL = 128
"""P that counts of points are brought to."""
LOOKED_AT = 256
"""Points nearest to a place that are looked at, at most."""
NEIGHBOURS = 2
"""Directions on either side whose measurements a direction sees as well."""
DISCS = (0.02, 0.035, 0.06)
"""m: discs about the place whose spread along the closing direction is measured: coarser than an extent, but surer."""
_PER_STRIP, _PER_DISC, _COMMON = 6, 2, 3
INPUTS = (_PER_STRIP * len(STRIPS)) * (2 * NEIGHBOURS + 1) + len(STRIPS) + _PER_DISC * len(DISCS) + 2 + _COMMON
OUTPUTS = 3
"""Preference of the direction, shift along it (units of 1 cm), height (units of 1 cm)."""


def shapes(hidden: int) -> dict[str, tuple[int, ...]]:
    """Name → shape of the parameters."""
    return two_layers(INPUTS, hidden, OUTPUTS)


def headings(like: Tensor) -> Tensor:
    """(A,) closing headings, rad."""
    return torch.arange(DIRECTIONS, dtype=like.dtype, device=like.device) * (math.pi / DIRECTIONS)


def measure(points: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """What the fingers would meet at places (B, 2) of scans (B, P, 6): inputs (B, A, INPUTS) and local height (B,)."""
    angle = headings(points)
    closing = torch.stack([angle.cos(), angle.sin()])
    # Counts and ranks as of a scan of `USUAL` points, so that a denser one looks the same, only sharper.
    dense = points.shape[-2] / USUAL
    offset = points[..., :2] - places[:, None]
    # What is farther away than these hardly ever lies in a strip or disc.
    distance, order = offset.norm(dim=-1).topk(min(points.shape[-2], LOOKED_AT), largest=False)
    offset = offset.gather(1, order[..., None].expand(-1, -1, 2))
    z = points[..., 2].gather(1, order)
    along = offset[:, None, :, 0] * closing[0, :, None] + offset[:, None, :, 1] * closing[1, :, None]
    across = (offset[:, None, :, 1] * closing[0, :, None] - offset[:, None, :, 0] * closing[1, :, None]).abs()
    nearest = distance[:, max(1, round(3 * dense)) - 1, None]
    close = torch.exp(-(distance / torch.maximum(nearest, distance.new_tensor(0.01))).square())
    height = (close * z).sum(-1) / close.sum(-1)
    far = along.abs()
    within = far <= REACH
    outer = (far > 0.035) & (far < 0.065)
    blocks, widths = [], []
    for half in STRIPS:
        strip = across <= half
        inside = within & strip
        some = inside.any(-1)
        high = along.masked_fill(~inside, -1.0).amax(-1)
        low = along.masked_fill(~inside, 1.0).amin(-1)
        width = torch.where(some, high - low, 0.0)
        middle = torch.where(some, (high + low) / 2, 0.0)
        weight = inside.to(points.dtype)
        count = weight.sum(-1)
        counted = count.clamp_min(1)
        mean_z = (weight @ z[..., None])[..., 0] / counted
        inner = weight * along
        mean, square = inner.sum(-1) / counted, (inner * along).sum(-1) / counted
        # Spread about the middle of the extent.
        spread = square - 2 * mean * middle + some * middle.square()
        outside = (strip & outer).sum(-1).to(points.dtype)
        widths.append(width)
        blocks += [
            width / 0.03,
            middle / 0.01,
            count / (10 * dense),
            (mean_z - height[:, None]) / 0.01,
            spread.clamp_min(0).sqrt() / 0.01,
            outside / (5 * dense),
        ]
    own = torch.stack(blocks, -1)
    turned = [own.roll(shift, 1) for shift in range(-NEIGHBOURS, NEIGHBOURS + 1)]
    # Half a turn reverses the closing direction, and with it the sign of the middle.
    signs = torch.ones_like(own[:1])
    columns = [strip * _PER_STRIP + 1 for strip in range(len(STRIPS))]
    for number, shift in enumerate(range(-NEIGHBOURS, NEIGHBOURS + 1)):
        sign = signs.clone()
        wrapped = torch.arange(DIRECTIONS, device=points.device) - shift
        crossed = (wrapped < 0) | (wrapped >= DIRECTIONS)
        for column in columns:
            sign[0, crossed, column] = -1.0
        turned[number] = turned[number] * sign
    excess = torch.stack([(w - w.amin(1, keepdim=True)) / 0.01 for w in widths], -1)
    turning = []
    for radius in DISCS:
        weight = (1 - (distance / radius).square()).clamp_min(0)
        weight = weight / weight.sum(-1, keepdim=True).clamp_min(1e-6)
        mean = (along @ weight[..., None])[..., 0]
        square = ((along * along) @ weight[..., None])[..., 0]
        turning += [(square - mean.square()).clamp_min(1e-12).sqrt() / radius * 3, mean / radius * 3]
    # Round places have no narrow direction; demonstrators then close across the line to the object's middle.
    radial = (places @ closing) / (places.norm(dim=-1, keepdim=True) + 0.01)
    whole = (points[..., :2] - points[..., :2].mean(1, keepdim=True)) @ closing
    turning += [radial.abs(), (whole.square().sum(1) / (points.shape[-2] - 1)).sqrt() / 0.05]
    common = torch.stack([height / 0.02, nearest[..., 0] / 0.01, points[..., :2].norm(dim=-1).amax(-1) / 0.1], -1)
    return torch.cat(
        [*turned, excess, torch.stack(turning, -1), common[:, None].expand(-1, DIRECTIONS, -1)], -1
    ), height


def evaluate(psi: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
    """(B, A, 3) outputs for the inputs of `measure`."""
    x = functional.silu(inputs @ psi["in.weight"] + psi["in.bias"])
    x = functional.silu(x @ psi["middle.weight"] + psi["middle.bias"])
    return x @ psi["out.weight"] + psi["out.bias"]


def loss(psi: Mapping[str, Tensor], points: Tensor, places: Tensor, grasps: Tensor) -> Tensor:
    """(B,) cross-entropy of the demonstrated headings plus errors of centring and height.

    Args:
        psi: parameters.
        points: (B, P, 6).
        places: (B, 2), m: where the closing is asked for, near the grasps.
        grasps: (B, 4): where and how the demonstrator closed.
    """
    inputs, height = measure(points, places)
    out = evaluate(psi, inputs)
    turn = 2 * (grasps[:, 3, None] - headings(points))
    wanted = torch.softmax(30 * turn.cos(), -1)
    heading_loss = -(wanted * out[..., 0].log_softmax(-1)).sum(-1)
    offset = grasps[:, :2] - places
    angle = headings(points)
    shift = offset[:, :1] * angle.cos() + offset[:, 1:] * angle.sin()
    shift_error = functional.huber_loss(out[..., 1], shift / 0.01, reduction="none", delta=0.5)
    z = height / 2 + (wanted * out[..., 2]).sum(-1) * 0.01
    z_error = functional.huber_loss(z / 0.01, grasps[:, 2] / 0.01, reduction="none", delta=0.5)
    return heading_loss + (wanted * shift_error).sum(-1) + z_error


def close_on(psi: Mapping[str, Tensor], points: Tensor, places: Tensor) -> Tensor:
    """Grasps (B, 4) x, y, z, yaw at places (B, 2) of scans (B, P, 6)."""
    inputs, height = measure(points, places)
    out = evaluate(psi, inputs)
    angle = headings(points)
    best = out[..., 0].argmax(-1)
    turn = angle - angle[best][:, None]
    near = (2 * turn).cos() > math.cos(2 * 0.3)
    weight = torch.softmax(out[..., 0].masked_fill(~near, -math.inf), -1)
    yaw = angle[best] + torch.atan2((weight * (2 * turn).sin()).sum(-1), (weight * (2 * turn).cos()).sum(-1)) / 2
    # Directions past half a turn from the best point the other way, and so do their shifts.
    facing = torch.where(turn.cos() >= 0, 1.0, -1.0)
    shift = (weight * facing * out[..., 1]).sum(-1).clamp(-1.5, 1.5) * 0.01
    z = (height / 2 + (weight * out[..., 2]).sum(-1) * 0.01).clamp(0.006, 0.04)
    # The shift was gathered in the frame of `best`, whose heading may differ from the mean by a little.
    place = places + shift[:, None] * torch.stack([angle[best].cos(), angle[best].sin()], -1)
    yaw = torch.remainder(yaw + math.pi / 2, math.pi) - math.pi / 2
    return torch.cat([place, z[:, None], yaw[:, None]], -1)
