"""Meshes as Wavefront files: PyBullet takes the meshes of a compound body from files alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def write_mesh(path: Path, vertices: np.ndarray, faces: np.ndarray) -> str:
    """Write triangles and return the file's name.

    Args:
        path: ends in `.obj`.
        vertices: (V, 3), m.
        faces: (F, 3), rows of `vertices`. Of a convex body the corners count, whatever faces name them.
    """
    lines = [f"v {x:.9g} {y:.9g} {z:.9g}" for x, y, z in vertices]
    lines += [f"f {a} {b} {c}" for a, b, c in (np.asarray(faces) + 1).tolist()]
    path.write_text("\n".join(lines) + "\n")
    return str(path)
