"""The outline about each point: how wide the object is before and behind it, which tells a taper from a straight end.

Fingers hold no steep taper and nothing wider than their opening, so whether a place can be held, and where along a part
the next place is that can, depends on the outline a few centimetres either way. It is measured in the point's own
frame: along its part (away from the object's middle) and across. Axis letters: P points, B bands, K measures.
"""

from __future__ import annotations

import torch
from torch import Tensor

EDGES = (-0.05, -0.03, -0.015, 0.0, 0.015, 0.03, 0.05)
"""m along the line through the point: bands lie between neighbouring edges."""
BANDS = len(EDGES) - 1
HALF = 0.06
"""m: points farther to a side belong to other limbs."""
PIECE_RADIUS, PIECE_HEIGHT = 0.045, 0.008
"""m: the neighbours whose spread gives the part's direction, and how alike their heights are."""
PER_BAND = 6
MEASURES = 2 * (BANDS * PER_BAND + 4)
"""K."""


def profiles(place: Tensor, height: Tensor, same: Tensor) -> Tensor:
    """(…, P, K) measures that don't change when the object is turned or flipped.

    Args:
        place: (…, P, 2), m, object frame, whose origin is the object's middle.
        height: (…, P, 1), m.
        same: (…, P, P), in [0, 1]: how alike in colour two points are.
    """
    offset = place[..., None, :, :] - place[..., :, None, :]
    square = offset.square().sum(-1)
    rise = height.transpose(-1, -2) - height
    near = (1 - square / PIECE_RADIUS**2).clamp_min(0)
    piece = same * near.square() * (1 - (rise / PIECE_HEIGHT).square()).clamp_min(0)
    mass = piece.sum(-1, keepdim=True)
    mean = piece @ place / mass
    x, y = place[..., 0], place[..., 1]
    second = piece @ torch.stack([x * x, x * y, y * y], -1) / mass
    xx = second[..., 0] - mean[..., 0] ** 2
    xy = second[..., 1] - mean[..., 0] * mean[..., 1]
    yy = second[..., 2] - mean[..., 1] ** 2
    angle = torch.atan2(2 * xy, xx - yy) / 2
    long = torch.stack([angle.cos(), angle.sin()], -1)
    axes = torch.stack([long, _quarter_turn(long)], -3)
    return _along(axes, place, offset, rise, same).transpose(-2, -3).flatten(-2)


def _quarter_turn(axis: Tensor) -> Tensor:
    return torch.stack([-axis[..., 1], axis[..., 0]], -1)


def _along(axes: Tensor, place: Tensor, offset: Tensor, rise: Tensor, same: Tensor) -> Tensor:
    """(…, 2, P, K ÷ 2): bands along two axes (…, 2, P, 2), turned so that they point away from the object's middle."""
    place, offset, same = place[..., None, :, :], offset[..., None, :, :, :], same[..., None, :, :]
    axes = axes * torch.where((axes * place).sum(-1, keepdim=True) < 0, -1.0, 1.0)
    # The side that the object's middle lies on counts as positive, so that a flip changes nothing.
    sideways = _quarter_turn(axes)
    sideways = sideways * torch.where((place * sideways).sum(-1, keepdim=True) < 0, -1.0, 1.0)
    along = (offset @ axes[..., None])[..., 0]
    across = (offset @ sideways[..., None])[..., 0]
    edges = torch.tensor(EDGES, dtype=place.dtype, device=place.device)
    # Band 0 takes what lies before the first edge, or to a side; the last one what lies behind.
    band = torch.bucketize(along, edges, right=True) * (across.abs() < HALF)
    inside = (band[..., None, :] == torch.arange(1, BANDS + 1, device=band.device)[:, None]).to(place.dtype)
    count = place.shape[-2]
    values = torch.stack(torch.broadcast_tensors(across, across.square(), rise[..., None, :, :], same), -1)
    sums, number = inside @ values, inside.sum(-1)
    mean = sums / number.clamp_min(1)[..., None]
    spread = (mean[..., 1] - mean[..., 0].square()).clamp_min(0).sqrt()
    blank = across.new_full((*across.shape[:-1], BANDS + 2), -HALF)
    high = blank.scatter_reduce(-1, band, across, "amax")[..., 1:-1]
    low = -blank.scatter_reduce(-1, band, -across, "amax")[..., 1:-1]
    bands = torch.stack(
        [
            number * (0.15 / count) / (edges[1:] - edges[:-1]),
            spread / 0.01,
            mean[..., 0] / 0.01,
            (number > 0) * (high - low) / 0.03,
            mean[..., 2] / 0.01,
            mean[..., 3],
        ],
        -1,
    )
    # How far the object, and its own colour, go on outwards in a finger-wide strip.
    strip = across.abs() < 0.012
    ends = [torch.where(strip, along, 0.0).amax(-1), torch.where(strip & (same > 0.5), along, 0.0).amax(-1)]
    turned = (axes * place).sum(-1) / place.norm(dim=-1).clamp_min(1e-3)
    mine = (same * strip).sum(-1) / strip.sum(-1).clamp_min(1)
    return torch.cat([bands.flatten(-2), torch.stack([ends[0] / 0.03, ends[1] / 0.03, turned, mine], -1)], -1)
