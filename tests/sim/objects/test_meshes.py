"""Imported objects: parts, moments, rays, sections, and that prisms and meshes of one shape are one."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from sim.objects.graspable import footprint_of, grasp_at, outer_grasps
from sim.objects.mesh_acceptance import judge_meshes, size_refusal
from sim.objects.mesh_rays import meet
from sim.objects.meshes import MeshError, MeshPart, TriangleMesh, mesh_moments
from sim.objects.prisms import Prism
from sim.objects.spec import ObjectError, ObjectSpec, mass_properties
from tests.sim.objects.mesh_tools import hull_mesh, lying_cylinder, prism_points, rectangle, rod, twin_bars

DENSITIES = {"red": 4.0, "blue": 1.0}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(*[st.floats(-0.1, 0.1)] * 2), min_size=5, max_size=9, unique=True),
    st.floats(0.01, 0.1),
    st.floats(-3, 3),
)
def test_moments_are_those_of_the_prism_and_turn_with_it(points, height, turn):
    from scipy.spatial import ConvexHull, QhullError

    cloud = np.array(points)
    try:
        hull = ConvexHull(cloud)
    except QhullError:
        reject()
    outline = cloud[hull.vertices]
    assume(hull.volume >= 1e-4)
    try:
        prism = Prism("prism", outline, height, "red")
    except ObjectError:  # corners that are all but straight
        reject()
    mesh = hull_mesh(prism_points(outline, height))
    for one, other in zip(mesh_moments(mesh), prism.moments(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-12)
    c, s = np.cos(turn), np.sin(turn)
    matrix = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    volume, centre, second = mesh_moments(mesh.turned(turn))
    assert volume == pytest.approx(mesh_moments(mesh)[0])
    np.testing.assert_allclose(centre, matrix @ mesh_moments(mesh)[1], atol=1e-12)
    np.testing.assert_allclose(second, matrix @ mesh_moments(mesh)[2] @ matrix.T, atol=1e-12)


def test_a_mesh_weighs_as_the_prism():
    meshes, prisms = twin_bars()
    one, other = mass_properties(meshes, DENSITIES, 0.5), mass_properties(prisms, DENSITIES, 0.5)
    np.testing.assert_allclose(one.centre, other.centre, atol=1e-12)
    np.testing.assert_allclose(one.inertia, other.inertia, atol=1e-12)


def test_rays_meet_a_mesh_where_they_meet_the_prism():
    rng = np.random.default_rng(0)
    outline = rectangle(-0.1, 0.06, 0.05)
    prism, mesh = Prism("box", outline, 0.03, "red"), hull_mesh(prism_points(outline, 0.03))
    origin = np.array([0.05, -0.03, 0.8])
    aims = np.column_stack([rng.uniform(-0.15, 0.12, 800), rng.uniform(-0.08, 0.08, 800), np.zeros(800)])
    np.testing.assert_allclose(
        meet(mesh.triangles, origin, aims - origin), prism.cast(origin, aims - origin), atol=1e-9
    )


def test_rays_from_one_place_after_another_are_each_from_their_own():
    mesh = twin_bars()[0].parts[0]
    aims = np.random.default_rng(0).uniform([-0.15, -0.08, 0.0], [0.12, 0.08, 0.001], (200, 3))
    for origin in (np.array([0.05, -0.03, 0.8]), np.array([-0.2, 0.1, 0.7]), np.array([0.05, -0.03, 0.8])):
        expected = meet(mesh.mesh.triangles, origin, aims - origin)
        np.testing.assert_array_equal(mesh.cast(origin, aims - origin), expected)
        assert np.isfinite(expected).any()


def test_grasps_on_a_mesh_are_those_on_the_prism():
    meshes, prisms = twin_bars()
    for point in ([0.0, 0.0], [0.05, 0.004], [0.1, 0.0]):
        one, other = (grasp_at(footprint_of(spec), np.array(point)) for spec in (meshes, prisms))
        np.testing.assert_allclose(one, other, atol=0.0015)
    assert grasp_at(footprint_of(meshes), np.array([0.16, 0.0])) is None
    for colour in ("red", "blue"):
        one, other = outer_grasps(meshes, colour), outer_grasps(prisms, colour)
        assert len(one) == len(other) == 1
        np.testing.assert_allclose(one[0, :2], other[0, :2], atol=0.006)


def test_a_lying_cylinder_is_taken_at_its_equator_across_its_axis():
    part = MeshPart(hull_mesh(lying_cylinder(-0.1, 0.1, 0.018)), "red")
    footprint = footprint_of(ObjectSpec("rod", (part,), 1.0, surface="curved"))
    x, y, z, yaw = grasp_at(footprint, np.array([0.02, 0.003]))
    assert (x, abs(y), abs(yaw)) == pytest.approx((0.02, 0.0, np.pi / 2), abs=1e-3)
    assert z == pytest.approx(0.018, abs=0.003)
    section = footprint.cut(np.array([[0.02, 0.0]]), np.array([np.pi / 2]))
    assert section.width[0] == pytest.approx(0.036, abs=5e-4)
    assert section.flat[0] < 0.6


def test_what_is_too_wide_or_bars_the_way_is_not_graspable():
    wide = ObjectSpec("plate", (MeshPart(hull_mesh(prism_points(rectangle(-0.1, 0.1, 0.09), 0.03)), "red"),), 1.0)
    assert grasp_at(footprint_of(wide), np.zeros(2)) is None
    bar = hull_mesh(prism_points(rectangle(-0.1, 0.1, 0.03), 0.03))
    wall = hull_mesh(prism_points(rectangle(-0.02, 0.02, 0.02) + [0.0, 0.045], 0.03))
    barred = ObjectSpec("barred", (MeshPart(bar, "red"), MeshPart(wall, "blue", 1)), 1.0)
    across = np.array([np.pi / 2])
    assert not footprint_of(barred).cut(np.array([[0.0, 0.0]]), across).graspable[0]
    assert footprint_of(barred).cut(np.array([[0.06, 0.0]]), across).graspable[0]
    # A wall lower than the fingertips come bars nothing.
    low = hull_mesh(prism_points(rectangle(-0.02, 0.02, 0.02) + [0.0, 0.045], 0.003))
    free = ObjectSpec("free", (MeshPart(bar, "red"), MeshPart(low, "blue", 1)), 1.0)
    assert footprint_of(free).cut(np.array([[0.0, 0.0]]), across).graspable[0]


def test_a_long_rod_serves_for_both_and_a_short_one_for_none():
    long, short = rod(), rod(length=0.10)
    assert judge_meshes(long.divisions[0].meshes).refusals == {}
    refused = judge_meshes(short.divisions[0].meshes).refusals
    assert "balance points only" in refused["balance"]


def test_a_rod_is_curved_and_a_bar_is_flat():
    assert judge_meshes(rod().divisions[0].meshes).surface == "curved"
    bar = tuple(part.mesh for part in twin_bars(cut=0.0)[0].parts)
    assert judge_meshes(bar).surface == "flat"


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ((0.2, 0.03, 0.004), "too thin to hold: 4 mm, needs 6"),
        ((0.5, 0.03, 0.03), "too large: 50.1 cm long, at most 36"),
        ((0.03, 0.03, 0.03), "too small: 4.2 cm long, needs 7"),
        ((0.1, 0.1, 0.2), "too tall: 20.0 cm, at most 12"),
        ((0.2, 0.03, 0.03), None),
    ],
)
def test_sizes_are_refused_in_plain_words(size, reason):
    assert size_refusal(np.array([[0, 0, 0], size])) == reason


@pytest.mark.parametrize(
    ("vertices", "faces"),
    [
        (np.zeros((4, 2)), [[0, 1, 2]] * 4),
        (np.full((4, 3), np.nan), [[0, 1, 2]] * 4),
        (np.zeros((4, 3)), [[0, 1, 9]] * 4),
        (np.zeros((4, 3)), [[0, 1, 2]]),
    ],
)
def test_arrays_that_are_no_mesh_are_refused(vertices, faces):
    with pytest.raises(MeshError):
        TriangleMesh(vertices, faces)


def test_a_mesh_that_encloses_nothing_is_no_part():
    mesh = hull_mesh(prism_points(rectangle(0, 0.1, 0.03), 0.03))
    with pytest.raises(ObjectError, match="volume"):
        MeshPart(TriangleMesh(mesh.vertices, mesh.faces[:, ::-1]), "red")


def test_shapes_pickle_copy_compare_and_are_known_by_their_content():
    shape = rod()
    for other in (pickle.loads(pickle.dumps(shape)), copy.deepcopy(shape)):
        assert other == shape
        assert other.fingerprint == shape.fingerprint
    assert rod(radius=0.015).fingerprint != shape.fingerprint
    assert rod(radius=0.015) != shape
