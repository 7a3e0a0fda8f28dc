"""The world of a scene: what tells its object's weight there. The truth, for judging; never a feature of a selector.

A matrix holds it as the column `world` of its scene table, one of `robo_meta.scenarios.worlds.WORLDS`. Axis letter: S
scenes.
"""

from __future__ import annotations

import numpy as np

from robo_meta.scenarios.worlds import UNTELLABLE
from robo_meta.selector.matrix.matrix import Matrix, MatrixError


def tellable(matrix: Matrix) -> np.ndarray:
    """Numbers of the scenes in which something can tell what to do.

    Raises:
        MatrixError: there is none.
    """
    rows = np.flatnonzero(matrix.scenes["world"] != UNTELLABLE)
    if not len(rows):
        raise MatrixError(f"matrix of {len(matrix)} scenes of the world {UNTELLABLE!r} alone; expected others beside")
    return rows
