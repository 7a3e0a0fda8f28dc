"""Meshes and convex pieces one after another in a few arrays, as files hold them, and back. Needs only numpy.

Axis letters: V vertices, F faces, M meshes, C corners, P convex pieces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sim.objects.meshes import MeshError, TriangleMesh

LAYOUT = {
    "vertices": ("float32", ("V", 3)),
    "faces": ("int16", ("F", 3)),
    "mesh_vertices": ("int32", ("M",)),
    "mesh_faces": ("int32", ("M",)),
    "corners": ("float32", ("C", 3)),
    "piece_corners": ("int32", ("P",)),
}
"""Of an array file: `mesh_vertices`, `mesh_faces` and `piece_corners` count the rows that belong to each."""
EXACT_LAYOUT = LAYOUT | {name: ("float64", LAYOUT[name][1]) for name in ("vertices", "corners")}
"""The same without rounding."""
MOST_VERTICES = 2**15 - 1
"""Of one mesh, as its faces count in 16 bits."""


class Bodies(NamedTuple):
    """What the arrays hold."""

    meshes: tuple[TriangleMesh, ...]
    pieces: tuple[np.ndarray, ...]


ELSEWHERE, FLAT = 0.1, 1e-6
"""Shares of the meshes' length: how far outside of them convex pieces may reach, and what has no thickness."""


def pack(
    meshes: Sequence[TriangleMesh], pieces: Sequence[np.ndarray], layout: Mapping[str, tuple] = LAYOUT
) -> dict[str, np.ndarray]:
    """The arrays of a layout: `LAYOUT` or `EXACT_LAYOUT`.

    Raises:
        MeshError: a mesh has more vertices than its faces can count.
    """
    for mesh in meshes:
        if len(mesh.vertices) > MOST_VERTICES:
            raise MeshError(f"a mesh of {len(mesh.vertices)} vertices; expected {MOST_VERTICES} at most")

    def rows(parts: Sequence[np.ndarray], name: str) -> np.ndarray:
        return np.concatenate([np.zeros((0, 3)), *parts]).astype(layout[name][0])

    return {
        "vertices": rows([mesh.vertices for mesh in meshes], "vertices"),
        "faces": rows([mesh.faces for mesh in meshes], "faces"),
        "mesh_vertices": np.array([len(mesh.vertices) for mesh in meshes], dtype=np.int32),
        "mesh_faces": np.array([len(mesh.faces) for mesh in meshes], dtype=np.int32),
        "corners": rows(pieces, "corners"),
        "piece_corners": np.array([len(piece) for piece in pieces], dtype=np.int32),
    }


def unpack(arrays: Mapping[str, np.ndarray]) -> Bodies:
    """Meshes and pieces.

    Raises:
        MeshError: counts that don't add up, or a mesh that describes no body.
    """
    vertices = _split(arrays["vertices"], arrays["mesh_vertices"], "vertices")
    faces = _split(arrays["faces"], arrays["mesh_faces"], "faces")
    pieces = _split(arrays["corners"], arrays["piece_corners"], "corners")
    if not np.isfinite(arrays["corners"]).all() or any(len(piece) < 4 for piece in pieces):
        raise MeshError("convex pieces of less than four corners, or of corners that are not finite")
    meshes = tuple(TriangleMesh(*mesh) for mesh in zip(vertices, faces, strict=True))
    if meshes:
        _refuse_strange(pieces, arrays["vertices"])
    return Bodies(meshes, tuple(piece.astype(np.float64) for piece in pieces))


def _refuse_strange(pieces: Sequence[np.ndarray], vertices: np.ndarray) -> None:
    """Refuse convex pieces that can't fill meshes of these vertices: physics would play with another body than is seen.

    Raises:
        MeshError: a piece is flat, or lies elsewhere.
    """
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    length = float((high - low).max())
    for number, piece in enumerate(pieces):
        if (piece < low - ELSEWHERE * length).any() or (piece > high + ELSEWHERE * length).any():
            raise MeshError(f"convex piece {number} lies outside of its meshes")
        if np.linalg.matrix_rank(piece.astype(np.float64) - piece[0], tol=FLAT * length) < 3:
            raise MeshError(f"convex piece {number} is flat")


def _split(rows: np.ndarray, counts: np.ndarray, name: str) -> list[np.ndarray]:
    if (counts < 0).any() or int(counts.sum()) != len(rows):
        raise MeshError(f"{len(rows)} {name}; its counts say {int(counts.sum())}")
    return np.split(rows, np.cumsum(counts)[:-1]) if len(counts) else []
