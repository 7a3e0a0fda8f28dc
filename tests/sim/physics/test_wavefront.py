"""Files of meshes: they hold what they are given for as long as they are needed, and are gone then, come what may."""

from pathlib import Path

import numpy as np
import pytest

from sim.physics.wavefront import MOST_SHAPES, MeshFiles

CORNERS = np.array([[0.0, 0.0, 0.0], [0.1, 0.0, 0.0], [0.0, 0.1, 0.0], [0.0, 0.0, 0.1]])
FACES = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])


def test_a_file_holds_the_mesh_until_the_context_ends():
    with MeshFiles() as files:
        path = Path(files.mesh(CORNERS, FACES))
        lines = path.read_text().splitlines()
    assert path.suffix == ".obj" and not path.exists()
    assert lines[:2] == ["v 0 0 0", "v 0.1 0 0"] and lines[4:] == ["f 1 3 2", "f 1 2 4", "f 1 4 3", "f 2 3 4"]


def test_files_are_gone_after_an_error_too():
    with pytest.raises(ZeroDivisionError), MeshFiles() as files:
        names = files.pieces([(CORNERS, FACES)] * 3)
        raise ZeroDivisionError
    assert len(set(names)) == 3 and not any(Path(name).exists() for name in names)


def test_more_pieces_than_pybullet_takes_share_files():
    with MeshFiles() as files:
        names = files.pieces([(CORNERS + n, FACES) for n in range(MOST_SHAPES + 3)])
        texts = [Path(name).read_text() for name in names]
    assert len(names) == MOST_SHAPES
    assert sum(text.count("o piece") for text in texts) == MOST_SHAPES + 3
    # The second piece of a file names its own corners.
    assert texts[0].splitlines()[-1] == "f 6 7 8"
