"""Frames: group axioms and round trips, on drawn poses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.frames import (
    PlainPose,
    Pose,
    heading_gap,
    heading_turn,
    matrix_from_quat,
    nearest_sign,
    planar_to_object,
    planar_to_world,
    quat_from_matrix,
    quat_from_yaw,
    quat_multiply,
    turn_displacement,
    wrap_heading,
)

coordinate = st.floats(-2, 2, allow_nan=False)
points = st.lists(st.tuples(coordinate, coordinate, coordinate), min_size=1, max_size=4).map(np.array)
angles = st.floats(-20, 20, allow_nan=False)


@st.composite
def quats(draw):
    raw = np.array(draw(st.tuples(*[st.floats(-1, 1)] * 4)))
    norm = np.linalg.norm(raw)
    return raw / norm if norm > 1e-3 else np.array([0.0, 0.0, 0.0, 1.0])


@st.composite
def poses(draw):
    return Pose(np.array(draw(st.tuples(coordinate, coordinate, coordinate))), draw(quats()))


def same(first: Pose, second: Pose) -> bool:
    return np.allclose(first.position, second.position, atol=1e-9) and np.allclose(
        first.rotation, second.rotation, atol=1e-9
    )


IDENTITY = Pose(np.zeros(3), np.array([0.0, 0.0, 0.0, 1.0]))


@given(poses(), poses(), poses())
@settings(max_examples=50, deadline=None)
def test_group_axioms(a, b, c):
    assert same(a.compose(b).compose(c), a.compose(b.compose(c)))
    assert same(a.compose(IDENTITY), a)
    assert same(IDENTITY.compose(a), a)
    assert same(a.compose(a.inverse()), IDENTITY)
    assert same(a.inverse().compose(a), IDENTITY)


@given(poses(), poses(), points)
@settings(max_examples=50, deadline=None)
def test_composition_is_applying_one_after_the_other(a, b, xyz):
    np.testing.assert_allclose(a.compose(b).apply(xyz), a.apply(b.apply(xyz)), atol=1e-9)
    np.testing.assert_allclose(a.inverse().apply(a.apply(xyz)), xyz, atol=1e-9)


@given(quats(), quats())
@settings(max_examples=50, deadline=None)
def test_rotations(p, q):
    matrix = matrix_from_quat(q)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(matrix) == pytest.approx(1)
    np.testing.assert_allclose(matrix_from_quat(quat_multiply(p, q)), matrix_from_quat(p) @ matrix, atol=1e-9)
    back = quat_from_matrix(matrix)
    assert back[3] >= 0
    np.testing.assert_allclose(matrix_from_quat(back), matrix, atol=1e-7)


@given(poses(), poses(), st.tuples(coordinate, coordinate, coordinate))
@settings(max_examples=50, deadline=None)
def test_plain_poses_are_poses(one, two, point):
    both = PlainPose.of(one).compose(PlainPose.of(two))
    np.testing.assert_allclose(both.apply(point), one.apply(two.apply(np.array(point))), atol=1e-9)
    np.testing.assert_allclose(both.z_axis, one.rotation @ two.rotation[:, 2], atol=1e-9)
    assert same(both.pose, one.compose(two)) and same(PlainPose.of(one).pose, one)


@given(quats(), quats())
@settings(max_examples=50, deadline=None)
def test_the_nearest_sign_is_the_same_rotation_and_the_same_for_both_signs(p, q):
    for sign in (1, -1):
        chosen = np.array(nearest_sign(tuple((sign * p).tolist()), tuple(q.tolist())))
        assert np.array_equal(np.abs(chosen), np.abs(p)) and chosen @ q >= 0
        assert np.array_equal(matrix_from_quat(chosen), matrix_from_quat(p))


@given(angles)
@settings(max_examples=50, deadline=None)
def test_yaw(angle):
    yaw = Pose(np.zeros(3), quat_from_yaw(angle)).yaw
    np.testing.assert_allclose([np.cos(yaw), np.sin(yaw)], [np.cos(angle), np.sin(angle)], atol=1e-9)


@given(angles, angles)
@settings(max_examples=50, deadline=None)
def test_closing_headings_are_the_same_after_half_a_turn(first, second):
    wrapped = float(wrap_heading(first))
    assert -np.pi / 2 < wrapped <= np.pi / 2
    assert np.sin(wrapped - first) == pytest.approx(0, abs=1e-9)
    turn = float(heading_turn(first, second))
    assert -np.pi / 2 <= turn < np.pi / 2
    assert np.sin(first + turn - second) == pytest.approx(0, abs=1e-9)
    assert heading_gap(first, second) == pytest.approx(abs(turn), abs=1e-9)


@given(points, st.tuples(coordinate, coordinate, coordinate), angles)
@settings(max_examples=50, deadline=None)
def test_planar_frames_round_trip_and_agree_with_the_pose(xyz, position, yaw):
    object_to_world = Pose(np.array(position), quat_from_yaw(yaw))
    local = planar_to_object(xyz, object_to_world)
    np.testing.assert_allclose(planar_to_world(local, object_to_world), xyz, atol=1e-9)
    np.testing.assert_allclose(local[:, 2], xyz[:, 2])
    np.testing.assert_allclose(local[:, :2], object_to_world.inverse().apply(xyz)[:, :2], atol=1e-9)


def test_planar_frame_ignores_lift_and_tilt():
    tilt = quat_multiply(quat_from_yaw(0.4), np.array([np.sin(0.1), 0.0, 0.0, np.cos(0.1)]))
    point = np.array([0.3, 0.2, 0.05])
    flat = planar_to_object(point, Pose(np.array([0.1, 0.1, 0.0]), quat_from_yaw(0.4)))
    np.testing.assert_allclose(planar_to_object(point, Pose(np.array([0.1, 0.1, 0.3]), tilt)), flat, atol=1e-12)


@given(points, angles)
@settings(max_examples=50, deadline=None)
def test_turning_displacements(xyz, yaw):
    turned = turn_displacement(xyz, yaw)
    np.testing.assert_allclose(turned, xyz @ matrix_from_quat(quat_from_yaw(yaw)).T, atol=1e-9)
    np.testing.assert_allclose(turn_displacement(turned, -yaw), xyz, atol=1e-9)


def test_poses_are_read_only_copies():
    position = np.zeros(3)
    pose = Pose(position, quat_from_yaw(0.0))
    position[0] = 5
    assert pose.position[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        pose.position[0] = 1
