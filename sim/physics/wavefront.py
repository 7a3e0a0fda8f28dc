"""Meshes as Wavefront files: PyBullet takes the meshes of a compound body from files alone."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence

import numpy as np

MOST_SHAPES = 16
"""PyBullet takes so many shapes for a body and leaves further ones out without a word; a file may hold several."""


class MeshFiles:
    """Files of meshes, which are gone when the context ends: PyBullet reads them until the body stands.

    Each is made, written and closed at once, in no folder of its own: that takes a fifth of the time.
    """

    def __init__(self) -> None:
        self._names: list[str] = []

    def __enter__(self) -> MeshFiles:
        return self

    def __exit__(self, *_: object) -> None:
        for name in self._names:
            os.unlink(name)

    def mesh(self, vertices: np.ndarray, faces: np.ndarray) -> str:
        """Write triangles and return the file's name.

        Args:
            vertices: (V, 3), m.
            faces: (F, 3), rows of `vertices`. Of a convex body the corners count, whatever faces name them.
        """
        return self._written(_lines(vertices, faces))

    def pieces(self, pieces: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[str]:
        """Write convex pieces and return the files' names, as many as PyBullet takes for one body.

        Args:
            pieces: vertices (V, 3), m, and faces (F, 3) of each.
        """
        if len(pieces) <= MOST_SHAPES:
            return [self.mesh(*piece) for piece in pieces]
        return [self._written(_several(pieces[n::MOST_SHAPES])) for n in range(MOST_SHAPES)]

    def _written(self, lines: Iterable[str]) -> str:
        handle, name = tempfile.mkstemp(".obj", "robo_meta_")
        self._names.append(name)
        with open(handle, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        return name


def _several(pieces: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[str]:
    lines, first = list[str](), 1
    for number, (vertices, faces) in enumerate(pieces):
        # Of each object of the file PyBullet makes a convex hull of its own.
        lines += [f"o piece{number}", *_lines(vertices, faces, first)]
        first += len(vertices)
    return lines


def _lines(vertices: np.ndarray, faces: np.ndarray, first: int = 1) -> list[str]:
    lines = [f"v {x:.9g} {y:.9g} {z:.9g}" for x, y, z in vertices.tolist()]
    return lines + [f"f {a} {b} {c}" for a, b, c in (np.asarray(faces) + first).tolist()]
