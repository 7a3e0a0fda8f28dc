"""The scan against an independent ray march, and what must and must not be seen."""

import numpy as np
import pytest

from sim.frames import Pose, quat_from_yaw
from sim.objects.prisms import Prism
from sim.objects.spec import ObjectSpec
from sim.palette import PALETTE
from sim.sensing import CAMERA_IN_WORLD, PIXEL_PITCH, POINT_COUNT, PoseBias, SensingError, cast, scan
from sim.tasks.scenes import NO_NOISE, Noise

ANGLES = np.linspace(0, 2 * np.pi, 24, endpoint=False)
FLAT = Pose(np.array([0.5, 0.0, 0.0]), quat_from_yaw(0.0))


def box(x0, x1, y0, y1, height, colour="red"):
    return Prism("box", np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]), height, colour)


def disc(x, y, radius, height, colour="blue"):
    return Prism("cylinder", np.array([x, y]) + radius * np.stack([np.cos(ANGLES), np.sin(ANGLES)], 1), height, colour)


HAMMER = ObjectSpec("hammer", (box(-0.15, 0.08, -0.012, 0.012, 0.02), box(0.08, 0.12, -0.06, 0.06, 0.05, "blue")), 0.8)
SPOON = ObjectSpec("spoon", (box(-0.12, 0.06, -0.01, 0.01, 0.03), disc(0.10, 0.0, 0.04, 0.02)), 0.8)


def inside(spec, points):
    """Number of the part that holds each point, or -1: a test of its own, by signed areas."""
    found = np.full(len(points), -1)
    for number, part in enumerate(spec.parts):
        a, b = part.outline, np.roll(part.outline, -1, axis=0)
        to_point = points[:, None, :2] - a
        turn = (b - a)[:, 0] * to_point[..., 1] - (b - a)[:, 1] * to_point[..., 0]
        found[(turn >= 0).all(1) & (points[:, 2] >= 0) & (points[:, 2] <= part.height)] = number
    return found


def march(spec, origin, direction, step):
    """Distance at which a ray first lies inside a part, found by walking along it."""
    along = np.arange(0.6, 1.6, step)
    part = inside(spec, origin + along[:, None] * direction)
    hits = np.flatnonzero(part >= 0)
    return (along[hits[0]], part[hits[0]]) if len(hits) else (np.inf, -1)


@pytest.mark.parametrize("spec", [HAMMER, SPOON])
def test_nearest_hits_agree_with_a_walk_along_each_ray(spec):
    rng = np.random.default_rng(3)
    origin = np.array([-0.2, 0.15, 0.8])
    directions = np.concatenate([rng.uniform([-0.14, -0.04, 0.0], [0.14, 0.04, 0.03], (150, 3))]) - origin
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    distance, part = cast(spec, origin, directions)
    hits = 0
    for ray in range(len(directions)):
        expected, number = march(spec, origin, directions[ray], 1e-4)
        if np.isinf(distance[ray]):
            assert np.isinf(expected)
        elif np.isinf(expected):  # only a corner cut shorter than the walk's step may be missed by it
            assert (inside(spec, (origin + (distance[ray] + 1e-4) * directions[ray])[None]) < 0).all()
        else:
            assert distance[ray] == pytest.approx(expected, abs=2e-4)
            assert part[ray] == number
            hits += 1
    assert hits > 40


def test_rays_along_a_face_hit_only_between_the_faces():
    """Straight down, every side is parallel to the ray."""
    bar = ObjectSpec("bar", (box(-0.1, 0.1, -0.02, 0.02, 0.03),), 0.8)
    down = np.array([[0.0, 0.0, -1.0]])
    assert cast(bar, np.array([0.0, 0.0, 1.0]), down)[0] == pytest.approx([0.97])
    for x, y in ((0.0, 0.03), (0.0, -0.03), (0.11, 0.0), (-0.11, 0.0)):
        assert np.isinf(cast(bar, np.array([x, y, 1.0]), down)[0]).all()


@pytest.mark.parametrize(("height", "hit"), [(-0.004, False), (0.001, True), (0.0299, True)])
def test_parts_end_at_the_table(height, hit):
    """A ray aimed at the long side's plane, just below and just above the table."""
    bar = ObjectSpec("bar", (box(-0.1, 0.1, -0.02, 0.02, 0.03),), 0.8)
    origin, aimed_at = np.array([0.0, 0.4, 0.8]), np.array([0.0, 0.02, height])
    assert np.isfinite(cast(bar, origin, (aimed_at - origin)[None])[0][0]) == hit


def test_points_lie_on_the_surface_and_carry_its_colour():
    points = scan(HAMMER, FLAT, NO_NOISE, np.random.default_rng(0), 300).astype(np.float64)
    for x, y, z, *colour in points:
        number = 0 if np.allclose(colour, PALETTE["red"], atol=1e-6) else 1
        part = HAMMER.parts[number]
        low, high = part.outline.min(0), part.outline.max(0)
        assert (np.array([x, y]) >= low - 1e-6).all()
        assert (np.array([x, y]) <= high + 1e-6).all()
        on_side = min(np.abs([x - low[0], x - high[0], y - low[1], y - high[1]]).min(), abs(z - part.height))
        assert on_side < 1e-6


def test_sides_are_seen_only_where_they_face_the_camera():
    """A box to the camera's right shows its left side and its top, never right side or bottom."""
    spec = ObjectSpec("bar", (box(-0.1, 0.1, -0.02, 0.02, 0.05),), 0.8)
    aside = Pose(CAMERA_IN_WORLD * [1, 1, 0] + [0.3, 0.0, 0.0], quat_from_yaw(0.0))
    points = scan(spec, aside, NO_NOISE, np.random.default_rng(1), 4000)
    below = points[:, 2] < 0.05 - 1e-6
    assert 0.02 < below.mean() < 0.4
    # The camera stands over y = 0, so that neither long side faces it by more than the box's own half width.
    assert np.abs(points[below, 0] + 0.1).max() < 1e-6
    assert points[:, 2].min() > -1e-6
    above = Pose(CAMERA_IN_WORLD * [1, 1, 0], quat_from_yaw(0.0))
    points = scan(spec, above, NO_NOISE, np.random.default_rng(1), 1000)
    assert points[:, 2].min() == pytest.approx(0.05, abs=1e-6)


def test_what_stands_behind_a_taller_part_is_hidden():
    """Seen from x = 0, a 5 cm wall over a 2 cm plate hides the strip of plate in its shadow."""
    spec = ObjectSpec("step", (box(-0.1, 0.0, -0.03, 0.03, 0.05), box(0.0, 0.1, -0.03, 0.03, 0.02, "blue")), 0.8)
    away = Pose(CAMERA_IN_WORLD * [1, 1, 0] + [0.3, 0.0, 0.0], quat_from_yaw(0.0))
    points = scan(spec, away, NO_NOISE, np.random.default_rng(2), 6000)
    plate = points[np.abs(points[:, 5] - PALETTE["blue"][2]) < 0.01]
    shadow_end = 0.3 + 0.03 * 0.3 / (0.8 - 0.05)  # where the ray over the wall's edge comes down to the plate
    assert plate[:, 0].min() == pytest.approx(shadow_end - 0.3, abs=1.5e-3)
    assert plate[:, 0].min() >= shadow_end - 0.3 - 1e-6


def test_the_density_of_points_is_that_of_an_even_pixel_grid():
    """Twice as much of the picture, twice as many points."""
    spec = ObjectSpec("bar", (box(-0.1, 0.0, -0.02, 0.02, 0.02), box(0.0, 0.05, -0.02, 0.02, 0.02, "blue")), 0.8)
    points = scan(spec, FLAT, NO_NOISE, np.random.default_rng(4), 900)
    blue = (points[:, 5] > 0.5).mean()
    assert blue == pytest.approx(1 / 3, abs=0.03)


def test_few_pixels_still_give_every_point_asked_for():
    tiny = ObjectSpec("bar", (box(-0.004, 0.004, -0.004, 0.004, 0.01),), 0.8)
    points = scan(tiny, FLAT, NO_NOISE, np.random.default_rng(0), 500)
    assert points.shape == (500, 6)
    assert len(np.unique(points[:, :2], axis=0)) > 490  # fresh jitter, not copies
    assert 2 * 0.004 / PIXEL_PITCH < 3


def test_an_object_out_of_sight_is_an_error():
    above_camera = Pose(np.array([0.5, 0.0, 2.0]), quat_from_yaw(0.0))
    with pytest.raises(SensingError, match=f"the camera sees 0 points of a 'hammer'; expected {POINT_COUNT}"):
        scan(HAMMER, above_camera, NO_NOISE, np.random.default_rng(0))


def test_points_follow_the_object_whatever_its_pose():
    """In the object's frame, a turned object's surface is where it was."""
    turned = Pose(np.array([0.53, 0.04, 0.0]), quat_from_yaw(2.1))
    points = scan(HAMMER, turned, NO_NOISE, np.random.default_rng(5)).astype(np.float64)
    shrunk = points[:, :3] - [0, 0, 1e-5]
    on_top = points[:, 2] > 0.0199
    assert (inside(HAMMER, shrunk[on_top]) >= 0).mean() > 0.95
    assert np.abs(points[:, 0]).max() < 0.151


def test_noise_has_the_size_asked_for_and_colours_stay_colours():
    rng = np.random.default_rng(6)
    spec = ObjectSpec("bar", (box(-0.1, 0.1, -0.02, 0.02, 0.03, "white"),), 0.8)
    points = scan(spec, FLAT, Noise(points=0.004, colour=0.2), rng, 5000)
    assert (points[:, 2] - 0.03).std() == pytest.approx(0.004, rel=0.08)
    assert points[:, 3:].min() >= 0.0
    assert points[:, 3:].max() <= 1.0
    assert points.dtype == np.float32


def test_the_scan_depends_on_geometry_pose_and_stream_only():
    other_surface = ObjectSpec("not a hammer", HAMMER.parts, friction=0.1)
    first = scan(HAMMER, FLAT, Noise(), np.random.default_rng(7))
    assert np.array_equal(first, scan(other_surface, FLAT, Noise(), np.random.default_rng(7)))
    assert not np.array_equal(first, scan(HAMMER, FLAT, Noise(), np.random.default_rng(8)))


def test_the_order_says_nothing_of_parts():
    points = scan(HAMMER, FLAT, NO_NOISE, np.random.default_rng(9), 400)
    red = points[:, 3] > 0.5
    assert abs(red[:200].mean() - red[200:].mean()) < 0.12


def test_pose_bias_shifts_and_turns_about_the_object_origin():
    bias = PoseBias(np.array([0.01, -0.02, 0.003]), 0.3)
    seen = bias.apply(Pose(np.array([0.5, 0.1, 0.0]), quat_from_yaw(1.0)))
    assert seen.position == pytest.approx([0.51, 0.08, 0.003])
    assert seen.yaw == pytest.approx(1.3)
    rng = np.random.default_rng(10)
    drawn = [PoseBias.draw(Noise(position=0.002, yaw=0.035), rng) for _ in range(2000)]
    assert np.std([bias.offset for bias in drawn], axis=0) == pytest.approx([0.002] * 3, rel=0.1)
    assert np.std([bias.yaw for bias in drawn]) == pytest.approx(0.035, rel=0.1)
    assert PoseBias.draw(NO_NOISE, rng).yaw == 0
