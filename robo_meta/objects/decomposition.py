"""Convex pieces that together fill a body, within a time limit."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from robo_meta.objects.child import ChildStopped, run_in_child
from robo_meta.objects.libraries import mesh_library
from robo_meta.objects.solids import mesh_of, solid_of, union
from sim.errors import InputError
from sim.objects.meshes import TriangleMesh
from sim.physics.hulls import outward_faces

MOST_PIECES = 32
MOST_CORNERS = 48
THRESHOLDS = (0.03, 0.08)
"""CoACD's concavity: where the first takes too long, the second is tried."""
FIRST_SHARE = 0.7
"""Of the time that CoACD may take for its first try; what is left is for a second, coarser or finer."""
FINE = 0.012
"""CoACD's concavity where pieces by the first differ too much from the body."""
CONVEX = 0.97
"""Share of its hull that a body fills which needs no decomposition."""
SLABS = 16
"""Slices across the long axis where CoACD doesn't end."""
THINNEST = 0.0004
"""m: pieces of a smaller extent are left out."""
MEMORY = 4 << 30
"""Bytes that CoACD may have."""
SLACK = 0.10
"""Share of the volume by which the pieces may differ from the body without a word."""


class DecompositionError(InputError):
    """A body that no convex pieces fill."""


@dataclass(frozen=True)
class Decomposition:
    """The pieces and how they came about."""

    pieces: tuple[np.ndarray, ...]
    """Each (C, 3), m."""
    note: str
    """Of fallbacks, and of pieces that fill less or more than the body; empty where all is well."""


def decompose(solid: Any, seconds: float) -> Decomposition:
    """Convex pieces that fill a body.

    Args:
        solid: a `manifold3d.Manifold`.
        seconds: for CoACD at most, all tries together.

    Raises:
        DecompositionError: nothing of it is thick enough for a piece.
    """
    if solid.volume() > CONVEX * solid.hull().volume():
        return Decomposition((limited(mesh_of(solid.hull()).vertices),), "")
    mesh, notes = mesh_of(solid), list[str]()
    pieces, excess = _tried(solid, mesh, seconds, notes)
    if not notes and abs(excess) > SLACK:
        with contextlib.suppress(ChildStopped):
            finer = _limited(_by_coacd(mesh, FINE, (1 - FIRST_SHARE) * seconds))
            if finer and abs(_excess(finer, solid)) < abs(excess):
                pieces, excess = finer, _excess(finer, solid)
    if not pieces:
        raise DecompositionError("nothing of it is thick enough to be touched")
    if abs(excess) > SLACK:
        notes.append(f"its convex pieces have {excess:+.0%} of its volume")
    return Decomposition(pieces, "; ".join(notes))


def _tried(solid: Any, mesh: TriangleMesh, seconds: float, notes: list[str]) -> tuple[tuple[np.ndarray, ...], float]:
    """Pieces by the first way that ends in time, and the share of the volume that they have too much."""
    for threshold, share in zip(THRESHOLDS, (FIRST_SHARE, 1 - FIRST_SHARE), strict=True):
        try:
            pieces = _limited(_by_coacd(mesh, threshold, share * seconds))
            return pieces, _excess(pieces, solid)
        except ChildStopped as stopped:
            notes.append(f"CoACD at {threshold:g} {stopped}")
    notes.append(f"convex hulls of {SLABS} slices instead of CoACD")
    pieces = _limited(_slabs(solid))
    return pieces, _excess(pieces, solid)


def _limited(pieces: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    return tuple(limited(piece) for piece in pieces if _thick(piece))


def _excess(pieces: tuple[np.ndarray, ...], solid: Any) -> float:
    if not pieces:
        return -1.0
    return float(union([solid_of(*hull_of(piece)) for piece in pieces]).volume() / solid.volume() - 1)


def _by_coacd(mesh: TriangleMesh, threshold: float, seconds: float) -> list[np.ndarray]:
    """Corners (C, 3), m, of the pieces that CoACD makes of a closed mesh, in a process of its own."""
    found = run_in_child(coacd_pieces, mesh, threshold, seconds=seconds, memory=MEMORY)
    return [np.array(corners, dtype=np.float64).reshape(-1, 3) for corners in found]


def coacd_pieces(mesh: TriangleMesh, threshold: float) -> list[list[list[float]]]:
    """What CoACD makes of a closed mesh: corners (C, 3) of each piece, m, as plain lists."""
    coacd = mesh_library("coacd")
    coacd.set_log_level("off")
    # At a size of 1 its tolerances are what they were made for.
    low, size = mesh.vertices.min(axis=0), float(np.ptp(mesh.vertices, axis=0).max())
    found = coacd.run_coacd(
        coacd.Mesh((mesh.vertices - low) / size, mesh.faces.astype(np.int32)),
        threshold=threshold,
        max_convex_hull=MOST_PIECES,
        preprocess_mode="off",
        mcts_nodes=10,
        mcts_iterations=40,
        mcts_max_depth=2,
        seed=1,
    )
    return [(np.asarray(vertices) * size + low).tolist() for vertices, _ in found]


def _slabs(solid: Any) -> list[np.ndarray]:
    """Corners of the hulls of slices across the longest of the body's principal axes."""
    vertices = mesh_of(solid).vertices
    axis = np.linalg.svd(vertices - vertices.mean(axis=0), full_matrices=False)[2][0]
    along = vertices @ axis
    rest, found = solid, []
    for bound in np.linspace(along.min(), along.max(), SLABS + 1)[1:-1]:
        rest, slab = rest.split_by_plane([*axis], float(bound))
        found.append(slab)
    # A slice through a fork is of several tines.
    slices = [part for slab in [*found, rest] if not slab.is_empty() for part in slab.decompose()]
    slices.sort(key=lambda part: -part.volume())
    return [mesh_of(part).vertices for part in slices[: 2 * MOST_PIECES]]


def limited(points: np.ndarray, most: int = MOST_CORNERS) -> np.ndarray:
    """Corners of the points' hull; of many those farthest out, spread until their hull has the volume of all."""
    corners = points[np.sort(ConvexHull(points).vertices)]
    if len(corners) <= most:
        return corners
    directions = np.concatenate([np.eye(3), -np.eye(3)])
    chosen = list(dict.fromkeys(int(i) for i in (corners @ directions.T).argmax(axis=0)))
    for number in range(len(corners)):
        if len(chosen) >= 4:
            break
        chosen += [number] if number not in chosen else []
    while len(chosen) < most:
        try:
            equations = ConvexHull(corners[chosen], qhull_options="Qt Qs").equations
        except QhullError:
            chosen += [number for number in range(len(corners)) if number not in chosen][:2]
            continue
        outside = (corners @ equations[:, :3].T + equations[:, 3]).max(axis=1)
        farthest = int(outside.argmax())
        if farthest in chosen:
            break
        chosen.append(farthest)
    kept = corners[np.sort(chosen)]
    middle = kept.mean(axis=0)
    return middle + (kept - middle) * (ConvexHull(corners).volume / ConvexHull(kept).volume) ** (1 / 3)


def _thick(points: np.ndarray) -> bool:
    try:
        hull = ConvexHull(points)
    except (QhullError, ValueError):
        return False
    # A body's least extent is about its volume through half its surface.
    return 2 * hull.volume / hull.area > THINNEST


def hull_of(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and outward faces of the points' hull."""
    used, faces = np.unique(outward_faces(points), return_inverse=True)
    return points[used], faces.reshape(-1, 3)
