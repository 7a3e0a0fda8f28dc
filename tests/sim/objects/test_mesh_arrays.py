"""Meshes and convex pieces come back, or are refused where physics would play with another body than is seen."""

import numpy as np
import pytest

from sim.objects.mesh_arrays import pack, unpack
from sim.objects.meshes import MeshError, TriangleMesh

CORNERS = np.array([[x, y, z] for x in (-0.1, 0.1) for y in (-0.02, 0.02) for z in (0.0, 0.03)])
FACES = np.array(
    [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4]]
    + [[1, 5, 7], [1, 7, 3]]
)
BAR = TriangleMesh(CORNERS, FACES)


def test_a_bar_and_its_piece_come_back() -> None:
    bodies = unpack(pack([BAR], [0.99 * CORNERS]))
    np.testing.assert_allclose(bodies.meshes[0].vertices, CORNERS, atol=1e-7)
    np.testing.assert_allclose(bodies.pieces[0], 0.99 * CORNERS, atol=1e-7)


@pytest.mark.parametrize(
    ("piece", "said"),
    [
        (CORNERS + 100.0, "piece 0 lies outside"),
        (1e30 * CORNERS, "piece 0 lies outside"),
        (CORNERS + [0.0, 0.05, 0.0], "piece 0 lies outside"),
        (np.zeros((8, 3)), "piece 0 is flat"),
        (CORNERS * [1, 1, 0], "piece 0 is flat"),
        (CORNERS @ [[1, 0, 1], [0, 1, 0], [1, 0, 1]] * [0.5, 1, 0.2], "piece 0 is flat"),
    ],
)
def test_pieces_that_do_not_fill_their_meshes_are_refused(piece: np.ndarray, said: str) -> None:
    with pytest.raises(MeshError, match=said):
        unpack(pack([BAR], [piece]))
