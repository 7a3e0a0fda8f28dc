"""Features: what must not change them, and that a centre of mass is one table of densities away."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from robo_meta.model.point_features import FEATURES, LOG_VOLUME, QUERIES, SCALE, corner_weights, encode
from sim.palette import PALETTE

GRID = np.stack(np.meshgrid(np.linspace(-0.1, 0.1, 21), np.linspace(-0.02, 0.02, 5)), -1).reshape(-1, 2)


@pytest.fixture
def scan() -> torch.Tensor:
    """(1, P, 6): an even, noiseless scan of a bar, red and 2 cm high to the left, blue and 4 cm high to the right."""
    right = GRID[:, 0] > 0.0
    height = np.where(right, 0.04, 0.02)
    rgb = np.where(right[:, None], PALETTE["blue"], PALETTE["red"])
    return torch.tensor(np.column_stack([GRID, height, rgb]), dtype=torch.float32)[None]


def moved(scan: torch.Tensor, yaw: float, mirror: bool) -> torch.Tensor:
    x, y = scan[..., 0] * (-1 if mirror else 1), scan[..., 1]
    c, s = np.cos(yaw), np.sin(yaw)
    return torch.cat([torch.stack([c * x - s * y, s * x + c * y], -1), scan[..., 2:]], -1)


@pytest.mark.parametrize("mirror", [False, True])
def test_turning_and_mirroring_change_no_feature(scan: torch.Tensor, mirror: bool) -> None:
    noisy = scan + 0.002 * torch.randn(scan.shape, generator=torch.Generator().manual_seed(0))
    noisy = noisy.double()
    before, after = encode(noisy), encode(moved(noisy, 1.1, mirror))
    assert torch.allclose(before.features, after.features, atol=1e-6)
    assert torch.equal(before.colours, after.colours)


def test_shuffling_shuffles(scan: torch.Tensor) -> None:
    scan = scan + 0.002 * torch.randn(scan.shape, generator=torch.Generator().manual_seed(1))
    order = torch.randperm(scan.shape[1], generator=torch.Generator().manual_seed(0))
    before, after = encode(scan.double()), encode(scan[:, order].double())
    assert torch.allclose(before.features[:, order], after.features, atol=1e-6)
    assert before.features.shape == (1, scan.shape[1], FEATURES)


def test_features_do_not_tell_colours_apart(scan: torch.Tensor) -> None:
    other = scan.clone()
    other[..., 3:] = 1 - other[..., 3:]
    assert torch.allclose(encode(scan).features, encode(other).features, atol=1e-5)
    assert not torch.allclose(encode(scan).colours, encode(other).colours)


def test_every_palette_colour_has_a_corner_of_its_own() -> None:
    weights = corner_weights(torch.tensor(list(PALETTE.values())))
    assert torch.allclose(weights.max(-1).values, torch.ones(len(PALETTE)))
    assert len(set(weights.argmax(-1).tolist())) == len(PALETTE)
    noisy = corner_weights(torch.tensor(list(PALETTE.values())) + 0.06)
    assert torch.allclose(weights, noisy)


def test_corner_weights_are_trilinear() -> None:
    weights = corner_weights(torch.tensor([0.5, 0.1, 0.9]))
    assert float(weights.sum()) == pytest.approx(1)
    assert sorted(weights.tolist())[-2:] == pytest.approx([0.5, 0.5])


def test_log_volume_plus_log_density_is_the_centre_of_mass(scan: torch.Tensor) -> None:
    seen = encode(scan)
    blue = corner_weights(torch.tensor([PALETTE["blue"]]))
    log_density = np.log(5) * (seen.colours * blue).sum(-1)
    weights = torch.softmax(seen.features[..., LOG_VOLUME] + log_density, -1)
    place = (weights[..., None] * seen.places).sum(-2) * SCALE
    # Blue is 5 × denser and twice as high over 10 of the 21 columns: x = (10·10·0.055 − 11·0.05) ÷ (10·10 + 11).
    expected = (100 * GRID[GRID[:, 0] > 0, 0].mean() + 11 * GRID[GRID[:, 0] <= 0, 0].mean()) / 111
    assert place[0].tolist() == pytest.approx([expected, 0.0], abs=1.5e-3)


def test_uneven_places_are_evened_out() -> None:
    rng = np.random.default_rng(0)
    errors = []
    for _ in range(40):
        xy = rng.uniform([-0.12, -0.02], [0.12, 0.02], (4 * QUERIES, 2))
        paint = np.full((len(xy), 3), 0.1)
        points = torch.tensor(np.column_stack([xy, np.full(len(xy), 0.02), paint]), dtype=torch.float32)
        seen = encode(points[None])
        weights = torch.softmax(seen.features[..., LOG_VOLUME], -1)
        errors.append([float((weights[0] @ seen.places[0])[0]) * SCALE, float(xy[:QUERIES, 0].mean())])
    evened, plain = np.std(errors, axis=0)
    assert evened < 0.6 * plain


def test_the_first_places_stand_for_a_denser_scan() -> None:
    rng = np.random.default_rng(1)
    xy = rng.uniform([-0.12, -0.02], [0.12, 0.02], (4 * QUERIES, 2))
    points = torch.tensor(np.column_stack([xy, np.full(len(xy), 0.02), np.full((len(xy), 3), 0.1)]))
    seen, fewer = encode(points), encode(points[:QUERIES])
    assert seen.features.shape == (QUERIES, FEATURES)
    assert torch.equal(seen.places, fewer.places)
    # A mean over the places, each weighed by the points it stands for, is nearly that of all points.
    means = [torch.softmax(found.features[:, LOG_VOLUME], -1) @ found.places * SCALE for found in (seen, fewer)]
    everything = torch.tensor(xy.mean(0))
    assert (means[0] - everything).norm() < 0.5 * (means[1] - everything).norm()
    assert (means[0] - everything).norm() < 0.001


def test_float32_gives_what_float64_gives() -> None:
    """Empty bands and lone points too: the eighth root of what is left of a difference of sums is no small thing."""
    rng = np.random.default_rng(7)
    worst, shuffled = [], []
    for count in (2 * QUERIES, 4 * QUERIES):
        # Crossing bars of two heights, so that many bands are empty or hold a point or two.
        along, across = rng.uniform(-0.12, 0.12, count), rng.uniform(-0.008, 0.008, count)
        xy = np.where(
            rng.random(count)[:, None] < 0.6, np.column_stack([along, across]), np.column_stack([across, along])
        )
        z = 0.02 + 0.02 * (np.abs(xy[:, 0]) > 0.06)
        rgb = np.where(xy[:, :1] > 0.02, PALETTE["blue"], PALETTE["red"])
        xyz = np.column_stack([xy, z]) + 0.002 * rng.standard_normal((count, 3))
        points = torch.tensor(np.column_stack([xyz, rgb]), dtype=torch.float32)
        exact = encode(points.double()).features
        worst.append(float((encode(points).features - exact).abs().max()))
        # The order in which points are summed matters as little.
        order = torch.cat(
            [
                torch.arange(QUERIES),
                QUERIES + torch.randperm(count - QUERIES, generator=torch.Generator().manual_seed(0)),
            ]
        )
        shuffled.append(float((encode(points[order]).features - exact).abs().max()))
    assert max(worst) < 1e-3
    assert max(shuffled) < 1e-3
