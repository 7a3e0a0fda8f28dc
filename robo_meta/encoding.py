"""Per-point features that do not change when the object is turned, flipped or its points are shuffled.

Axis letters: P points, F features, C palette corners. Leading axes are free everywhere. The object frame's origin is
the object's geometric centre, so distances from it mean something; its heading is random, so directions do not.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from robo_meta.profile import MEASURES, profiles

RADII = (0.012, 0.02, 0.035)
"""m: neighbourhoods in which shape is measured; the middle one is about a fingertip."""
AREA_RADIUS = 0.02
"""m: neighbourhood by which the unevenness of a scan is measured."""
SCALE = 0.05
"""m: the unit in which lengths enter the network."""
CORNERS = 8
"""Corners of the RGB cube; every palette colour lies near its own."""


class Encoded(NamedTuple):
    """What the scorer sees of one scan."""

    features: Tensor
    """(..., P, F): invariant features, of order one."""
    colours: Tensor
    """(..., P, 8): trilinear weights of the RGB cube's corners, summing to one."""
    places: Tensor
    """(..., P, 2): x, y, object frame, in units of `SCALE`."""
    vectors: Tensor
    """(..., P, V, 2): from each point to middles of its neighbourhoods, and inwards; these turn with the object."""


def corner_weights(rgb: Tensor) -> Tensor:
    """(..., 3) RGB in [0, 1] → (..., 8) trilinear corner weights; noise near a corner is removed by saturation."""
    sure = ((rgb - 0.3) / 0.4).clamp(0, 1)
    r, g, b = sure.unbind(-1)
    pairs = torch.stack([(1 - r) * (1 - g), (1 - r) * g, r * (1 - g), r * g], -1)
    return torch.cat([pairs * (1 - b)[..., None], pairs * b[..., None]], -1)


def _bump(square: Tensor, radius: float) -> Tensor:
    """A smooth bump of squared distances that is zero from `radius` on; unlike an exponential it makes no denormals."""
    return (1 - square * (1 / radius**2)).clamp_min(0).square()


def _mean(weights: Tensor, values: Tensor) -> Tensor:
    """Weighted means: weights (..., P, P) of neighbours, values (..., P, d) → (..., P, d)."""
    return weights @ values / weights.sum(-1, keepdim=True).clamp_min(1e-6)


def encode(points: Tensor) -> Encoded:
    """Features of scans.

    Args:
        points: (..., P, 6): x, y, z (m, object frame, z above the table), r, g, b in [0, 1].
    """
    place, height = points[..., :2], points[..., 2:3]
    colours = corner_weights(points[..., 3:])
    offset = place[..., None, :, :] - place[..., :, None, :]
    square = offset.square().sum(-1)
    same = colours @ colours.transpose(-1, -2)
    # Heights are constant over a part, so neighbours of the same colour and about the same height take the noise out.
    raw = height
    alike = same * _bump(square, 0.02) * _bump((height - height.transpose(-1, -2)).square(), 0.008)
    height = _mean(alike, height).clamp_min(0.003)
    # A point on a part's side lies below the top that its neighbours show.
    below = (same * (square < 0.015**2) * height.transpose(-1, -2)).amax(-1, keepdim=True) - raw
    # A hundred random points are uneven: where few lie, each stands for more area. Without this, the sampling noise of
    # a mean over the points is most of a centimetre; with it, a third of one.
    log_area = -_bump(square, AREA_RADIUS).sum(-1, keepdim=True).log()

    distance = place.norm(dim=-1, keepdim=True)
    outward = place / distance.clamp_min(1e-3)
    count = points.shape[-2]
    own = same.sum(-1, keepdim=True)
    own_middle = same @ place / own
    reach = (same * distance.transpose(-1, -2)).amax(-1, keepdim=True)
    most = distance.amax(-2, keepdim=True)
    centred = place - place.mean(-2, keepdim=True)
    spread = (centred.transpose(-1, -2) @ centred) / count
    long, short = _principal(spread)
    middle_distance = centred.norm(dim=-1, keepdim=True)
    log_height = (height / 0.02).log()
    ones = torch.ones_like(distance)
    blocks = [
        distance / SCALE,
        (reach - distance) / SCALE,
        (most - distance) / SCALE,
        own / count,
        own_middle.norm(dim=-1, keepdim=True) / SCALE,
        (own_middle * outward).sum(-1, keepdim=True) / SCALE,
        (place - own_middle).norm(dim=-1, keepdim=True) / SCALE,
        middle_distance / SCALE,
        log_height,
        height / 0.02,
        ones * most / SCALE - 2,
        ones * long[..., None, None] / SCALE,
        ones * short[..., None, None] / SCALE,
        log_height - log_height.mean(-2, keepdim=True),
        below / 0.01,
        log_area - log_area.mean(-2, keepdim=True),
        log_height + log_area - log_area.mean(-2, keepdim=True),
    ]
    vectors = [-0.01 * outward]
    for radius in RADII:
        near = _bump(square, 1.4 * radius)
        mass = near.sum(-1, keepdim=True)
        mean = _mean(near, place) - place
        vectors += [mean, _mean(near * same, place) - place]
        second = torch.stack([place[..., 0] ** 2, place[..., 0] * place[..., 1], place[..., 1] ** 2], -1)
        about = _mean(near, second)
        average = mean + place
        xx = about[..., 0] - average[..., 0] ** 2
        xy = about[..., 1] - average[..., 0] * average[..., 1]
        yy = about[..., 2] - average[..., 1] ** 2
        matrix = torch.stack([torch.stack([xx, xy], -1), torch.stack([xy, yy], -1)], -2)
        large, small = _principal(matrix)
        radial = (mean * outward).sum(-1, keepdim=True)
        radial_spread = (outward * (matrix @ outward[..., None])[..., 0]).sum(-1, keepdim=True).clamp_min(0).sqrt()
        blocks += [
            mass / count * 8,
            mass.log() - mass.log().mean(-2, keepdim=True),
            mean.norm(dim=-1, keepdim=True) / radius * 2,
            radial / radius * 2,
            large[..., None] / radius * 2,
            small[..., None] / radius * 2,
            radial_spread / radius * 2,
            (near * same).sum(-1, keepdim=True) / mass,
            (_mean(near, height) - height) / 0.01,
        ]
    blocks.append(profiles(place, height, same))
    return Encoded(torch.cat(blocks, -1), colours, place / SCALE, torch.stack(vectors, -2) / SCALE)


def _principal(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Square roots of the larger and the smaller eigenvalue of symmetric (..., 2, 2) matrices."""
    half_trace = (matrix[..., 0, 0] + matrix[..., 1, 1]) / 2
    half_difference = (matrix[..., 0, 0] - matrix[..., 1, 1]) / 2
    half_gap = (half_difference.square() + matrix[..., 0, 1].square()).clamp_min(1e-14).sqrt()
    return (half_trace + half_gap).clamp_min(1e-12).sqrt(), (half_trace - half_gap).clamp_min(1e-12).sqrt()


FEATURES = 17 + 9 * len(RADII) + MEASURES
"""F."""
VECTORS = 1 + 2 * len(RADII)
"""V."""
LOG_VOLUME = 16
"""Column of `features` with the log of the volume that a point stands for, up to a constant of the scan: adding the log
of a density to it makes a softmax mean over the points the centre of mass."""
