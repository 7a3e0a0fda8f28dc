"""Per-point features that do not change when the object is turned, flipped or its points are shuffled.

Axis letters: P points, Q of them places to score, F features, C palette corners. Leading axes are free everywhere. The
object frame's origin is the object's geometric centre, so distances from it mean something; its heading is random, so
directions do not.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from robo_meta.model.compiled_or_none import compiled_or_none
from robo_meta.model.outline_features import MEASURES, Neighbours, profiles, views
from robo_meta.model.surface_features import FIT_RADIUS, Surface, fits, inside, strips
from robo_meta.model.surface_features import MEASURES as SURFACE_MEASURES

QUERIES = 128
"""Q: the places that are scored; the features of each are measured on all points of the scan."""
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
    """(..., Q, F): invariant features, of order one."""
    colours: Tensor
    """(..., Q, 8): trilinear weights of the RGB cube's corners, summing to one."""
    places: Tensor
    """(..., Q, 2): x, y, object frame, in units of `SCALE`."""
    vectors: Tensor
    """(..., Q, V, 2): from each point to middles of its neighbourhoods, and inwards; these turn with the object."""


def corner_weights(rgb: Tensor) -> Tensor:
    """(..., 3) RGB in [0, 1] → (..., 8) trilinear corner weights; noise near a corner is removed by saturation."""
    sure = ((rgb - 0.3) / 0.4).clamp(0, 1)
    r, g, b = sure.unbind(-1)
    pairs = torch.stack([(1 - r) * (1 - g), (1 - r) * g, r * (1 - g), r * g], -1)
    return torch.cat([pairs * (1 - b)[..., None], pairs * b[..., None]], -1)


def _bump(square: Tensor, radius: float) -> Tensor:
    """A smooth bump of squared distances that is zero from `radius` on; unlike an exponential it makes no denormals."""
    # In place: fresh memory of this size costs more than the arithmetic.
    bump = (square * (-1 / radius**2)).add_(1).clamp_min_(0)
    return bump.mul_(bump)


def encode(points: Tensor) -> Encoded:
    """Features of scans: compiled on the CPU, where numba is; by PyTorch on a GPU and without numba. The two agree to a
    few billionths in float64; the compiled one sums in it whatever the scans' type.

    Args:
        points: (..., P, 6): x, y, z (m, object frame, z above the table), r, g, b in [0, 1]; in random order, as the
            first `QUERIES` stand for all.
    """
    plain = points.device.type == "cpu" and not points.requires_grad and points.numel() > 0
    encode_scan = compiled_or_none("robo_meta.model.compiled_features", "encode_scan") if plain else None
    if encode_scan is None:
        return encode_by_torch(points)
    *leading, count, columns = points.shape
    scans = points.reshape(-1, count, columns).numpy()
    found = [encode_scan(scan, QUERIES, RADII, AREA_RADIUS, SCALE) for scan in scans]
    features, colours, vectors = (
        torch.from_numpy(np.stack(parts)).unflatten(0, leading) if leading else torch.from_numpy(parts[0])
        for parts in zip(*found, strict=True)
    )
    return Encoded(features, colours, points[..., :QUERIES, :2] / SCALE, vectors)


def encode_by_torch(points: Tensor) -> Encoded:
    """As `encode`, on any device."""
    exact, kind = _scan(points.double()), points.dtype
    scan = _Scan(*(part.to(kind) for part in exact))
    place, outward = scan.place, scan.outward
    blocks, vectors = _of_object(scan), [-0.01 * outward]
    x, y = scan.cloud.unbind(-1)
    moments = torch.stack([torch.ones_like(x), x, y, x * x, x * y, y * y, scan.z], -1)
    for radius in RADII:
        found, middles = _of_neighbourhood(scan, radius, moments)
        blocks += found
        vectors += middles
    seen = Neighbours(exact.dx, exact.dy, exact.square, exact.z[..., None, :] - exact.height, exact.same)
    seen_from, rise = views(exact.place, exact.cloud, seen), seen.rise.to(kind)
    blocks.append(profiles(seen_from, rise, scan.same))
    blocks.append(strips(Surface(seen_from.lines, rise, scan.z, scan.raw, scan.height)))
    about = _bump(exact.square, FIT_RADIUS)
    blocks.append(fits(about, exact.place, exact.height, exact.cloud, exact.z, seen_from.axes).to(kind))
    return Encoded(torch.cat(blocks, -1), scan.colours, place / SCALE, torch.stack(vectors, -2) / SCALE)


class _Scan(NamedTuple):
    """A scan, and its points as seen from its places; lengths in m, object frame."""

    cloud: Tensor
    """(..., P, 2): x, y."""
    z: Tensor
    """(..., P)."""
    place: Tensor
    """(..., Q, 2): x, y."""
    raw: Tensor
    """(..., Q, 1): z as measured."""
    colours: Tensor
    """(..., Q, C): corner weights."""
    square: Tensor
    """(..., Q, P), m²: squared distance in the plane."""
    same: Tensor
    """(..., Q, P), in [0, 1]: how alike in colour."""
    height: Tensor
    """(..., Q, 1): z with the noise taken out."""
    distance: Tensor
    """(..., Q, 1): of the place from the object's middle."""
    outward: Tensor
    """(..., Q, 2): unit vector from the object's middle."""
    dx: Tensor
    """(..., Q, P): x of a point less that of a place."""
    dy: Tensor
    """(..., Q, P)."""


def _scan(points: Tensor) -> _Scan:
    place, raw = points[..., :QUERIES, :2], points[..., :QUERIES, 2:3]
    cloud, z = points[..., :2], points[..., 2]
    paint = corner_weights(points[..., 3:])
    colours = paint[..., :QUERIES, :]
    dx = cloud[..., None, :, 0] - place[..., :, None, 0]
    dy = cloud[..., None, :, 1] - place[..., :, None, 1]
    square = dx * dx + dy * dy
    same = colours @ paint.transpose(-1, -2)
    # Heights are constant over a part, so neighbours of the same colour and about the same height take the noise out.
    rise = z[..., None, :] - raw
    alike = _bump(square, 0.02).mul_(same).mul_(_bump(rise.square_(), 0.008))
    height = ((alike @ z[..., None]) / alike.sum(-1, keepdim=True).clamp_min(1e-6)).clamp_min(0.003)
    distance = place.norm(dim=-1, keepdim=True)
    outward = place / distance.clamp_min(1e-3)
    return _Scan(cloud, z, place, raw, colours, square, same, height, distance, outward, dx, dy)


def _of_object(scan: _Scan) -> list[Tensor]:
    """Blocks (..., Q, 1) of features: where a place lies in the object and in its own colour, and how high."""
    cloud, z, place, same, distance = scan.cloud, scan.z, scan.place, scan.same, scan.distance
    count = cloud.shape[-2]
    # A point on a part's side lies below the top that its neighbours show.
    below = inside(scan.square, 0.015**2).mul_(same).mul_(z[..., None, :]).amax(-1, keepdim=True) - scan.raw
    log_area = _areas(scan.square, count).log()
    far = cloud.norm(dim=-1)
    own, own_x, own_y = (same @ torch.cat([torch.ones_like(z)[..., None], cloud], -1)).split(1, -1)
    own_middle = torch.cat([own_x, own_y], -1) / own
    reach = (same * far[..., None, :]).amax(-1, keepdim=True)
    most = far.amax(-1)[..., None, None]
    middle = cloud.mean(-2, keepdim=True)
    spread = (cloud - middle).transpose(-1, -2) @ (cloud - middle) / count
    long, short = _principal(spread[..., 0, 0], spread[..., 0, 1], spread[..., 1, 1])
    middle_distance = (place - middle).norm(dim=-1, keepdim=True)
    log_height = (scan.height / 0.02).log()
    ones = torch.ones_like(distance)
    return [
        distance / SCALE,
        (reach - distance) / SCALE,
        (most - distance) / SCALE,
        own / count,
        own_middle.norm(dim=-1, keepdim=True) / SCALE,
        (own_middle * scan.outward).sum(-1, keepdim=True) / SCALE,
        (place - own_middle).norm(dim=-1, keepdim=True) / SCALE,
        middle_distance / SCALE,
        log_height,
        scan.height / 0.02,
        ones * most / SCALE - 2,
        ones * long[..., None, None] / SCALE,
        ones * short[..., None, None] / SCALE,
        log_height - log_height.mean(-2, keepdim=True),
        below / 0.01,
        log_area - log_area.mean(-2, keepdim=True),
        log_height + log_area - log_area.mean(-2, keepdim=True),
    ]


def _of_neighbourhood(scan: _Scan, radius: float, moments: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Blocks (..., Q, 1) of features of the points about each place, and vectors (..., Q, 2), m, to their middle and to
    that of its own colour.

    Args:
        scan: the points.
        radius: m, of the neighbourhood.
        moments: (..., P, 7): 1, x, y, x², xy, y², z.
    """
    place, outward = scan.place, scan.outward
    near = _bump(scan.square, 1.4 * radius)
    about = near @ moments
    mass = about[..., :1]
    about = about / mass.clamp_min(1e-6)
    coloured = near.mul_(scan.same) @ moments[..., :3]
    mean = about[..., 1:3] - place
    middles = [mean, coloured[..., 1:] / coloured[..., :1].clamp_min(1e-6) - place]
    mx, my = about[..., 1], about[..., 2]
    xx, xy, yy = about[..., 3] - mx * mx, about[..., 4] - mx * my, about[..., 5] - my * my
    large, small = _principal(xx, xy, yy)
    radial = (mean * outward).sum(-1, keepdim=True)
    ox, oy = outward.unbind(-1)
    radial_spread = (xx * ox * ox + 2 * xy * ox * oy + yy * oy * oy).clamp_min(0).sqrt()[..., None]
    return [
        mass / scan.cloud.shape[-2] * 8,
        mass.log() - mass.log().mean(-2, keepdim=True),
        mean.norm(dim=-1, keepdim=True) / radius * 2,
        radial / radius * 2,
        large[..., None] / radius * 2,
        small[..., None] / radius * 2,
        radial_spread / radius * 2,
        coloured[..., :1] / mass,
        (about[..., 6:] - scan.height) / 0.01,
    ], middles


def _areas(square: Tensor, count: int) -> Tensor:
    """(..., Q, 1) share of the object's area that each place stands for.

    A hundred random places are uneven: every point of the scan is shared out among the places near it, a point that has
    none goes to no one. Without this, the sampling noise of a mean over the places is most of a centimetre.
    """
    near = _bump(square, AREA_RADIUS)
    shares = near.div_(near.sum(-2, keepdim=True).clamp_min(1e-6))
    return shares.sum(-1, keepdim=True).clamp_min(0.1) / count


def _principal(xx: Tensor, xy: Tensor, yy: Tensor) -> tuple[Tensor, Tensor]:
    """Square roots of the larger and the smaller eigenvalue of symmetric matrices."""
    half_trace, half_difference = (xx + yy) / 2, (xx - yy) / 2
    half_gap = (half_difference.square() + xy.square()).clamp_min(1e-14).sqrt()
    return (half_trace + half_gap).clamp_min(1e-12).sqrt(), (half_trace - half_gap).clamp_min(1e-12).sqrt()


OUTLINE_FEATURES = 17 + 9 * len(RADII) + MEASURES
FEATURES = OUTLINE_FEATURES + SURFACE_MEASURES
"""F."""
VERSION = 2
"""Of the features: which there are, and what they mean."""
WIDTHS = {1: OUTLINE_FEATURES, VERSION: FEATURES}
"""Version → how many there were. Version 2 has those of version 1 first, unchanged, then those of surfaces."""
VECTORS = 1 + 2 * len(RADII)
"""V."""
LOG_VOLUME = 16
"""Column of `features` with the log of the volume that a point stands for, up to a constant of the scan: adding the log
of a density to it makes a softmax mean over the points the centre of mass."""
