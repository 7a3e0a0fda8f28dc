"""Convex pieces are drawn in by moving their faces, and stay bodies."""

from itertools import product

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from sim.physics.hulls import HullError, half_spaces, inset, largest_ball

CUBE = np.array(list(product((0.0, 0.02), (0.0, 0.03), (0.0, 0.04))))


def test_a_box_loses_the_distance_on_every_side() -> None:
    found = inset(CUBE, 0.001)
    assert len(found) == 8
    assert found.min(axis=0) == pytest.approx([0.001] * 3, abs=1e-9)
    assert found.max(axis=0) == pytest.approx([0.019, 0.029, 0.039], abs=1e-9)


def test_a_thin_piece_stays_a_body() -> None:
    thin = CUBE * [1, 1, 0.025]  # 1 mm thick: a ball of 0.5 mm
    found = inset(thin, 0.001)
    assert np.ptp(found[:, 2]) == pytest.approx(0.001 - 2 * 0.4 * 0.0005, abs=1e-9)


def test_every_face_moves_by_the_distance_and_none_turns() -> None:
    points = np.random.default_rng(3).normal(size=(40, 3)) * [0.03, 0.01, 0.01]
    before, after = half_spaces(points), half_spaces(inset(points, 0.0005))
    for normal in after:
        nearest = before[np.abs(before[:, :3] - normal[:3]).max(axis=1).argmin()]
        assert normal[:3] == pytest.approx(nearest[:3], abs=1e-5)
        assert normal[3] - nearest[3] == pytest.approx(0.0005, abs=1e-6)
    assert ConvexHull(inset(points, 0.0005)).volume < ConvexHull(points).volume


def test_the_same_corners_give_the_same_bits() -> None:
    points = np.random.default_rng(4).normal(size=(60, 3)) * 0.01
    assert np.array_equal(inset(points, 0.001), inset(points.copy(), 0.001))


def test_the_largest_ball_of_a_box_touches_its_nearest_sides() -> None:
    assert largest_ball(half_spaces(CUBE))[1] == pytest.approx(0.01)


def test_points_of_no_body_are_refused() -> None:
    with pytest.raises(HullError, match="8 points that span no body"):
        inset(CUBE * [1, 1, 0], 0.001)
