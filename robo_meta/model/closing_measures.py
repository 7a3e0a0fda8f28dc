"""What the fingers would meet at a place, along each closing direction: the inputs of the closing network.

Axis letters: B places, P points, A directions. Lengths in m, object frame.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from robo_meta.model.compiled_or_none import compiled_or_none

DIRECTIONS = 24
"""A: closing directions tried, modulo π."""
STRIPS = (0.008, 0.013, 0.022)
"""m: half widths of the strips along the closing direction in which extents are measured: below and above the
`pad_half_width` of `sim.robot.Fingers`. They are inputs of trained networks, and stay if the pads change."""
REACH = 0.05
"""m: how far a strip reaches from the place."""
BEFORE = (0.035, 0.065)
"""m along a strip: where the fingers are before they close."""
FEW = 8
"""Places for which one after the other is faster than all at once."""
USUAL = 128
"""P of a usual scan; counts of points are scaled to it."""
LOOKED_AT = 256
"""Most points about a place that are measured: those nearest to it."""
NEIGHBOURS = 2
"""Directions on either side whose measures are inputs of a direction too."""
DISCS = (0.02, 0.035, 0.06)
"""m: radii of the discs about the place in which the spread along the closing direction is measured, which is coarser
than an extent, and less noisy."""
RIM = 0.006
"""m: width of the rims of a strip, where the seen surface ends on either side: how far it has fallen there tells a
round body, which pads must meet half way up, from an upright one."""
_PER_STRIP, _PER_DISC, _COMMON, _PER_RIMS = 6, 2, 3, 2
OUTLINE_INPUTS = (_PER_STRIP * len(STRIPS)) * (2 * NEIGHBOURS + 1) + len(STRIPS) + _PER_DISC * len(DISCS) + 2 + _COMMON
INPUTS = OUTLINE_INPUTS + _PER_RIMS * len(STRIPS)
"""The first `OUTLINE_INPUTS` are all that version 1 of the features had."""
_SHIFTS = np.arange(-NEIGHBOURS, NEIGHBOURS + 1)[:, None]
TURNED = (np.arange(DIRECTIONS) - _SHIFTS) % DIRECTIONS
"""(2 · `NEIGHBOURS` + 1, A): the direction whose measures each direction has as those of each neighbour."""
TURNED_SIGNS = np.where(
    ((np.arange(DIRECTIONS) - _SHIFTS < 0) | (np.arange(DIRECTIONS) - _SHIFTS >= DIRECTIONS))[..., None]
    & (np.arange(_PER_STRIP) == 1),
    -1.0,
    1.0,
)
"""(2 · `NEIGHBOURS` + 1, A, `_PER_STRIP`): half a turn reverses the closing direction, and so the sign of `middle`."""


def headings(like: Tensor) -> Tensor:
    """(A,) closing headings, rad, of the type and on the device of a tensor."""
    return _directions(like.dtype, like.device)[0]


def closing_vectors(like: Tensor) -> Tensor:
    """(2, A) their cosines and sines."""
    return _directions(like.dtype, like.device)[1]


@cache
def _directions(kind: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    angle = torch.arange(DIRECTIONS, dtype=kind, device=device) * (math.pi / DIRECTIONS)
    return angle, torch.stack([angle.cos(), angle.sin()])


class _Seen(NamedTuple):
    """The points nearest to places, as the closing directions see them; R ≤ `LOOKED_AT` of the P points."""

    distance: Tensor
    """(B, R), m, from the place."""
    z: Tensor
    """(B, R), m."""
    along: Tensor
    """(B, A, R), m, along each closing direction."""
    across: Tensor
    """(B, A, R), m, to either side of it."""
    near: Tensor
    """(B, A, R) bool: whether a strip reaches as far."""
    outer: Tensor
    """(B, A, R) bool: whether it lies where the fingers are before they close."""
    dense: float
    """P ÷ `USUAL`: counts and ranks are divided by it, so that a denser scan looks the same, only sharper."""


def measure(points: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """What the fingers would meet at places (B, 2) of scans (B, P, 6): inputs (B, A, INPUTS) and local height (B,).

    Compiled on the CPU, where numba is, for the few places of someone who chooses; by PyTorch otherwise.
    """
    few = points.device.type == "cpu" and points.dtype == torch.float32 and 0 < len(points) <= FEW
    seen_along = compiled_or_none("robo_meta.model.compiled_closing", "seen_along") if few else None
    if seen_along is None or points.requires_grad or places.requires_grad:
        return measure_by_torch(points, places)
    closing = closing_vectors(points).numpy()
    scans, asked = points.detach().numpy(), places.detach().numpy()
    found = [_measured(seen_along, *one, closing) for one in zip(scans, asked, strict=True)]
    inputs, heights = zip(*found, strict=True)
    return torch.from_numpy(np.stack(inputs)), torch.tensor(heights, dtype=points.dtype)


def _measured(
    seen_along: Callable[..., tuple[np.ndarray, np.ndarray]], points: np.ndarray, place: np.ndarray, closing: np.ndarray
) -> tuple[np.ndarray, float]:
    """Inputs (A, INPUTS) and local height of one place (2,) on one scan (P, 6), for closing directions (2, A)."""
    offset, dense = (points[:, :2] - place).T, len(points) / USUAL
    distance = np.sqrt(offset[0] * offset[0] + offset[1] * offset[1])
    order = np.argsort(distance, kind="stable")[:LOOKED_AT]
    distance, z = distance[order], points[order, 2]
    nearest = float(distance[max(1, round(3 * dense)) - 1])
    close = np.exp(-((distance.astype(np.float64) / max(nearest, 0.01)) ** 2))
    height = float(close @ z / close.sum())
    limits = np.array([REACH, *BEFORE], dtype=np.float32)
    halves = np.array(STRIPS, dtype=np.float32)
    strips, discs = seen_along(
        np.ascontiguousarray(offset[:, order]),
        z,
        distance,
        closing,
        height,
        halves,
        limits,
        dense,
        RIM,
        np.array(DISCS),
    )
    width, own = strips[..., 0] * 0.03, strips[..., :_PER_STRIP]
    turned = own[:, TURNED] * TURNED_SIGNS
    beside = turned.transpose(2, 1, 0, 3).reshape(DIRECTIONS, -1)
    excess = ((width - width.min(axis=1, keepdims=True)) / 0.01).T
    radial = (place @ closing) / (np.hypot(*place) + 0.01)
    whole = (points[:, :2] - points[:, :2].mean(axis=0, dtype=np.float64)) @ closing
    spread = np.sqrt((whole * whole).sum(axis=0) / (len(points) - 1)) / 0.05
    common = (height / 0.02, nearest / 0.01, float(np.hypot(*points[:, :2].T).max()) / 0.1)
    rims = strips[..., _PER_STRIP:].transpose(1, 0, 2).reshape(DIRECTIONS, -1)
    shared = np.broadcast_to(common, (DIRECTIONS, _COMMON))
    columns = [beside, excess, discs, np.abs(radial)[:, None], spread[:, None], shared, rims]
    return np.concatenate(columns, axis=1).astype(np.float32), height


def measure_by_torch(points: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """As `measure`, on any device, and differentiable."""
    closing = closing_vectors(points)
    seen = _nearest(points, places, closing)
    distance = seen.distance
    nearest = distance[:, max(1, round(3 * seen.dense)) - 1, None]
    close = torch.exp(-(distance / torch.maximum(nearest, distance.new_tensor(0.01))).square())
    height = (close * seen.z).sum(-1) / close.sum(-1)
    strips = [_strip(seen, half, height) for half in STRIPS]
    own = torch.stack([column for strip in strips for column in strip.measures], -1)
    excess = torch.stack([(strip.width - strip.width.amin(1, keepdim=True)) / 0.01 for strip in strips], -1)
    turning = [column for radius in DISCS for column in _disc(seen, radius)]
    # Round places have no narrow direction; demonstrators then close across the line to the object's middle.
    radial = (places @ closing) / (places.norm(dim=-1, keepdim=True) + 0.01)
    whole = (points[..., :2] - points[..., :2].mean(1, keepdim=True)) @ closing
    turning += [radial.abs(), (whole.square().sum(1) / (points.shape[-2] - 1)).sqrt() / 0.05]
    common = torch.stack([height / 0.02, nearest[..., 0] / 0.01, points[..., :2].norm(dim=-1).amax(-1) / 0.1], -1)
    shared = common[:, None].expand(-1, DIRECTIONS, -1)
    rims = torch.stack([rim for strip in strips for rim in strip.rims], -1)
    return torch.cat([*_with_neighbours(own), excess, torch.stack(turning, -1), shared, rims], -1), height


def _nearest(points: Tensor, places: Tensor, closing: Tensor) -> _Seen:
    """The points of scans (B, P, 6) nearest to places (B, 2), along and across closing directions (2, A)."""
    offset = points[..., :2] - places[:, None]
    # What is farther away than these hardly ever lies in a strip or disc.
    distance, order = offset.norm(dim=-1).topk(min(points.shape[-2], LOOKED_AT), largest=False)
    offset = offset.gather(1, order[..., None].expand(-1, -1, 2))
    along = offset[:, None, :, 0] * closing[0, :, None] + offset[:, None, :, 1] * closing[1, :, None]
    across = (offset[:, None, :, 1] * closing[0, :, None] - offset[:, None, :, 0] * closing[1, :, None]).abs()
    far = along.abs()
    outer = (far > BEFORE[0]) & (far < BEFORE[1])
    z, dense = points[..., 2].gather(1, order), points.shape[-2] / USUAL
    return _Seen(distance, z, along, across, far <= REACH, outer, dense)


class _Strip(NamedTuple):
    """What a strip along each closing direction shows of the object."""

    width: Tensor
    """(B, A), m."""
    measures: list[Tensor]
    """`_PER_STRIP` of (B, A); `middle`, which changes its sign with the direction, is the second."""
    rims: list[Tensor]
    """`_PER_RIMS` of (B, A): heights of the lower and of the higher rim over the place."""


def _strip(seen: _Seen, half: float, height: Tensor) -> _Strip:
    """The object in a strip.

    Args:
        seen: the points.
        half: m, half the width of the strip.
        height: (B,), m, about the place.
    """
    along, z = seen.along, seen.z
    strip = seen.across <= half
    inside = seen.near & strip
    some = inside.any(-1)
    high = along.masked_fill(~inside, -1.0).amax(-1)
    low = along.masked_fill(~inside, 1.0).amin(-1)
    width = torch.where(some, high - low, 0.0)
    middle = torch.where(some, (high + low) / 2, 0.0)
    weight = inside.to(along.dtype)
    count = weight.sum(-1)
    counted = count.clamp_min(1)
    mean_z = (weight @ z[..., None])[..., 0] / counted
    inner = weight * along
    mean, square = inner.sum(-1) / counted, (inner * along).sum(-1) / counted
    # Spread about the middle of the extent.
    spread = square - 2 * mean * middle + some * middle.square()
    outside = (strip & seen.outer).sum(-1).to(along.dtype)
    # Weights that begin with nothing at the rim's inner edge, so that no single point decides.
    edges = (
        (along - (high - RIM)[..., None]).clamp_min(0) * weight,
        ((low + RIM)[..., None] - along).clamp_min(0) * weight,
    )
    sums = [edge.sum(-1) for edge in edges]
    falls = [
        ((edge @ z[..., None])[..., 0] - total * height[:, None]) / total.clamp_min(1e-9)
        for edge, total in zip(edges, sums, strict=True)
    ]
    measures = [
        width / 0.03,
        middle / 0.01,
        count / (10 * seen.dense),
        (mean_z - height[:, None]) / 0.01,
        spread.clamp_min(0).sqrt() / 0.01,
        outside / (5 * seen.dense),
    ]
    # Half a turn of the direction exchanges its sides, so they are told apart by their heights alone.
    return _Strip(width, measures, [torch.minimum(*falls) / 0.01, torch.maximum(*falls) / 0.01])


def _with_neighbours(own: Tensor) -> list[Tensor]:
    """The measures (B, A, ·) of all strips as each direction's `NEIGHBOURS` on either side have them, and its own."""
    turned = []
    columns = [strip * _PER_STRIP + 1 for strip in range(len(STRIPS))]
    for shift in range(-NEIGHBOURS, NEIGHBOURS + 1):
        # Half a turn reverses the closing direction, and with it the sign of the middle.
        sign = torch.ones_like(own[:1])
        wrapped = torch.arange(DIRECTIONS, device=own.device) - shift
        crossed = (wrapped < 0) | (wrapped >= DIRECTIONS)
        for column in columns:
            sign[0, crossed, column] = -1.0
        turned.append(own.roll(shift, 1) * sign)
    return turned


def _disc(seen: _Seen, radius: float) -> list[Tensor]:
    """The `_PER_DISC` measures (B, A) of a disc about the place: spread and mean along the closing direction."""
    weight = (1 - (seen.distance / radius).square()).clamp_min(0)
    weight = weight / weight.sum(-1, keepdim=True).clamp_min(1e-6)
    mean = (seen.along @ weight[..., None])[..., 0]
    square = ((seen.along * seen.along) @ weight[..., None])[..., 0]
    return [(square - mean.square()).clamp_min(1e-12).sqrt() / radius * 3, mean / radius * 3]
