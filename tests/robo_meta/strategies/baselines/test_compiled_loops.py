"""What is compiled for the baselines gives what plain code over all pairs of points gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robo_meta.strategies.baselines.colour_clusters import roughness
from robo_meta.strategies.baselines.compiled_grasps import joined, lonely
from robo_meta.strategies.baselines.compiled_scans import nearest_points, neighbours_of_colour, tops
from robo_meta.strategies.baselines.scan_alignment import ASKED, Overlay, features
from robo_meta.strategies.baselines.scan_grasps import (
    CLEAR_HALF,
    FINGER_INNER,
    FINGER_OUTER,
    OPEN_HALF,
    YAWS,
    closings_in_strips,
)

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(max_examples=40, deadline=None)


def scan(rng: np.random.Generator, count: int = 0) -> np.ndarray:
    """(P, 6) float32, of a few colours, large or small, even or crowded."""
    count = count or int(rng.integers(20, 400))
    xyz = rng.standard_normal((count, 3)) * rng.uniform(0.005, 0.08, 3)
    rgb = rng.integers(0, 2, (count, 3)) * rng.choice([0.0, 1.0]) + 0.02 * rng.standard_normal((count, 3))
    return np.hstack([xyz, rgb]).astype(np.float32)


def mismatch(demo: np.ndarray, query: np.ndarray, matrix: np.ndarray, offset: np.ndarray) -> float:
    moved = demo.copy()
    moved[:, :2] = demo[:, :2] @ matrix.T + offset
    means = [((a[:ASKED, None] - b[None]) ** 2).sum(-1).min(axis=1).mean() for a, b in ((moved, query), (query, moved))]
    return float(np.sqrt(np.mean(means)))


@CHECKED
@given(SEEDS)
def test_mismatch_is_that_of_all_pairs_and_given_up_only_beyond_the_limit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    demo, query = features(scan(rng)), features(scan(rng))
    # Far off, too, where the grid's rings begin empty.
    maps = [(rng.standard_normal((2, 2)), rng.standard_normal(2) * size) for size in (0.0, 0.02, 1.0)]
    wanted = [mismatch(demo, query, *found) for found in maps]
    scans = Overlay(demo, query)
    for found, right in zip(maps, wanted, strict=True):
        assert scans.mismatch(*found) == pytest.approx(right, rel=1e-9)
        assert scans.mismatch(*found, right * (1 + 1e-6)) == pytest.approx(right, rel=1e-9)
        assert scans.mismatch(*found, right * (1 - 1e-6)) == np.inf
    assert scans.least_mismatch(maps) == pytest.approx(min(wanted), rel=1e-9)


@CHECKED
@given(SEEDS)
def test_refining_says_what_the_map_that_it_ends_at_costs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    demo = features(scan(rng))
    c, s = np.cos(0.3), np.sin(0.3)
    query = demo.copy()
    query[:, :2] = query[:, :2] @ np.array([[c, -s], [s, c]]).T + 0.01
    start = np.eye(2), np.zeros(2)
    before = mismatch(demo, query, *start)
    found = Overlay(demo, query).refined(*start, before)
    assert found.cost <= before
    assert found.cost == pytest.approx(mismatch(demo, query, found.matrix, found.offset), rel=1e-9)


@CHECKED
@given(SEEDS)
def test_closings_are_those_of_all_points_at_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, halves = scan(rng), (0.009, 0.011, 0.022)
    places = points[:5, :2].astype(np.float64) + 0.005
    offset = (points[None, :, :2] - places[:, None]).astype(np.float32)
    c, s = np.cos(YAWS).astype(np.float32), np.sin(YAWS).astype(np.float32)
    x, y = offset[:, None, :, 0], offset[:, None, :, 1]
    along, across = x * c[:, None] + y * s[:, None], np.abs(y * c[:, None] - x * s[:, None])
    for found, half in zip(closings_in_strips(points, places, YAWS, halves), halves, strict=True):
        inside = (across <= half) & (np.abs(along) <= OPEN_HALF)
        high = np.where(inside, along, -OPEN_HALF).max(axis=-1).astype(np.float64)
        low = np.where(inside, along, OPEN_HALF).min(axis=-1).astype(np.float64)
        some = inside.any(axis=-1)
        shift = np.where(some, (high + low) / 2, 0.0)
        recentred = np.abs(along - shift[..., None].astype(np.float32))
        beside = (across <= max(half, CLEAR_HALF)) & (recentred > FINGER_INNER) & (recentred < FINGER_OUTER)
        assert np.array_equal(found.width, np.where(some, high - low, 0.0))
        assert np.array_equal(found.shift, shift)
        assert np.array_equal(found.blocked, beside.any(axis=-1))


@CHECKED
@given(SEEDS)
def test_pieces_grow_over_all_links_and_holes_are_where_nothing_is_near(seed: int) -> None:
    rng = np.random.default_rng(seed)
    xy = np.ascontiguousarray(scan(rng)[:, :2])
    alike = rng.random(len(xy)) < 0.8
    alike[0] = True
    square = ((xy[:, None] - xy[None]) ** 2).sum(-1)
    linked = (square < np.float32(0.01**2)) & alike[:, None] & alike[None]
    reached = np.arange(len(xy)) == 0
    while not np.array_equal(grown := reached | linked[reached].any(axis=0), reached):
        reached = grown
    assert np.array_equal(joined(xy, alike, 0, np.float32(0.01**2)), reached)
    places = rng.uniform(-0.1, 0.1, (4, 3, 2))
    near = ((places[:, :, None] - xy[None, None].astype(np.float64)) ** 2).sum(-1).min(-1) <= 0.01**2
    assert np.array_equal(lonely(places, xy.astype(np.float64), np.float32(0.01**2)), ~near)


@CHECKED
@given(SEEDS)
def test_tops_and_cells_are_those_of_sorted_distances(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = scan(rng)[:, :3].astype(np.float64)
    owner, cells = rng.integers(0, 2, len(points)), rng.uniform(-0.1, 0.1, (50, 2))
    top, third = tops(points, owner, 0.02, 0.75)
    between = np.linalg.norm(points[:, None, :2] - points[None, :, :2], axis=-1)
    assert np.allclose(third, np.sort(between, axis=1)[:, 3], rtol=1e-12)
    for number in range(len(points)):
        heights = np.sort(points[(between[number] < 0.02) & (owner == owner[number]), 2])
        assert top[number] == heights[round(0.75 * (len(heights) - 1))]
    away = np.linalg.norm(cells[:, None] - points[None, :, :2], axis=-1)
    wanted = np.where(away.min(axis=1) <= 0.02, away.argmin(axis=1), -1)
    assert np.array_equal(nearest_points(cells, points[:, :2].copy(), 0.02), wanted)


@CHECKED
@given(SEEDS)
def test_neighbours_of_colour_come_first(seed: int) -> None:
    points = scan(np.random.default_rng(seed)).astype(np.float64)
    between = np.linalg.norm(points[:, None, :2] - points[None, :, :2], axis=-1)
    other = np.linalg.norm(points[:, None, 3:] - points[None, :, 3:], axis=-1) > 0.35
    wanted = np.argsort(between + other, axis=1, kind="stable")[:, 1:6]
    assert np.array_equal(neighbours_of_colour(points, 0.35, 5), wanted)
    deviation = np.abs(points[:, 2] - np.median(points[wanted, 2], axis=1))
    assert roughness(points) == pytest.approx(float(np.median(deviation)))
