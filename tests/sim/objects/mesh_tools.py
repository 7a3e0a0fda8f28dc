"""Closed meshes made of boxes and prisms, and objects of two such, without any mesh library."""

import numpy as np
from scipy.spatial import ConvexHull

from sim.objects.meshes import Division, MeshPart, MeshShape, TriangleMesh
from sim.objects.prisms import Prism
from sim.objects.spec import ObjectSpec
from sim.physics.bodies import HULL_MARGIN
from sim.physics.hulls import inset
from sim.records import FrozenMapping


def hull_mesh(points: np.ndarray) -> TriangleMesh:
    """The convex hull of `points` (N, 3), faces outward."""
    hull = ConvexHull(points)
    used = np.unique(hull.simplices)
    rows = np.full(len(points), -1)
    rows[used] = np.arange(len(used))
    faces = rows[hull.simplices]
    a, b, c = np.moveaxis(points[used][faces], 1, 0)
    inward = np.einsum("fi,fi->f", np.cross(b - a, c - a), hull.equations[:, :3]) < 0
    faces[inward] = faces[inward][:, ::-1]
    return TriangleMesh(points[used], faces)


def prism_points(outline: np.ndarray, height: float) -> np.ndarray:
    """(2 V, 3) corners of an upright prism."""
    return np.concatenate([np.column_stack([outline, np.full(len(outline), z)]) for z in (0.0, height)])


def rectangle(x0: float, x1: float, width: float) -> np.ndarray:
    """(4, 2) outline of a bar along x."""
    return np.array([[x0, -width / 2], [x1, -width / 2], [x1, width / 2], [x0, width / 2]])


def lying_cylinder(x0: float, x1: float, radius: float, sides: int = 48, flattened: float = 0.0) -> np.ndarray:
    """(2 × sides, 3) corners of a cylinder that lies along x on the table; its lowest `flattened` m are cut off, so
    that it doesn't roll."""
    # Half a step on, so that a facet lies on the table and not an edge.
    angle = 2 * np.pi * (np.arange(sides) + 0.5) / sides
    ring = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    ring[:, 1] = np.maximum(ring[:, 1] + radius, flattened) - flattened
    ring[:, 1] -= ring[:, 1].min()
    return np.concatenate([np.column_stack([np.full(sides, x), ring]) for x in (x0, x1)])


def twin_bars(cut: float = 0.03) -> tuple[ObjectSpec, ObjectSpec]:
    """One bar of two materials, as meshes and as prisms."""
    halves = rectangle(-0.12, cut, 0.03), rectangle(cut, 0.12, 0.03)
    meshes = [hull_mesh(prism_points(half, 0.03)) for half in halves]
    of_meshes = ObjectSpec(
        "bar", tuple(MeshPart(mesh, c, n) for n, (mesh, c) in enumerate(zip(meshes, ("red", "blue"), strict=True))), 0.7
    )
    of_prisms = ObjectSpec(
        "bar", tuple(Prism("box", half, 0.03, c) for half, c in zip(halves, ("red", "blue"), strict=True)), 0.7
    )
    return of_meshes, of_prisms


def rod(name: str = "rod", radius: float = 0.014, length: float = 0.24) -> MeshShape:
    """A lying rod, round but for its underside, that is cut in the middle."""
    flattened, halves = 0.15 * radius, ((-length / 2, 0.0), (0.0, length / 2))
    meshes = tuple(hull_mesh(lying_cylinder(*half, radius, flattened=flattened)) for half in halves)
    whole = lying_cylinder(-length / 2, length / 2, radius, 24, flattened)
    division = Division(meshes, "cut at 50 %", FrozenMapping({}))
    return MeshShape(name, (division,), (inset(whole, HULL_MARGIN),), "curved", 1.0, "")
