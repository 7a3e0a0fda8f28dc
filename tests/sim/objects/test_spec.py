"""Mass properties against an integral by another route: a fine voxel grid, and the textbook box."""

import numpy as np
import pytest

from sim.objects.acceptance import draw_object
from sim.objects.prisms import Prism, prism_moments
from sim.objects.spec import ObjectError, ObjectSpec, mass_properties
from tests.sim.objects.voxels import voxel_properties

SQUARE = np.array([[0.0, 0.0], [0.1, 0.0], [0.1, 0.1], [0.0, 0.1]])


@pytest.mark.parametrize("family", ["bar", "spoon", "zigzag", "wishbone", "arrow"])
def test_mass_properties_match_a_voxel_integral(family: str):
    spec = draw_object(np.random.default_rng(8), family, ("red", "blue"), 0.8)
    found = mass_properties(spec, {"red": 7.0, "blue": 1.5}, 0.45)
    centre, inertia = voxel_properties(spec, {"red": 7.0, "blue": 1.5}, 0.45)
    assert found.mass == 0.45
    np.testing.assert_allclose(found.centre, centre, atol=3e-4)
    np.testing.assert_allclose(found.inertia, inertia, atol=0.02 * np.trace(inertia) / 3)


def test_box_inertia_is_the_textbook_one():
    part = Prism("box", SQUARE * [2, 1] - [0.1, 0.05], 0.04, "red")
    found = mass_properties(ObjectSpec("bar", (part,), 0.8), {"red": 3.0}, 0.6)
    np.testing.assert_allclose(found.centre, [0, 0, 0.02], atol=1e-15)
    expected = 0.6 / 12 * np.array([0.1**2 + 0.04**2, 0.2**2 + 0.04**2, 0.2**2 + 0.1**2])
    np.testing.assert_allclose(found.inertia, np.diag(expected), atol=1e-15)


def test_only_density_ratios_matter():
    spec = draw_object(np.random.default_rng(8), "hammer", ("red", "blue"), 0.8)
    one, other = (mass_properties(spec, {"red": 4 * k, "blue": k}, 0.5) for k in (1.0, 700.0))
    np.testing.assert_allclose(one.centre, other.centre, rtol=1e-12)
    np.testing.assert_allclose(one.inertia, other.inertia, rtol=1e-9)


def test_moments_shift_by_the_parallel_axis_theorem():
    shift = np.array([0.3, -0.2])
    volume, centroid, moments = prism_moments(SQUARE, 0.05)
    _, moved, moved_moments = prism_moments(SQUARE + shift, 0.05)
    np.testing.assert_allclose(moved[:2], centroid[:2] + shift)
    central = moments / volume - np.outer(centroid, centroid)
    np.testing.assert_allclose(moved_moments / volume - np.outer(moved, moved), central, atol=1e-15)


BAD_PARTS = {
    "kind": (("ball", SQUARE, 0.02, "red"), "part kind 'ball'; expected box, cylinder or prism"),
    "colour": (("box", SQUARE, 0.02, "pink"), "unknown colour 'pink'; expected one of red, "),
    "height": (("box", SQUARE, 0.0, "red"), "part height 0.0; expected more than 0 m"),
    "clockwise": (("box", SQUARE[::-1], 0.02, "red"), "part outline of shape (4, 2); expected a convex"),
    "concave": (
        ("prism", np.array([[0, 0], [1, 0], [0.2, 0.2], [0, 1]]), 0.02, "red"),
        "part outline of shape (4, 2); expected a convex",
    ),
}


@pytest.mark.parametrize("case", BAD_PARTS)
def test_impossible_parts_are_refused(case: str):
    arguments, message = BAD_PARTS[case]
    with pytest.raises(ObjectError) as caught:
        Prism(*arguments)
    assert str(caught.value).startswith(message)


def test_a_colour_without_density_is_named():
    spec = ObjectSpec("bar", (Prism("box", SQUARE, 0.02, "red"), Prism("box", SQUARE + 0.2, 0.02, "blue")), 0.8)
    with pytest.raises(ObjectError, match="no density for blue; materials cover red"):
        mass_properties(spec, {"red": 1.0}, 0.5)


def test_outlines_are_read_only_copies():
    outline = SQUARE.copy()
    part = Prism("box", outline, 0.02, "red")
    outline[0] = 9
    assert part.outline[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        part.outline[0] = 1
