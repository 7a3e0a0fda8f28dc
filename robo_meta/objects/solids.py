"""Closed bodies: between records of triangles and the library that adds, subtracts, cuts and simplifies them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from robo_meta.objects.libraries import mesh_library
from sim.errors import InputError
from sim.objects.meshes import TriangleMesh

SPECK = 1e-3
"""Pieces of less than this share of a body's volume are no part of it: dust of a cut or of a scan."""
WORST_CHANGE = 0.03
"""Share of the volume that simplifying may add or take."""


class SolidError(InputError):
    """A body that can't be made."""


def solid_of(vertices: np.ndarray, faces: np.ndarray, merge: bool = False) -> Any | None:
    """The body (a `manifold3d.Manifold`) inside closed triangles; None where they aren't closed.

    Args:
        vertices, faces: (V, 3) m, (F, 3).
        merge: also join vertices of open edges that nearly meet.
    """
    manifold3d = mesh_library("manifold3d")
    # Copies: the library takes no read-only arrays.
    mesh = manifold3d.Mesh64(np.array(vertices, np.float64, order="C"), np.array(faces, np.uint64, order="C"))
    if merge:
        mesh.merge()
    solid = manifold3d.Manifold(mesh)
    if solid.status() != manifold3d.Error.NoError or solid.is_empty():
        return None
    return solid


def mesh_of(solid: Any) -> TriangleMesh:
    """The surface of a body."""
    mesh = solid.to_mesh64()
    return TriangleMesh(np.array(mesh.vert_properties)[:, :3], np.array(mesh.tri_verts, dtype=np.int64))


def solid_in(mesh: TriangleMesh) -> Any:
    """The body inside a mesh that was closed before.

    Raises:
        SolidError: it isn't.
    """
    solid = solid_of(mesh.vertices, mesh.faces)
    if solid is None:
        raise SolidError("a surface that does not close")
    return solid


def tidied(solid: Any) -> Any:
    """The body with its overlapping components made one, its hollows kept, and its specks left out."""
    components = solid.decompose()
    volumes = np.array([component.volume() for component in components])
    if len(components) == 1:
        return solid
    least = SPECK * np.abs(volumes).max()
    filled = union([c for c, volume in zip(components, volumes, strict=True) if volume > least])
    for component, volume in zip(components, volumes, strict=True):
        if volume < -least:
            hollow = solid_of(*_turned_over(component))
            filled = filled - hollow if hollow is not None else filled
    return filled


def union(solids: Sequence[Any]) -> Any:
    """All bodies as one."""
    manifold3d = mesh_library("manifold3d")
    return manifold3d.Manifold.batch_boolean(list(solids), manifold3d.OpType.Add)


def simplified(solid: Any, most_faces: int) -> Any:
    """A closed body of at most `most_faces` triangles, as like the given one as they allow.

    Raises:
        SolidError: it can't be done closed.
    """
    if solid.num_tri() <= most_faces:
        return solid
    mesh = mesh_of(solid)
    for share in (1.0, 0.9, 0.75):
        found = decimated(mesh.vertices, mesh.faces, int(most_faces * share))
        fewer = solid_of(*found)
        if fewer is not None and fewer.num_tri() <= most_faces and _alike(fewer, solid):
            return fewer
    tolerance = float(np.ptp(mesh.vertices, axis=0).max()) * 2e-4
    for _ in range(10):
        fewer = solid.simplify(tolerance)
        if not fewer.is_empty() and fewer.num_tri() <= most_faces:
            return fewer
        tolerance *= 1.6
    raise SolidError(f"its surface can't be told in {most_faces} triangles")


def decimated(vertices: np.ndarray, faces: np.ndarray, most_faces: int) -> tuple[np.ndarray, np.ndarray]:
    """(V', 3) and (F', 3): about as many triangles as asked for, closed or not."""
    if len(faces) <= most_faces:
        return vertices, faces
    simplify = mesh_library("fast_simplification").simplify
    # The library counts in float32: near the origin and at a size of 1 nothing is lost.
    centre, size = vertices.mean(axis=0), float(np.ptp(vertices, axis=0).max())
    points, triangles = simplify(
        ((vertices - centre) / size).astype(np.float32), faces.astype(np.int32), target_count=most_faces
    )
    return np.asarray(points, dtype=np.float64) * size + centre, np.asarray(triangles, dtype=np.int64)


def _alike(one: Any, other: Any) -> bool:
    return abs(one.volume() / other.volume() - 1) <= WORST_CHANGE


def _turned_over(solid: Any) -> tuple[np.ndarray, np.ndarray]:
    mesh = mesh_of(solid)
    return mesh.vertices, mesh.faces[:, ::-1]
