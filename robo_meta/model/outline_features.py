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

from robo_meta.model.surface_features import STRIP, inside

EDGES = (-0.05, -0.03, -0.02, -0.01, 0.0, 0.01, 0.02, 0.03, 0.05)
"""m along the line through the place: bands lie between neighbouring edges."""
BANDS = len(EDGES) - 1
CELL = 0.01
"""m: all `EDGES` are multiples of it."""
FIRST, CELLS = round(EDGES[0] / CELL), round((EDGES[-1] - EDGES[0]) / CELL)
BANDS_OF_CELLS = tuple(
    tuple(float(low < (FIRST + cell + 0.5) * CELL < high) for low, high in pairwise(EDGES))
    for cell in range(-1, CELLS + 1)
)
"""(cells, B): 1 where a cell belongs to a band; the first cell and the last belong to none."""
HALF = 0.06
"""m: points farther to a side belong to other limbs."""
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
    """Every point relative to every place, (…, Q, P), float64."""

    dx: Tensor
    """m, object frame."""
    dy: Tensor
    """m, object frame."""
    square: Tensor
    """m²: squared distance in the plane."""
    rise: Tensor
    """m: how much higher the point is than the place."""
    same: Tensor
    """In [0, 1]: how alike in colour."""


class Views(NamedTuple):
    """Every point as the places see it along their part and across, both at once: what this costs is the number of
    operations more than their size."""

    lines: Tensor
    """(2, …, Q, P), m: along, and across. In float32 always, as bands are decided on them."""
    axes: Tensor
    """(2, …, Q, 2): unit vectors, float64."""
    turned: Tensor
    """(2, …, Q): cosines of the line from the object's middle to them."""


def views(place: Tensor, cloud: Tensor, seen: Neighbours) -> Views:
    """The direction of the part about each place.

    What is decided, that direction and the band that a point lies in, is decided in float64: in float32 it depends on
    the order of sums, and a point that changes its band moves an edge by millimetres.

    Args:
        place: (…, Q, 2), m, object frame, whose origin is the object's middle; float64.
        cloud: (…, P, 2), m, object frame; float64.
        seen: the cloud from the places.
    """
    x, y = place.unbind(-1)
    near = (1 - seen.square * (1 / PIECE_RADIUS**2)).clamp_min_(0)
    level = (1 - (seen.rise * seen.rise) * (1 / PIECE_HEIGHT**2)).clamp_min_(0)
    piece = (near * near).mul_(seen.same).mul_(level)
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
    axes = torch.stack([torch.stack([c, s], -1) * outwards[..., None], torch.stack([-s, c], -1) * inwards[..., None]])
    lines = [axis[..., :1] * seen.dx + axis[..., 1:] * seen.dy for axis in axes]
    return Views(torch.stack([line.float() for line in lines]), axes, (axes * place).sum(-1) / distance)


def profiles(seen_from: Views, rise: Tensor, same: Tensor) -> Tensor:
    """(…, Q, K) measures that don't change when the object is turned or flipped; `rise` and `same` as in `Neighbours`,
    in the type that the sums are taken in."""
    turned = seen_from.turned.to(rise.dtype)
    return torch.cat(_along(seen_from.lines, rise, same, turned).unbind(), -1)


def _along(lines: Tensor, rise: Tensor, same: Tensor, turned: Tensor) -> Tensor:
    """(2, …, Q, K ÷ 2): bands of points along the part, and bands across it.

    Args:
        lines: (2, …, Q, P), m: of `Views`.
        rise, same: (…, Q, P): of `Neighbours`.
        turned: (2, …, Q): of `Views`.
    """
    size = lines.abs()
    # The number of its cell: 0 and `CELLS` + 1 are those of points that lie in no band.
    beside = (size.flip(0) - HALF).clamp_min_(0).mul_(1e9)
    cell = (lines + beside).mul_(1 / CELL).floor_().clamp_(FIRST - 1, FIRST + CELLS).sub_(FIRST - 1).long()
    along, strip = lines.to(rise.dtype), inside(size.flip(0), STRIP).to(rise.dtype)
    across = along.flip(0)
    bands_of_cells = along.new_tensor(BANDS_OF_CELLS)

    def band_sums(*values: Tensor) -> Tensor:
        # Each band by itself. As differences of sums from its two edges on, what is left of an empty band or of a lone
        # point is rounding, which the eighth root below would make millimetres of.
        none = along.new_zeros((*along.shape[:-1], CELLS + 2))
        return torch.stack([none.scatter_add(-1, cell, value) for value in values], -2) @ bands_of_cells

    ones = along.new_ones(()).expand_as(along)
    number, mean, rises, alike = band_sums(ones, across, rise.expand_as(along), same.expand_as(along)).unbind(-2)
    some = number.clamp_min(1)
    mean = mean / some
    # An edge is where the eighth moment about the band's mean would put that of an even spread: nearly as sure as the
    # farthest point, and sensor noise widens it by far less.
    centred = (across - (mean @ bands_of_cells.T).gather(-1, cell)).mul_(1 / HALF)
    upper, lower = (side.square_().square_().square_() for side in (centred.clamp_min(0), centred.clamp_max(0)))
    square, upper, lower = (band_sums(centred.square_(), upper, lower) / some[..., None, :]).unbind(-2)
    above, below = ((18 * side).clamp_min(1e-16).sqrt().sqrt().sqrt() for side in (upper, lower))
    edges = torch.stack([mean + above * HALF, mean - below * HALF], -2)
    widths = along.new_tensor([high - low for low, high in pairwise(EDGES)])
    bands = torch.stack(
        [
            number * (0.15 / along.shape[-1]) / widths,
            square.sqrt() * (HALF / 0.01),
            mean / 0.01,
            *(edges / 0.015).unbind(-2),
            rises / some / 0.01,
            alike / some,
        ],
        -1,
    )
    # How far the object, and its own colour, go on outwards in a finger-wide strip.
    mine = (same * strip).sum(-1) / strip.sum(-1).clamp_min(1)
    forwards = along * strip
    reach = forwards.amax(-1) / 0.03, forwards.mul_(inside(1 - same, 0.5)).amax(-1) / 0.03
    return torch.cat([bands.flatten(-2), _slopes(number, edges), torch.stack([*reach, turned, mine], -1)], -1)


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
    # Every window's moments, about its own mean: what is left over is small beside the edges' distances.
    weight = weight[..., None, :] * within.T
    total = weight.sum(-1).clamp_min(1e-6)
    x = x - ((weight * x).sum(-1) / total)[..., None]
    y = y[..., None, :]
    y = y - ((weight * y).sum(-1) / total)[..., None]
    slope = (weight * x * y).sum(-1) / ((weight * x * x).sum(-1) + LEVER)
    rest = ((weight * (y - slope[..., None] * x).square()).sum(-1) / total).sqrt()
    upper, lower = slope.unbind(-2)
    found = [upper / 0.1, lower / 0.1, (upper - lower).abs() / 0.1, rest.sum(-2) / 0.004]
    return torch.stack(found, -1).flatten(-2)
