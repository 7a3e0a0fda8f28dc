"""Outline profiles: they tell a taper from a straight end, look outwards, and ignore how the object lies."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from robo_meta.profile import BANDS, EDGES, MEASURES, PER_BAND, profiles


def outline(taper: float, seed: int = 0, count: int = 900) -> torch.Tensor:
    """(P, 2): points of a bar from x = −0.1 to 0.1, 3 cm wide, whose last 5 cm narrow by `taper` m a m on each side."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-0.1, 0.1, count)
    half = 0.015 - taper * np.maximum(x - 0.05, 0)
    return torch.tensor(np.column_stack([x, rng.uniform(-1, 1, count) * half]))


def measured(place: torch.Tensor) -> torch.Tensor:
    """(P, 2, …): the bands along the part (0) and across it (1), of a one-coloured flat object."""
    same, height = torch.ones(len(place), len(place), dtype=place.dtype), torch.full((len(place), 1), 0.02)
    return profiles(place, height.to(place.dtype), same).reshape(len(place), 2, MEASURES // 2)


def widths(place: torch.Tensor, at: tuple[float, float]) -> np.ndarray:
    """(B,), m: extents of the bands along the part, seen from the point nearest to `at`."""
    row = (place - torch.tensor(at)).norm(dim=-1).argmin()
    bands = measured(place)[row, 0, : BANDS * PER_BAND].reshape(BANDS, PER_BAND)
    return bands[:, 3].numpy() * 0.03


@pytest.mark.parametrize("taper", [0.0, 0.2])
def test_widths_follow_the_outline(taper: float) -> None:
    found = widths(outline(taper), (0.06, 0.0))
    middles = 0.06 + (np.array(EDGES[:-1]) + np.array(EDGES[1:])) / 2
    # The extent of a band is that of its wider, inner side.
    inner = np.minimum(0.06 + np.array(EDGES[:-1]), 0.1)
    expected = 0.03 - 2 * taper * np.maximum(inner - 0.05, 0)
    expected[middles > 0.1] = found[middles > 0.1]
    assert found == pytest.approx(expected, abs=0.003)


def test_bands_run_outwards_on_either_side_of_the_middle() -> None:
    place = outline(0.0)
    for end in (0.09, -0.09):
        inwards, outwards = widths(place, (end, 0.0))[:2], widths(place, (end, 0.0))[-2:]
        assert inwards.min() > 0.025
        assert outwards.max() < 1e-6


def test_a_taper_is_told_from_a_straight_end_through_sensor_noise() -> None:
    rng = np.random.default_rng(3)
    narrowing = {}
    for taper in (0.0, 0.15):
        found = []
        for seed in range(30):
            place = outline(taper, seed, 128)
            place = place + torch.tensor(0.002 * rng.standard_normal(place.shape))
            row = (place - torch.tensor([0.07, 0.0])).norm(dim=-1).argmin()
            spread = measured(place)[row, 0, : BANDS * PER_BAND].reshape(BANDS, PER_BAND)[:, 1]
            found.append(float(spread[1] - spread[4]))
        narrowing[taper] = np.array(found)
    assert np.mean(narrowing[0.15][:, None] > narrowing[0.0][None]) > 0.8


def test_nothing_beyond_the_bands_is_seen() -> None:
    place = outline(0.0)
    far = torch.tensor([[0.3, 0.0], [0.3, 0.01]], dtype=place.dtype)
    before, after = measured(place), measured(torch.cat([place, far]))[: len(place)]
    changed = (before - after)[..., : BANDS * PER_BAND].abs()
    # Counts are shares of all points, so they scale by 902 ÷ 900; no other measure may move.
    assert changed.max() < 0.02
