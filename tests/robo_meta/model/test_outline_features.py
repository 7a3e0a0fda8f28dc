"""Outline profiles: they tell a taper from a straight end, look outwards, and ignore how the object lies."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from robo_meta.model.outline_features import (
    BANDS,
    EDGES,
    MEASURES,
    PER_BAND,
    PER_WINDOW,
    WINDOWS,
    Neighbours,
    profiles,
    views,
)

NEXT = BANDS // 2
"""The first band outwards of the place."""


def outline(taper: float, seed: int = 0, count: int = 900) -> torch.Tensor:
    """(P, 2): points of a bar from x = −0.1 to 0.1, 3 cm wide, whose last 5 cm narrow by `taper` m a m on each side."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-0.1, 0.1, count)
    half = 0.015 - taper * np.maximum(x - 0.05, 0)
    return torch.tensor(np.column_stack([x, rng.uniform(-1, 1, count) * half]))


def measured(place: torch.Tensor, cloud: torch.Tensor | None = None) -> torch.Tensor:
    """(Q, 2, …): the bands along the part (0) and across it (1), of a one-coloured flat object."""
    cloud = place if cloud is None else cloud
    dx, dy = (cloud[None] - place[:, None]).unbind(-1)
    seen = Neighbours(dx, dy, dx * dx + dy * dy, torch.zeros_like(dx), torch.ones_like(dx))
    return profiles(views(place, cloud, seen), seen.rise, seen.same).reshape(len(place), 2, MEASURES // 2)


def bands_at(cloud: torch.Tensor, at: tuple[float, float]) -> np.ndarray:
    """(B, PER_BAND): the bands along the part, seen from the point nearest to `at`."""
    row = (cloud - torch.tensor(at)).norm(dim=-1).argmin()
    return measured(cloud[row, None], cloud)[0, 0, : BANDS * PER_BAND].reshape(BANDS, PER_BAND).numpy()


def widths(place: torch.Tensor, at: tuple[float, float]) -> np.ndarray:
    """(B,), m: from the lower to the upper edge of the bands along the part, seen from the point nearest to `at`."""
    bands = bands_at(place, at)
    return (bands[:, 3] - bands[:, 4]) * 0.015


@pytest.mark.parametrize("taper", [0.0, 0.2])
def test_widths_follow_the_outline(taper: float) -> None:
    found = widths(outline(taper, count=4000), (0.06, 0.0))
    low, high = 0.06 + np.array(EDGES[:-1]), np.minimum(0.06 + np.array(EDGES[1:]), 0.1)
    # An edge lies where an even spread of the same eighth moment would end: between the band's wider and narrower side.
    wide, narrow = (0.03 - 2 * taper * np.maximum(at - 0.05, 0) for at in (low, high))
    covered = high - low > 0.01
    assert (found[covered] < wide[covered] + 0.002).all()
    assert (found[covered] > narrow[covered] - 0.002).all()


def test_an_edge_is_surer_than_the_farthest_point() -> None:
    rng = np.random.default_rng(5)
    edges, farthest = [], []
    for seed in range(100):
        cloud = outline(0.0, seed, 4096) + torch.tensor(0.002 * rng.standard_normal((4096, 2)))
        row = cloud[cloud.norm(dim=-1).argmin()]
        bands = bands_at(cloud, (0.0, 0.0))
        inside = cloud[(cloud[:, 0] > row[0]) & (cloud[:, 0] < row[0] + EDGES[NEXT + 1])]
        edges.append((bands[NEXT, 3] - bands[NEXT, 4]) * 0.015)
        farthest.append(float(inside[:, 1].max() - inside[:, 1].min()))
    # Sensor noise pushes the farthest of 300 points out by 3 mm; the edge goes out by less, and wanders less.
    assert np.mean(farthest) > 0.033
    assert np.mean(edges) < 0.032
    assert np.std(edges) < 0.8 * np.std(farthest)


def test_a_lone_point_looks_away_from_the_middle() -> None:
    place = torch.tensor([[0.1, 0.1], [-0.2, 0.0]], dtype=torch.float64)
    ends = measured(place)[:, :, -2]
    assert ends[:, 0].tolist() == pytest.approx([1.0, 1.0])
    assert ends[:, 1].tolist() == pytest.approx([0.0, 0.0], abs=1e-6)


def test_bands_run_outwards_on_either_side_of_the_middle() -> None:
    place = outline(0.0)
    for end in (0.09, -0.09):
        inwards, outwards = widths(place, (end, 0.0))[:2], widths(place, (end, 0.0))[-2:]
        assert inwards.min() > 0.025
        assert outwards.max() < 0.0015


def test_a_taper_is_told_from_a_straight_end_through_sensor_noise() -> None:
    rng = np.random.default_rng(3)
    narrowing = {}
    for taper in (0.0, 0.15):
        found = []
        for seed in range(30):
            place = outline(taper, seed, 128)
            place = place + torch.tensor(0.002 * rng.standard_normal(place.shape))
            spread = bands_at(place, (0.07, 0.0))[:, 1]
            found.append(float(spread[1:3].mean() - spread[5:7].mean()))
        narrowing[taper] = np.array(found)
    assert np.mean(narrowing[0.15][:, None] > narrowing[0.0][None]) > 0.8


def test_nothing_beyond_the_bands_is_seen() -> None:
    place = outline(0.0)
    far = torch.tensor([[0.3, 0.0], [0.3, 0.01]], dtype=place.dtype)
    before, after = measured(place), measured(torch.cat([place, far]))[: len(place)]
    changed = (before - after)[..., : BANDS * PER_BAND].abs()
    # Counts are shares of all points, so they scale by 902 ÷ 900; no other measure may move.
    assert changed.max() < 0.02


@pytest.mark.parametrize("taper", [0.0, 0.1, 0.3])
def test_slopes_are_those_of_the_edges(taper: float) -> None:
    """Over two bands either way, 7 cm from the middle of a bar that narrows from 5 cm on, to either side alike."""
    cloud = outline(taper, count=6000)
    row = (cloud - torch.tensor((0.075, 0.0))).norm(dim=-1).argmin()
    found = measured(cloud[row, None], cloud)[0, 0, BANDS * PER_BAND :][: len(WINDOWS) * PER_WINDOW]
    rising, falling, between, _ = found.reshape(len(WINDOWS), PER_WINDOW)[1].tolist()
    # In units of 0.1; few points pull towards none, and bands end where the bar does.
    assert rising == pytest.approx(-10 * taper, abs=0.3 + 2 * taper)
    assert falling == pytest.approx(10 * taper, abs=0.3 + 2 * taper)
    assert between == pytest.approx(abs(rising - falling), abs=1e-6)
