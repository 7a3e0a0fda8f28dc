"""The compiled loops over prisms against the same geometry in numpy's words, to the last bit; and what is shared."""

from dataclasses import replace

import numpy as np
import pytest

from sim.frames import heading_gap
from sim.objects.acceptance import RULES, draw_object
from sim.objects.balance_points import density_grid
from sim.objects.cross_sections import distinct_headings, grasp_height, held_alone, radial_cost, weighed
from sim.objects.graspable import footprint_of
from sim.objects.prism_sections import MERGE_GAP
from sim.objects.prisms import half_spaces
from sim.robot import AT_ENDS, FINGERS
from sim.sensing import cast

FAMILIES = ("spoon", "anchor", "wedge", "hook", "pan")


def drawn(family: str, seed: int = 0):
    return draw_object(np.random.default_rng(seed), family, ("red", "blue"), 0.8)


def chords(spec, points, u):
    """(N, L, P) where lines enter and leave each part; +inf and −inf where they miss it."""
    low, high = (
        np.full((*points.shape[:2], len(spec.parts)), np.inf),
        np.full((*points.shape[:2], len(spec.parts)), -np.inf),
    )
    for number, part in enumerate(spec.parts):
        if part.kind == "cylinder":
            centre = part.outline.mean(axis=0)
            radius = np.hypot(*(part.outline[0] - centre)) * np.sqrt(np.sin(np.pi / 12) / (np.pi / 12))
            offset = points - centre
            middle = -(offset * u[:, None]).sum(-1)
            square = radius**2 - (offset**2).sum(-1) + middle**2
            half = np.sqrt(np.maximum(square, 0.0))
            enter, leave, missed = middle - half, middle + half, square <= 0
        else:
            edges = np.roll(part.outline, -1, axis=0) - part.outline
            normal = np.stack([edges[:, 1], -edges[:, 0]], 1) / np.hypot(*edges.T)[:, None]
            along = (u[:, None] * normal).sum(-1)[:, None]
            slack = (normal * part.outline).sum(-1) - (points[:, :, None] * normal).sum(-1)
            parallel = np.abs(along) < 1e-9
            reach = slack / np.where(parallel, 1.0, along)
            leave = np.where(along > 1e-9, reach, np.inf).min(-1)
            enter = np.where(along < -1e-9, reach, -np.inf).max(-1)
            missed = (parallel & (slack < 0)).any(-1)
        missed = missed | (leave <= enter)
        low[..., number], high[..., number] = np.where(missed, np.inf, enter), np.where(missed, -np.inf, leave)
    return low, high


def sections(spec, points, yaws, fingers):
    """Which places are graspable, and shift, width, spread and height there."""
    pad, clear = fingers.pad_half_width, fingers.clear_half_width
    lines = np.array([0.0, -pad, -pad / 2, pad / 2, pad, -clear, clear])
    u = np.stack([np.cos(yaws), np.sin(yaws)], axis=-1)
    v = np.stack([-u[:, 1], u[:, 0]], axis=-1)
    low, high = chords(spec, points[:, None] + lines[:, None] * v[:, None], u)
    empty = high < low
    first = np.where(empty, np.inf, np.maximum(np.maximum(low, -high), 0.0)).argmin(-1)[..., None]
    start, stop = np.take_along_axis(low, first, -1), np.take_along_axis(high, first, -1)
    for _ in spec.parts:
        joined = (low <= stop + MERGE_GAP) & (high >= start - MERGE_GAP)
        start = np.where(joined, low, np.inf).min(-1, keepdims=True)
        stop = np.where(joined, high, -np.inf).max(-1, keepdims=True)
    start, stop = start[:, :5, 0], stop[:, :5, 0]
    full = (np.isfinite(start) & np.isfinite(stop)).all(-1)
    start, stop = (np.where(full[:, None], ends, 0.0) for ends in (start, stop))
    left, right = start.min(-1), stop.max(-1)
    shift, width, spread = (left + right) / 2, right - left, np.maximum(np.ptp(start, axis=-1), np.ptp(stop, axis=-1))
    slant = np.maximum(np.abs(start[:, 1] - start[:, 4]), np.abs(stop[:, 1] - stop[:, 4]))
    middle, inner, outer = shift[:, None, None], fingers.inner_reach, fingers.outer_reach
    beside = ~empty & ~joined & (high > middle - outer) & (low < middle + outer)
    blocked = beside[:, :5].any((1, 2))
    for one, other in ((inner, outer), (-outer, -inner)):
        blocked |= (~empty & (high > middle + one) & (low < middle + other)).any((1, 2))
    heights = np.array([part.height for part in spec.parts])
    height = np.where((joined & ~empty)[:, :5].any(1), heights, np.inf).min(-1)
    good = full & ~blocked & (spread <= fingers.max_spread) & (slant <= fingers.max_slant)
    good &= (width >= fingers.min_width) & (width <= fingers.max_width) & (height >= fingers.min_height)
    good &= heights.max() - grasp_height(height) <= fingers.max_overhead
    return good, np.stack([shift, width, spread, height])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("at_end", [False, True])
def test_sections_are_those_of_numpy_to_the_bit(family: str, at_end: bool):
    spec, rng = drawn(family), np.random.default_rng(4)
    middles = np.stack([part.outline.mean(axis=0) for part in spec.parts])
    points = middles[rng.integers(len(middles), size=600)] + rng.normal(0, 0.012, (600, 2))
    footprint = footprint_of(spec)
    yaws = rng.choice(footprint.end_headings(), 600) + rng.choice([0.0, 0.0, 0.1], 600)
    good, expected = sections(spec, points, yaws, AT_ENDS if at_end else FINGERS)
    found = footprint.cut(points, yaws, at_end=at_end)
    np.testing.assert_array_equal(found.graspable, good)
    assert 10 < good.sum() < 590
    np.testing.assert_array_equal(
        np.stack([found.shift, found.width, found.spread, found.height])[:, good], expected[:, good]
    )


def places(spec, count: int, seed: int = 3) -> np.ndarray:
    """Points (N, 2) on and beside the parts."""
    rng, middles = np.random.default_rng(seed), np.stack([part.outline.mean(axis=0) for part in spec.parts])
    return middles[rng.integers(len(middles), size=count)] + rng.normal(0, 0.02, (count, 2))


@pytest.mark.parametrize("family", FAMILIES)
def test_places_are_weighed_as_their_sections_say_to_the_bit(family: str):
    spec = drawn(family)
    footprint, points = footprint_of(spec), places(spec, 80)
    cost, grasps, heights = footprint.weigh(points)
    wanted, grasps_wanted, heights_wanted = weighed(footprint, points)
    np.testing.assert_array_equal(cost, wanted)
    good = np.isfinite(wanted)
    assert 10 < good.sum() < good.size - 10
    np.testing.assert_array_equal(grasps[good], grasps_wanted[good])
    np.testing.assert_array_equal(heights[good], heights_wanted[good])


@pytest.mark.parametrize("family", FAMILIES)
def test_outer_ends_are_held_where_their_sections_say(family: str):
    spec = drawn(family)
    footprint, points = footprint_of(spec), places(spec, 150)
    found = footprint.ends_held(points)
    np.testing.assert_array_equal(found, held_alone(footprint, points))
    assert 5 < found.sum() < len(points) - 5


@pytest.mark.parametrize("family", FAMILIES)
def test_grasps_at_ends_are_those_of_hands_that_slide_along_the_parts(family: str):
    spec, colour = drawn(family), "red"
    footprint = footprint_of(spec)
    own, expected, costs = np.array([part.colour == colour for part in spec.parts]), [], []
    for part, headings in zip(spec.parts, footprint.part_headings, strict=True):
        for yaw in headings if part.colour == colour else ():
            u, v = np.array([np.cos(yaw), np.sin(yaw)]), np.array([-np.sin(yaw), np.cos(yaw)])
            across, along = part.outline @ u, part.outline @ v
            start, stop = along.min() + FINGERS.end_inset, along.max() - FINGERS.end_inset
            if start > stop or np.ptp(across) > 2 * FINGERS.max_width:
                continue
            steps = np.linspace(start, stop, max(2, int((stop - start) / 0.005)))
            points = steps[:, None] * v + (across.max() + across.min()) / 2 * u
            found = footprint.cut(points, np.full(len(points), yaw), at_end=True)
            for n in np.flatnonzero(found.graspable & ~(found.held & ~own).any(axis=1)):
                expected.append([*(points[n] + found.shift[n] * u), found.grasp_z[n], yaw])
                costs.append(found.width[n] + found.spread[n] + radial_cost(points[n], u))
    grasps, cost = footprint.end_grasps(colour)
    assert len(grasps) == len(expected) > 0
    np.testing.assert_array_equal(grasps, expected)
    np.testing.assert_array_equal(cost, costs)


@pytest.mark.parametrize("family", FAMILIES)
def test_rays_meet_the_nearest_of_all_parts(family: str):
    spec, rng, origin = drawn(family), np.random.default_rng(1), np.array([0.05, -0.1, 0.8])
    directions = rng.uniform([-0.2, -0.2, 0.0], [0.2, 0.2, 0.0], (500, 3)) - origin
    each = np.stack([part.cast(origin, directions) for part in spec.parts])
    distance, part = cast(spec, origin, directions)
    np.testing.assert_array_equal(distance, each.min(axis=0))
    hit = np.isfinite(distance)
    assert len(set(part[hit])) > 1
    np.testing.assert_array_equal(part[hit], each.argmin(axis=0)[hit])


@pytest.mark.parametrize("family", FAMILIES)
def test_rays_meet_parts_where_numpy_says_to_the_bit(family: str):
    rng, origin = np.random.default_rng(1), np.array([0.05, -0.1, 0.8])
    directions = rng.uniform([-0.2, -0.2, 0.0], [0.2, 0.2, 0.0], (500, 3)) - origin
    directions[:3] = [[0, 0, -1.0], [1.0, 0, 0], [0, 0, 1.0]]
    hits = 0
    for part in drawn(family).parts:
        normals, offsets, _ = half_spaces([part])
        reach, slope = offsets - normals @ origin, directions @ normals.T
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = reach / slope
        enter = np.where(slope < 0, distance, -np.inf).max(axis=1)
        leave = np.where(slope > 0, distance, np.inf).min(axis=1)
        outside = ((slope == 0) & (reach < 0)).any(axis=1)
        expected = np.where((enter <= leave) & (enter > 0) & ~outside, enter, np.inf)
        np.testing.assert_array_equal(part.cast(origin, directions), expected)
        hits += int(np.isfinite(expected).sum())
    assert hits > 10


def test_headings_are_kept_apart_as_their_gaps_say():
    angles = np.random.default_rng(2).uniform(-4, 4, 60).tolist()
    kept: list[float] = []
    for angle in angles:
        if all(heading_gap(angle, other) > 0.02 for other in kept):
            kept.append(angle)
    found = distinct_headings(angles)
    assert len(found) == len(kept) < len(angles)
    assert heading_gap(found, np.array(kept)).max() < 1e-12


def test_objects_of_equal_geometry_share_a_footprint_whatever_their_friction():
    spec = drawn("spoon")
    assert footprint_of(replace(spec, friction=0.1)) is footprint_of(spec)
    assert footprint_of(drawn("spoon", 1)) is not footprint_of(spec)
    repainted = replace(spec, parts=tuple(replace(part, colour="green") for part in spec.parts))
    assert footprint_of(repainted).spec.colours == ("green",)


def test_density_grid_is_kept_and_cannot_be_altered():
    grid = density_grid(2, 3.0, RULES.extreme_ratio, 8)
    with pytest.raises(ValueError, match="read-only"):
        grid[0, 0] = 2.0
