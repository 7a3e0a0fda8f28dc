"""Features of the surface about a place that tell a round body from an upright one: heights, falls, curvature.

A camera above sees no underside. What it sees of a round body falls off towards its sides and ends half way down, where
the surface turns away under itself; what it sees of an upright one ends at its top. So the height at which the seen
surface ends, beside the place's own and over the table, stands for what isn't seen, and says whether pads would lie on
a face or roll off an edge. Axis letters: Q places, P points.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

STRIP, HALF = 0.012, 0.06
"""m: half the width of the strip that fingers close in, and how far to either side of the place it is looked at."""
RIM = 0.006
"""m: width of the rim in which the height at the end of the seen surface is measured."""
FINGERS = (0.033, 0.058)
"""m along the closing direction from the place: where the open fingers come down, of 1 cm of noise less."""
USUAL = 512
"""Points of a usual scan; counts are scaled to it."""
FIT_RADIUS = 0.028
"""m: neighbourhood that the curved surface is fitted to."""
FIT_UNIT = 0.02
"""m: the unit in which the fit is made, so that its coefficients are of one order."""
FIT_RIDGE = (1e-6, 5e-4, 5e-4, 1.25e-3, 2.5e-3, 1.25e-3)
"""Of the fit's coefficients: level, slopes, curvatures. Where points leave a curvature open, it is taken for none. That
of the mixed one is twice the others', so that turning the object changes nothing."""
MEASURES = 16 + 10
"""Features of this module: of `strips`, and of `fits`."""


class Surface(NamedTuple):
    """Points about places."""

    lines: Tensor
    """(2, …, Q, P), m, float32: of each point from each place, along its part and across."""
    rise: Tensor
    """(…, Q, P), m: how much higher the point is than the place."""
    z: Tensor
    """(…, P), m above the table."""
    raw: Tensor
    """(…, Q, 1), m: z of the place as measured."""
    height: Tensor
    """(…, Q, 1), m: with the noise taken out."""


def inside(size: Tensor, most: float) -> Tensor:
    """1 where `size` is less than `most`, else 0: as numbers at once, since turning truth values into them costs
    several times the arithmetic."""
    return (most - size).mul_(1e12).clamp_(0, 1)


def strips(surface: Surface) -> Tensor:
    """(…, Q, 16): what fingers would meet that close across the part, in a strip as wide as they are."""
    kind = surface.rise.dtype
    along, lines = surface.lines
    size, strip = lines.abs(), inside(along.abs(), STRIP)
    near, below = inside(size, HALF).mul_(strip).to(kind), inside(size, FINGERS[1]).mul_(strip)
    below = below.mul_(inside(-size, -FINGERS[0])).to(kind)
    lines, z, height = lines.to(kind), surface.z[..., None, :], surface.height[..., 0]
    rises, away = near * surface.rise, near * lines
    found = [
        rises.amax(-1) / 0.02,
        rises.amin(-1) / 0.02,
        below.sum(-1) * (USUAL / lines.shape[-1] / 10),
        below.mul_(z).amax(-1) / 0.02,
    ]
    for end, outwards in ((away.amax(-1), 1.0), (away.amin(-1), -1.0)):
        # Weights that begin at the rim's inner edge with nothing, so that no single point decides.
        weight = (lines - (end - outwards * RIM)[..., None]).mul_(outwards).clamp_min_(0).mul_(near)
        total = weight.sum(-1).clamp_min(1e-9)
        there = (weight @ surface.z[..., None])[..., 0] / total
        middle = (weight * lines).sum(-1) * outwards / total
        found += [there / 0.02, (there - height) / 0.01, end * outwards / 0.03, middle / 0.03]
    top = surface.z.amax(-1)[..., None].expand_as(height)
    spread = surface.z.std(-1)[..., None].expand_as(height)
    found += [(top - height) / 0.02, top / 0.03, (surface.raw[..., 0] - height) / 0.005, spread / 0.01]
    return torch.stack(found, -1)


def fits(near: Tensor, place: Tensor, height: Tensor, cloud: Tensor, z: Tensor, axes: Tensor) -> Tensor:
    """(…, Q, 10): slopes and curvatures of the surface z = a + b·d + d·C·d ÷ 2 fitted to the points about each place,
    with what it is from the place's height and what it leaves over.

    Sums of powers up to the fourth are taken about the object's middle, by one product for all places, and shifted to
    each place, which cancels many digits: hence float64.

    Args:
        near: (…, Q, P): weights of the points.
        place: (…, Q, 2), m.
        height: (…, Q, 1), m: of the places.
        cloud: (…, P, 2), m.
        z: (…, P), m.
        axes: (2, …, Q, 2): unit vectors along the place's part and across.
    """
    x, y = (cloud * (1 / FIT_UNIT)).unbind(-1)
    level = z * (1 / FIT_UNIT)
    form = torch.stack([torch.ones_like(x), x, y, x * x / 2, x * y, y * y / 2], -1)
    square = (form[..., :, None] * form[..., None, :]).flatten(-2)
    sums = near @ torch.cat([square, form * level[..., None], (level * level)[..., None]], -1)
    sums = sums / sums[..., :1].clamp_min(1e-6)
    shift = _shift(place * (1 / FIT_UNIT))
    gram = shift @ sums[..., :36].unflatten(-1, (6, 6)) @ shift.transpose(-1, -2)
    right = shift @ sums[..., 36:42, None]
    found = torch.linalg.solve(gram + torch.diag(gram.new_tensor(FIT_RIDGE)), right)
    left = sums[..., 42] - (found * (2 * right - gram @ found)).sum((-1, -2))
    lift, bx, by, xx, xy, yy = found[..., 0].unbind(-1)
    (ax, ay), (cx, cy) = (axis.unbind(-1) for axis in axes)
    measures = [
        2 * (lift - height[..., 0] / FIT_UNIT),
        ax * bx + ay * by,
        cx * bx + cy * by,
        (bx * bx + by * by).sqrt(),
        ax * ax * xx + 2 * ax * ay * xy + ay * ay * yy,
        cx * cx * xx + 2 * cx * cy * xy + cy * cy * yy,
        (ax * cx * xx + (ax * cy + ay * cx) * xy + ay * cy * yy).abs(),
        xx + yy,
        (((xx - yy) / 2).square() + xy.square()).sqrt(),
        4 * left.clamp_min(1e-6).sqrt(),
    ]
    return torch.stack(measures, -1)


def _shift(place: Tensor) -> Tensor:
    """(…, Q, 6, 6): what turns 1, x, y, x² ÷ 2, xy, y² ÷ 2 about the origin into those about each place (…, Q, 2)."""
    px, py = place.unbind(-1)
    none, one = torch.zeros_like(px), torch.ones_like(px)
    rows = [
        [one, none, none, none, none, none],
        [-px, one, none, none, none, none],
        [-py, none, one, none, none, none],
        [px * px / 2, -px, none, one, none, none],
        [px * py, -py, -px, none, one, none],
        [py * py / 2, none, -py, none, none, one],
    ]
    return torch.stack([torch.stack(row, -1) for row in rows], -2)
