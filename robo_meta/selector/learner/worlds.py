"""The world of a scene: what tells its object's weight there. The truth, for judging; never a feature of a selector.

A matrix may hold it as a column `world` of its scene table, such as `paint` (colours tell the weight), `repainted` and
`role` (parts tell it). Axis letter: S scenes.
"""

from __future__ import annotations

import numpy as np

from robo_meta.scenarios.worlds import UNTELLABLE
from robo_meta.selector.matrix.matrix import Matrix, MatrixError


def worlds(matrix: Matrix) -> np.ndarray | None:
    """(S,) labels, None where the matrix has none."""
    return matrix.scenes.get("world")


def tellable(matrix: Matrix) -> np.ndarray:
    """Numbers of the scenes in which something can tell what to do.

    Raises:
        MatrixError: there is none.
    """
    labels = worlds(matrix)
    rows = np.arange(len(matrix)) if labels is None else np.flatnonzero(labels != UNTELLABLE)
    if not len(rows):
        raise MatrixError(f"matrix of {len(matrix)} scenes of the world {UNTELLABLE!r} alone; expected others beside")
    return rows
