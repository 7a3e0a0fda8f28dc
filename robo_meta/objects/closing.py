"""From a file's triangles to a closed body, the gentlest way that works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from robo_meta.objects.libraries import mesh_library
from robo_meta.objects.loading import Part
from robo_meta.objects.solids import decimated, simplified, solid_of, tidied
from robo_meta.objects.voxels import closed_surface
from sim.errors import InputError

MOST_FACES = 2000
"""Of a closed body."""
FIRST_FACES = 20_000
"""Meshes of more triangles are decimated before anything else."""
WELD = 1e-5
"""Share of the length: vertices closer than this are one."""
LARGEST_HOLE = 0.3
"""Share of the length: wider openings are no holes to be capped, unless they are flat."""
FLAT = 0.01
"""Share of the length by which the rim of a flat opening leaves its plane at most."""
LEAST_VOLUME = 1e-9
"""m³: a cube of 1 mm."""
DEBRIS = 0.05
"""Share of the length: open fragments smaller than this are left out."""


class ClosingError(InputError):
    """Triangles that enclose nothing."""


@dataclass(frozen=True)
class Closed:
    """A closed body."""

    solid: Any
    """A `manifold3d.Manifold`, m, file frame."""
    note: str
    """How it was closed and by how much its volume changed; empty where it was closed already."""


class _Surface(NamedTuple):
    vertices: np.ndarray
    faces: np.ndarray


def close(part: Part) -> Closed:
    """The closed body that a part's triangles mean: as they are, with holes filled, or around what they enclose.

    Raises:
        ClosingError: they enclose no volume.
    """
    welded = weld(part)
    if len(welded.faces) < 4:
        raise ClosingError(f"{part.name} encloses no volume")
    faced = _outward(_Surface(*decimated(*welded, FIRST_FACES)))
    before = _volume(faced)
    solid, how = _solid(faced)
    if solid is None or solid.volume() < LEAST_VOLUME:
        raise ClosingError(f"{part.name} encloses no volume")
    fewer = simplified(solid, MOST_FACES)
    if not how:
        return Closed(fewer, "")
    change = fewer.volume() / before - 1 if before > LEAST_VOLUME else float("nan")
    told = f"volume {change:+.1%}" if np.isfinite(change) and abs(change) < 10 else "volume unknown before"
    return Closed(fewer, f"{part.name} {how}, {told}")


def weld(part: Part) -> _Surface:
    """Its triangles with vertices joined that are one, without those of no area and those that are there twice."""
    used, faces = np.unique(part.faces, return_inverse=True)
    vertices, faces = part.vertices[used], faces.reshape(-1, 3)
    size = max(float(np.ptp(vertices, axis=0).max()), 1e-12)
    cells = np.round((vertices - vertices.min(axis=0)) / (size * WELD)).astype(np.int64)
    _, first, joined = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    vertices, faces = vertices[first], joined.reshape(-1)[faces]
    faces = faces[(faces != np.roll(faces, 1, axis=1)).all(axis=1)]
    _, once = np.unique(np.sort(faces, axis=1), axis=0, return_index=True)
    return _Surface(vertices, faces[np.sort(once)])


def _solid(surface: _Surface) -> tuple[Any | None, str]:
    """The body and how it was closed; None where nothing helps."""
    solid = solid_of(*surface)
    if solid is not None and solid.volume() > 0:
        return tidied(solid), ""
    filled = _filled(surface)
    solid = solid_of(*filled)
    if solid is not None and solid.volume() > 0:
        return tidied(solid), "closed by filling holes"
    for merge_of in (surface, filled):
        solid = solid_of(*merge_of, merge=True)
        if solid is not None and solid.volume() > 0:
            return tidied(solid), "closed by joining open edges"
    return _around(filled), "rebuilt from cells around what it encloses"


def _around(surface: _Surface) -> Any | None:
    found = closed_surface(*surface)
    if found is None:
        return None
    trimesh = mesh_library("trimesh")
    mesh = trimesh.Trimesh(*found, process=True)
    trimesh.smoothing.filter_taubin(mesh, iterations=6)
    solid = solid_of(np.array(mesh.vertices), np.array(mesh.faces))
    return None if solid is None else tidied(solid)


def _outward(surface: _Surface) -> _Surface:
    """The triangles with neighbours turned alike, and every component that closes turned outward."""
    trimesh = mesh_library("trimesh")
    # Components that are closed inside others may be hollows on purpose: what is consistent is left as it is.
    if solid_of(*surface) is not None and _volume(surface) > 0:
        return surface
    mesh = trimesh.Trimesh(surface.vertices, surface.faces, process=False)
    trimesh.repair.fix_normals(mesh, multibody=True)
    return _Surface(np.array(mesh.vertices), np.array(mesh.faces))


def _filled(surface: _Surface) -> _Surface:
    """The triangles with fragments left out, and a fan over every hole but wide openings of no plane."""
    trimesh = mesh_library("trimesh")
    mesh = trimesh.Trimesh(surface.vertices, surface.faces, process=False)
    size = float(mesh.extents.max())
    labels = trimesh.graph.connected_component_labels(mesh.face_adjacency, node_count=len(mesh.faces))
    keep = np.zeros(len(mesh.faces), dtype=bool)
    for label in range(labels.max() + 1):
        own = labels == label
        keep |= own & (np.ptp(mesh.vertices[mesh.faces[own].ravel()], axis=0).max() > DEBRIS * size)
    faces = np.array(mesh.faces)[keep] if keep.any() else np.array(mesh.faces)
    vertices = np.array(mesh.vertices)
    centres, fans = list[np.ndarray](), list[np.ndarray]()
    for loop in _open_loops(faces):
        rim = vertices[loop]
        if np.ptp(rim, axis=0).max() > LARGEST_HOLE * size and _bulge(rim) > FLAT * size:
            continue
        if len(loop) == 3:
            fans.append(loop[None, ::-1])
            continue
        middle = len(vertices) + len(centres)
        centres.append(vertices[loop].mean(axis=0))
        fans.append(np.stack([np.roll(loop, -1), loop, np.full(len(loop), middle)], axis=1))
    if fans:
        faces = np.concatenate([faces, *fans])
        vertices = np.concatenate([vertices, np.array(centres).reshape(-1, 3)])
    return _outward(_Surface(vertices, faces))


def _open_loops(faces: np.ndarray) -> list[np.ndarray]:
    """Vertices of every hole in turn, in the direction of the triangles' own edges."""
    edges = faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    whole = {(int(a), int(b)) for a, b in edges}
    after: dict[int, list[int]] = {}
    for a, b in sorted(whole):
        if (b, a) not in whole:
            after.setdefault(a, []).append(b)
    loops = []
    while after:
        start = min(after)
        path, places = [start], {start: 0}
        while True:
            ways = after.get(path[-1])
            if not ways:
                break
            step = ways.pop()
            if not ways:
                del after[path[-1]]
            if step in places:
                # A loop is closed; what led to it goes on.
                at = places[step]
                if len(path) - at >= 3:
                    loops.append(np.array(path[at:]))
                for left in path[at + 1 :]:
                    del places[left]
                path = path[: at + 1]
            else:
                places[step] = len(path)
                path.append(step)
    return loops


def _bulge(rim: np.ndarray) -> float:
    """m by which points (N, 3) leave the plane that fits them best."""
    from_middle = rim - rim.mean(axis=0)
    return float(np.abs(from_middle @ np.linalg.svd(from_middle, full_matrices=False)[2][2]).max())


def _volume(surface: _Surface) -> float:
    """m³ by the triangles' signed tetrahedra; that of a nearly closed surface is nearly right."""
    a, b, c = np.moveaxis((surface.vertices - surface.vertices.mean(axis=0))[surface.faces], 1, 0)
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)
