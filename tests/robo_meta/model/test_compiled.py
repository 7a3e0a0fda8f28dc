"""What is compiled for the CPU gives what the PyTorch code gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from robo_meta.model.closing_measures import measure, measure_by_torch
from robo_meta.model.compiled_neighbours import neighbours
from robo_meta.model.point_features import encode, encode_by_torch
from sim.compiling import compiled
from sim.objects.spec import PALETTE

SEEDS = st.integers(0, 2**32 - 1)


def random_scan(seed: int) -> torch.Tensor:
    """(P, 6) float64: one to three bars that cross, each of a paint and height of its own, with noise."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(rng.integers(1, 4)):
        count, (long, wide) = int(rng.integers(60, 250)), rng.uniform(0.01, 0.12, 2)
        xy = rng.uniform(-0.5, 0.5, (count, 2)) * (long, wide)
        yaw, paint = rng.uniform(0, np.pi), list(PALETTE.values())[rng.integers(len(PALETTE))]
        turn = np.array([[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]])
        rgb = (np.array(paint) + rng.choice([0.02, 0.2]) * rng.standard_normal((count, 3))).clip(0, 1)
        z = np.full((count, 1), rng.uniform(0.006, 0.05)) + 0.002 * rng.standard_normal((count, 1))
        parts.append(np.hstack([xy @ turn.T + rng.uniform(-0.04, 0.04, 2), z, rgb]))
    points = np.concatenate(parts)
    # Kept to what float32 can hold, so that either type sees the same scan.
    return torch.tensor(rng.permutation(points).astype(np.float32)).double()


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_features_are_those_of_the_torch_code(seed: int) -> None:
    points = random_scan(seed)
    for found, wanted in zip(encode(points), encode_by_torch(points), strict=True):
        assert found.shape == wanted.shape
        assert torch.allclose(found, wanted, rtol=1e-7, atol=1e-7)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_lists_of_neighbours_are_the_points_nearer_than_their_reach_in_order(seed: int) -> None:
    points, reaches = np.ascontiguousarray(random_scan(seed).numpy().T), np.array([0.06, 0.02, 0.01])
    x, y = points[:2]
    starts, numbers = neighbours(points, 20, reaches)
    for reach, own in zip(reaches, starts, strict=True):
        for q in range(20):
            wanted = np.flatnonzero((x - x[q]) ** 2 + (y - y[q]) ** 2 < reach**2)
            assert np.array_equal(numbers[own[q] : own[q + 1]], wanted)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_closing_measures_are_those_of_the_torch_code(seed: int) -> None:
    points = random_scan(seed).float()[None]
    place = points[:, seed % points.shape[1], :2] + 0.003
    for found, wanted in zip(measure(points, place), measure_by_torch(points, place), strict=True):
        assert found.shape == wanted.shape
        assert torch.allclose(found, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("leading", [(), (2,), (1, 2)])
@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_leading_axes_and_type_stay(leading: tuple[int, ...], kind: torch.dtype) -> None:
    points = random_scan(3).to(kind).expand(*leading, -1, -1)
    for found, wanted in zip(encode(points), encode_by_torch(points), strict=True):
        assert found.shape == wanted.shape
        assert found.dtype == wanted.dtype


def test_what_cannot_be_kept_on_disk_is_compiled_all_the_same() -> None:
    """A function without a source file has no place for its cache, as one in a folder that can't be written to."""
    names: dict[str, object] = {}
    exec("def twice(x):\n    return 2 * x", names)
    twice = compiled(names["twice"])  # type: ignore[type-var]
    assert twice(3) == 6  # type: ignore[operator]
