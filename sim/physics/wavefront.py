"""Meshes as Wavefront files: PyBullet takes the meshes of a compound body from files alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

MOST_SHAPES = 16
"""PyBullet takes so many shapes for a body and leaves further ones out without a word; a file may hold several."""


def write_pieces(folder: Path, pieces: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[str]:
    """Write convex pieces and return the files' names, as many as PyBullet takes for one body.

    Args:
        folder: where.
        pieces: vertices (V, 3), m, and faces (F, 3) of each.
    """
    if len(pieces) <= MOST_SHAPES:
        return [write_mesh(folder / f"piece{number}.obj", *piece) for number, piece in enumerate(pieces)]
    return [_write_several(folder / f"pieces{n}.obj", pieces[n::MOST_SHAPES]) for n in range(MOST_SHAPES)]


def _write_several(path: Path, pieces: Sequence[tuple[np.ndarray, np.ndarray]]) -> str:
    lines, first = list[str](), 1
    for number, (vertices, faces) in enumerate(pieces):
        # Of each object of the file PyBullet makes a convex hull of its own.
        lines += [f"o piece{number}", *_lines(vertices, faces, first)]
        first += len(vertices)
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def _lines(vertices: np.ndarray, faces: np.ndarray, first: int = 1) -> list[str]:
    lines = [f"v {x:.9g} {y:.9g} {z:.9g}" for x, y, z in vertices]
    return lines + [f"f {a} {b} {c}" for a, b, c in (np.asarray(faces) + first).tolist()]


def write_mesh(path: Path, vertices: np.ndarray, faces: np.ndarray) -> str:
    """Write triangles and return the file's name.

    Args:
        path: ends in `.obj`.
        vertices: (V, 3), m.
        faces: (F, 3), rows of `vertices`. Of a convex body the corners count, whatever faces name them.
    """
    path.write_text("\n".join(_lines(vertices, faces)) + "\n")
    return str(path)
