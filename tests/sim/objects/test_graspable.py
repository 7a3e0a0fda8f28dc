"""Grasp geometry against shapely on drawn objects, and by hand on bars, discs, steps and neighbours."""

import numpy as np
import pytest
import shapely
import shapely.ops

from sim.frames import heading_gap, wrap_heading
from sim.objects.acceptance import draw_object, place
from sim.objects.cross_sections import grasp_height
from sim.objects.graspable import APART, best_yaw, end_holds, footprint_of, grasp_at, outer_ends, outer_grasps
from sim.robot import FINGERS
from sim.shapes.pieces import Piece, box, disc, in_slots, taper


def made(*pieces: Piece, slots: tuple[int, ...] | None = None, turn: float = 0.0, mirror: bool = False):
    slotted = in_slots(list(pieces), slots or (0,) * len(pieces))
    return place(slotted, ("red", "blue"), "test", 0.8, mirror=mirror, turn=turn)


def test_bar_is_grasped_across_its_width():
    spec = made(box(0, 0.2, 0.03, 0.024), turn=0.7)
    yaw = best_yaw(footprint_of(spec), np.zeros(2))
    assert heading_gap(yaw, 0.7 + np.pi / 2) < 1e-9
    sections = footprint_of(spec).cut(np.zeros((1, 2)), np.array([yaw]))
    assert sections.graspable[0]
    assert sections.width[0] == pytest.approx(0.03)
    assert sections.spread[0] == pytest.approx(0, abs=1e-9)


def test_off_centre_point_is_recentred_along_the_closing_direction_only():
    grasp = grasp_at(footprint_of(made(box(0, 0.2, 0.03, 0.024))), np.array([0.04, 0.009]))
    np.testing.assert_allclose(grasp[:3], [0.04, 0, 0.012], atol=1e-12)
    assert heading_gap(grasp[3], np.pi / 2) < 1e-9


def test_disc_is_grasped_anywhere_by_its_diameter():
    spec = made(disc(0, 0, 0.025, 0.03))
    sections = footprint_of(spec).cut(np.zeros((6, 2)), np.linspace(-1.5, 1.5, 6))
    assert sections.graspable.all()
    np.testing.assert_allclose(sections.width, 0.05, atol=1e-9)


REFUSED = {
    "too wide": (made(box(0, 0.2, 0.07, 0.024)), (0, 0)),
    "too narrow": (made(box(0, 0.2, 0.007, 0.024)), (0, 0)),
    "too low": (made(box(0, 0.2, 0.03, 0.014)), (0, 0)),
    "past the end": (made(box(0, 0.2, 0.03, 0.024)), (0.095, 0)),
    "beside the object": (made(box(0, 0.2, 0.03, 0.024)), (0, 0.05)),
    "a step under the pads": (made(box(0, 0.1, 0.03, 0.024), box(0.1, 0.2, 0.06, 0.024)), (0, 0)),
    "too slanted": (made(taper(0, 0.04, 0.01, 0.06, 0.024)), (0, 0)),
    "two solids between the pads": (
        made(box(0, 0.2, 0.02, 0.02, y=0.015), box(0, 0.2, 0.02, 0.02, y=-0.015)),
        (0, 0.015),
    ),
    "a neighbour where a finger comes down": (
        made(box(0, 0.2, 0.02, 0.02), box(0, 0.2, 0.01, 0.02, y=0.055)),
        (0, -0.0275),
    ),
    "under the palm": (made(box(0, 0.1, 0.03, 0.016), box(0.1, 0.2, 0.03, 0.05)), (-0.05, 0)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str):
    spec, point = REFUSED[name]
    assert best_yaw(footprint_of(spec), np.array(point)) is None


def test_a_neighbour_farther_off_does_not_matter():
    spec = made(box(0, 0.2, 0.02, 0.02), box(0, 0.2, 0.01, 0.02, y=0.075))
    assert best_yaw(footprint_of(spec), np.array([0, -0.0325])) is not None


def test_step_is_narrow_enough_to_hold_beside_it():
    spec = made(box(0, 0.1, 0.03, 0.024), box(0.1, 0.2, 0.06, 0.024))
    assert best_yaw(footprint_of(spec), np.array([0.011, 0])) is not None
    assert best_yaw(footprint_of(spec), np.array([-0.016, 0])) is not None


@pytest.mark.parametrize("family", ["spoon", "anchor", "wedge", "hook"])
def test_sections_agree_with_shapely(family: str):
    rng = np.random.default_rng(5)
    spec = draw_object(rng, family, ("red", "blue"), 0.8)
    footprint = footprint_of(spec)
    union = shapely.union_all([shapely.Polygon(part.outline).buffer(0.0002) for part in spec.parts])
    points, yaws = rng.uniform(-0.12, 0.12, (400, 2)), rng.uniform(-np.pi / 2, np.pi / 2, 400)
    points = np.array([np.asarray(shapely.ops.nearest_points(union, shapely.Point(p))[0].coords[0]) for p in points])
    sections = footprint.cut(points, yaws)
    checked = 0
    for point, yaw, good, width, shift in zip(
        points, yaws, sections.graspable, sections.width, sections.shift, strict=True
    ):
        if not good:
            continue
        u, v = np.array([np.cos(yaw), np.sin(yaw)]), np.array([-np.sin(yaw), np.cos(yaw)])
        ends = []
        for offset in np.array([-1, -0.5, 0, 0.5, 1]) * FINGERS.pad_half_width:
            middle = point + offset * v + shift * u
            line = shapely.intersection(union, shapely.LineString([middle - 0.055 * u, middle + 0.055 * u]))
            assert line.geom_type == "LineString"
            ends += [(np.asarray(end) - middle) @ u for end in line.coords]
        assert max(ends) - min(ends) == pytest.approx(width, abs=0.0012)
        assert max(ends) + min(ends) == pytest.approx(0, abs=0.0012)
        checked += 1
    assert checked >= 5


def test_outer_end_of_a_bar_is_inset_from_its_very_end():
    spec = made(box(0, 0.1, 0.03, 0.024), box(0.1, 0.2, 0.03, 0.02), slots=(0, 1))
    np.testing.assert_allclose(outer_ends(spec, "red"), [[-0.1 + FINGERS.end_inset, 0, 0.012]], atol=1e-9)
    np.testing.assert_allclose(outer_ends(spec, "blue"), [[0.1 - FINGERS.end_inset, 0, 0.010]], atol=1e-9)


def test_outer_end_of_a_pointed_blade_is_as_far_out_as_it_can_be_held():
    """A blade that narrows by 7 degrees a side: held near its tip, though not for *balance*."""
    spec = made(box(0, 0.1, 0.03, 0.024), taper(0.1, 0.18, 0.03, 0.01, 0.024), slots=(0, 1))
    (end,) = outer_ends(spec, "blue")
    assert 0.09 - FINGERS.end_inset - 0.005 < end[0] <= 0.09 - FINGERS.end_inset + 1e-9
    assert best_yaw(footprint_of(spec), end[:2]) is None


def test_symmetric_ends_are_all_returned():
    spec = made(box(0, 0.024, 0.1, 0.024), box(0.024, 0.2, 0.03, 0.024), slots=(0, 1), turn=1.0)
    ends = outer_grasps(spec, "red")
    assert len(ends) == 2
    distance = np.hypot(ends[:, 0], ends[:, 1])
    assert distance[0] == pytest.approx(distance[1], abs=1e-9)
    assert np.hypot(*(ends[0, :2] - ends[1, :2])) > APART
    # Both tips are taken across the head's thickness: closing along the handle.
    assert heading_gap(ends[:, 3], 1.0).max() < 1e-9


def test_colour_without_a_hold_has_no_outer_end():
    spec = made(box(0, 0.1, 0.08, 0.024), box(0.1, 0.25, 0.03, 0.024), slots=(0, 1))
    assert outer_ends(spec, "red").shape == (0, 3)
    assert len(outer_ends(spec, "blue")) == 1


def test_outer_grasps_turn_with_the_object():
    pieces = [box(0, 0.02, 0.1, 0.03), box(0.02, 0.12, 0.03, 0.024), box(0.12, 0.22, 0.03, 0.02)]
    for turn in (0.4, 2.1):
        c, s = np.cos(turn), np.sin(turn)
        for colour in ("red", "blue"):
            plain = outer_grasps(made(*pieces, slots=(0, 0, 1)), colour)
            turned = outer_grasps(made(*pieces, slots=(0, 0, 1), turn=turn), colour)
            moved = plain[:, :2] @ np.array([[c, s], [-s, c]])
            assert len(turned) == len(plain)
            for point, yaw in zip(moved, plain[:, 3] + turn, strict=True):
                nearest = np.hypot(*(turned[:, :2] - point).T)
                assert nearest.min() < 1e-9
                assert heading_gap(turned[nearest.argmin(), 3], yaw) < 1e-9


def test_outer_grasps_are_cached_read_only():
    spec = made(box(0, 0.1, 0.03, 0.024), box(0.1, 0.2, 0.03, 0.02), slots=(0, 1))
    with pytest.raises(ValueError, match="read-only"):
        outer_grasps(spec, "red")[0, 0] = 1


def test_heading_wraps_into_half_a_turn():
    np.testing.assert_allclose(
        wrap_heading(np.array([np.pi / 2, -np.pi / 2, 2.0, 7.0])), [np.pi / 2, np.pi / 2, 2 - np.pi, 7 - 2 * np.pi]
    )
    assert heading_gap(-1.5, 1.5) == pytest.approx(np.pi - 3)


def test_grasp_height_keeps_the_fingertips_off_the_table():
    np.testing.assert_allclose(grasp_height(np.array([0.015, 0.03, 0.06])), [0.010, 0.015, 0.022])


END_HOLDS = {
    "inside a bar": (made(box(0, 0.2, 0.03, 0.024)), (0.05, 0), True),
    "nearer to the end than half a pad": (made(box(0, 0.2, 0.03, 0.024)), (0.095, 0), False),
    "wide, but not for an end": (made(box(0, 0.2, 0.0475, 0.024)), (0.05, 0), True),
    "too wide for an end, though not for the fingers": (made(box(0, 0.2, 0.0485, 0.024)), (0.05, 0), False),
    "a slight taper": (made(taper(0, 0.2, 0.03, 0.02, 0.024)), (0, 0), True),
    "a taper of 6 degrees a side": (made(taper(0, 0.1, 0.04, 0.019, 0.024)), (0, 0), True),
    "a flare of 14 degrees a side": (made(taper(0, 0.06, 0.02, 0.05, 0.024)), (0, 0), True),
    "a taper of 19 degrees a side": (made(taper(0, 0.06, 0.06, 0.018, 0.024)), (0, 0), False),
    "one colour, though the other is near": (
        made(box(0, 0.1, 0.03, 0.024), box(0.1, 0.2, 0.03, 0.024), slots=(0, 1)),
        (0.03, 0),
        True,
    ),
    "both colours under the pads": (
        made(box(0, 0.1, 0.03, 0.024), box(0.1, 0.2, 0.03, 0.024), slots=(0, 1)),
        (0.002, 0),
        False,
    ),
}


@pytest.mark.parametrize("case", END_HOLDS)
def test_where_an_end_could_be_taken(case: str):
    spec, point, wanted = END_HOLDS[case]
    assert end_holds(spec, np.array([point], dtype=float)).tolist() == [wanted]


@pytest.mark.parametrize("family", ["hammer", "trowel", "splint", "twig"])
def test_outer_ends_can_be_taken(family: str):
    rng = np.random.default_rng(7)
    for _ in range(5):
        spec = draw_object(rng, family, ("red", "blue"), 0.7)
        for colour in spec.colours:
            ends = outer_ends(spec, colour)
            assert len(ends) and end_holds(spec, ends).all()
