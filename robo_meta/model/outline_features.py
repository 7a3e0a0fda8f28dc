"""Features of the outline about a place: the object's width on either side, which tells a taper from a straight end.

The gripper can hold neither a steep taper nor anything wider than its opening. So whether a place is graspable, and
where along a part the next graspable place is, depends on the outline within a few centimetres. It is measured in the
place's own frame: along its part (away from the object's middle) and across.
Axis letters: Q places, P points, B bands, K measures.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

EDGES = (-0.05, -0.03, -0.02, -0.01, 0.0, 0.01, 0.02, 0.03, 0.05)
"""m along the line through the place: bands lie between neighbouring edges."""
BANDS = len(EDGES) - 1
HALF = 0.06
"""m: points farther to a side belong to other limbs."""
STRIP = 0.012
"""m: half the width of the finger-wide strip in which the distance to the object's end is measured."""
PIECE_RADIUS, PIECE_HEIGHT = 0.045, 0.008
"""m: radius of the neighbourhood whose spread gives the part's direction, and its largest difference in height."""
LONE_SPREAD = 1e-8
"""m²: spread added along the line from the object's middle, so that a place without neighbours has a direction."""
PER_BAND = 7
WINDOWS = (1, 2, 3, 4)
"""Bands on either side of the place over which lines are fitted to the two edges."""
PER_WINDOW = 4
LEVER, STEP = 1e-3, 0.015
"""Ridge term of the slope fit (points × m²), and the distance (m) beyond which an edge belongs to another part."""
MEASURES = 2 * (BANDS * PER_BAND + len(WINDOWS) * PER_WINDOW + 4)
"""K."""


class Neighbours(NamedTuple):
    """Every point relative to every place, (…, Q, P)."""

    dx: Tensor
    """m, object frame."""
    dy: Tensor
    """m, object frame."""
    rise: Tensor
    """m: how much higher the point is than the place."""
    same: Tensor
    """In [0, 1]: how alike in colour."""


def profiles(place: Tensor, cloud: Tensor, seen: Neighbours) -> Tensor:
    """(…, Q, K) measures that don't change when the object is turned or flipped.

    Args:
        place: (…, Q, 2), m, object frame, whose origin is the object's middle.
        cloud: (…, P, 2), m, object frame.
        seen: the cloud from the places.
    """
    x, y = place.unbind(-1)
    near = (1 - (seen.dx * seen.dx + seen.dy * seen.dy) * (1 / PIECE_RADIUS**2)).clamp_min(0)
    piece = seen.same * near * near * (1 - (seen.rise * seen.rise) * (1 / PIECE_HEIGHT**2)).clamp_min(0)
    cx, cy = cloud.unbind(-1)
    moments = torch.stack([torch.ones_like(cx), cx, cy, cx * cx, cx * cy, cy * cy], -1)
    mass, mx, my, xx, xy, yy = (piece @ moments).unbind(-1)
    mass = mass.clamp_min(1e-6)
    mx, my = mx / mass, my / mass
    distance = place.norm(dim=-1).clamp_min(1e-3)
    xx = xx / mass - mx * mx + LONE_SPREAD * (x / distance) ** 2
    xy = xy / mass - mx * my + LONE_SPREAD * (x / distance) * (y / distance)
    yy = yy / mass - my * my + LONE_SPREAD * (y / distance) ** 2
    angle = torch.atan2(2 * xy, xx - yy) / 2
    c, s = angle.cos(), angle.sin()
    # Along points outwards; the side that the object's middle lies on counts as positive, so a flip changes nothing.
    outwards = torch.where(c * x + s * y < 0, -1.0, 1.0)
    inwards = torch.where(c * y - s * x < 0, -1.0, 1.0)
    along = (outwards * c)[..., None] * seen.dx + (outwards * s)[..., None] * seen.dy
    across = (inwards * c)[..., None] * seen.dy - (inwards * s)[..., None] * seen.dx
    turned = torch.stack([outwards * (c * x + s * y), inwards * (c * y - s * x)]) / distance
    # Both views at once: what this costs is the number of operations more than their size.
    first, second = torch.stack([along, across]), torch.stack([across, along])
    return torch.cat(_along(first, second, seen, turned).unbind(), -1)


def _along(along: Tensor, across: Tensor, seen: Neighbours, turned: Tensor) -> Tensor:
    """(2, …, Q, K ÷ 2): bands of points at `along` and `across` (2, …, Q, P), m, of places whose line from the object's
    middle is `turned` (2, …, Q) (a cosine) to `along`."""
    # What lies beyond each edge, so that a band is the difference of two sums. Written as numbers at once: turning
    # truth values into them took a fifth of the time of it all.
    within = torch.where(across.abs() < HALF, along, EDGES[0] - 1)[..., None, :]
    beyond = along.new_empty((*along.shape[:-1], len(EDGES), along.shape[-1]))
    torch.ge(within, along.new_tensor(EDGES)[:, None], out=beyond)

    def band_sums(*values: Tensor) -> Tensor:
        sums = torch.stack(values, -2) @ beyond.transpose(-1, -2)
        return sums[..., :-1] - sums[..., 1:]

    rises, alike = seen.rise.expand_as(along), seen.same.expand_as(along)
    number, mean, square, rise, same = band_sums(torch.ones_like(along), across, across * across, rises, alike).unbind(
        -2
    )
    some = number.clamp_min(1)
    mean = mean / some
    spread = (square / some - mean * mean).clamp_min(0).sqrt()
    # An edge is where the eighth moment about the band's mean would put that of an even spread: nearly as sure as the
    # farthest point, and sensor noise widens it by far less.
    steps = torch.cat([mean, torch.zeros_like(mean[..., :1])], -1).diff(dim=-1, prepend=torch.zeros_like(mean[..., :1]))
    centred = (across - (steps[..., None, :] @ beyond)[..., 0, :]) * (1 / HALF)
    upper, lower = ((side * side).square().square() for side in (centred.clamp_min(0), centred.clamp_max(0)))
    above, below = (18 * band_sums(upper, lower) / some[..., None, :]).clamp_min(1e-16).pow(1 / 8).unbind(-2)
    size = [high - low for low, high in pairwise(EDGES)]
    count = along.shape[-1]
    bands = torch.stack(
        [
            number * (0.15 / count) / along.new_tensor(size),
            spread / 0.01,
            mean / 0.01,
            (mean + above * HALF) / 0.015,
            (mean - below * HALF) / 0.015,
            rise / some / 0.01,
            same / some,
        ],
        -1,
    )
    slopes = _slopes(number, torch.stack([mean + above * HALF, mean - below * HALF], -2))
    # How far the object, and its own colour, go on outwards in a finger-wide strip.
    strip = (across.abs() < STRIP).to(along.dtype)
    forwards = along * strip
    ends = forwards.amax(-1), (forwards * (seen.same > 0.5)).amax(-1)
    mine = (seen.same * strip).sum(-1) / strip.sum(-1).clamp_min(1)
    return torch.cat([bands.flatten(-2), slopes, torch.stack([ends[0] / 0.03, ends[1] / 0.03, turned, mine], -1)], -1)


def _slopes(number: Tensor, edges: Tensor) -> Tensor:
    """(…, Q, W × 4) how the two edges run over each of `WINDOWS`: the slopes of lines fitted to them by least squares,
    their difference, and what is left over.

    What fingers hold is a matter of that difference, whichever of the two edges leans.

    Args:
        number: (…, Q, B) points of each band.
        edges: (…, Q, 2, B), m: its upper and its lower edge.
    """
    x = number.new_tensor([(low + high) / 2 for low, high in pairwise(EDGES)])
    band = torch.arange(BANDS, device=number.device)
    reach = torch.tensor(WINDOWS, device=number.device)
    within = ((band[:, None] >= BANDS // 2 - reach) & (band[:, None] < BANDS // 2 + reach)).to(number.dtype)
    inner = slice(BANDS // 2 - 1, BANDS // 2 + 1)
    about = number[..., inner] + 1e-6
    about = about / about.sum(-1, keepdim=True)
    y = edges - (edges[..., inner] * about[..., None, :]).sum(-1, keepdim=True)
    weight = number[..., None, :] * torch.exp(-(y * (1 / STEP)).square())
    # Sums over every window of the weights' moments.
    moments = torch.stack([weight, weight * x, weight * y, weight * x * x, weight * x * y, weight * y * y], -2)
    total, sx, sy, xx, xy, yy = (moments @ within).unbind(-2)
    total = total.clamp_min(1e-6)
    xx, xy, yy = xx - sx * sx / total, xy - sx * sy / total, yy - sy * sy / total
    slope = xy / (xx + LEVER)
    rest = ((yy - 2 * slope * xy + slope * slope * xx).clamp_min(0) / total).sqrt()
    upper, lower = slope.unbind(-2)
    found = [upper / 0.1, lower / 0.1, (upper - lower).abs() / 0.1, rest.sum(-2) / 0.004]
    return torch.stack(found, -1).flatten(-2)
