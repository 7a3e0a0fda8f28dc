"""Imported objects are met by the footprint of their meshes at rest: turned, it is that of the turned meshes."""

from dataclasses import replace

import numpy as np
import pytest

from sim.objects.graspable import end_holds, footprint_of, grasp_at, outer_grasps
from sim.objects.mesh_sections import MeshFootprint
from sim.objects.meshes import Division, MeshPart, MeshShape, TriangleMesh, mesh_object
from sim.objects.spec import ObjectSpec
from sim.objects.turned_meshes import TurnedFootprint, turned
from sim.records import FrozenMapping
from tests.sim.objects.mesh_tools import hull_mesh, lying_cylinder


def tapered(low: float, high: float, first: float, last: float) -> TriangleMesh:
    """A lying rod that widens, as a hull of two rounds."""
    rounds = [lying_cylinder(low, low + 1e-4, first), lying_cylinder(high - 1e-4, high, last)]
    points = np.concatenate([ring - [0, 0, ring[:, 2].min()] for ring in rounds])
    return hull_mesh(points)


@pytest.fixture(scope="module")
def rod() -> ObjectSpec:
    """Two unlike halves, turned by 0.7 rad."""
    meshes = (tapered(-0.12, 0.02, 0.012, 0.016), tapered(0.02, 0.12, 0.016, 0.02))
    division = Division(meshes, "cut", FrozenMapping({}))
    piece = np.concatenate([mesh.vertices for mesh in meshes])
    shape = MeshShape("rod", (division,), (piece,), "curved", 1.0, "")
    return mesh_object(shape, division, ("blue", "red"), "rod", 0.9, 0.7)


def bare(spec: ObjectSpec) -> ObjectSpec:
    """The same object, of which nobody knows how it was turned."""
    parts = tuple(replace(part, rest=None, turn=0.0) for part in spec.parts if isinstance(part, MeshPart))
    return replace(spec, parts=parts)


def test_it_is_the_footprint_of_the_turned_meshes(rod: ObjectSpec) -> None:
    assert rod == bare(rod)
    known, plain = footprint_of(rod), footprint_of(bare(rod))
    assert isinstance(known, TurnedFootprint) and isinstance(plain, MeshFootprint)
    for place in (-0.08, -0.03, 0.05):
        point = turned(np.array([[place, 0.002]]), 0.7)[0]
        one, other = grasp_at(known, point), grasp_at(plain, point)
        assert one is not None and other is not None
        # Candidate headings are 3.75° apart, and turned a little otherwise.
        assert one[:3] == pytest.approx(other[:3], abs=0.001) and np.cos(2 * (one[3] - other[3])) > 0.99
    for colour in ("red", "blue"):
        one, other = outer_grasps(rod, colour), outer_grasps(bare(rod), colour)
        assert len(one) and one[:, :3] == pytest.approx(other[:, :3], abs=0.002)
    assert len(outer_grasps(rod, "green")) == 0


def test_the_map_of_outer_ends_says_what_the_meshes_say(rod: ObjectSpec) -> None:
    rng = np.random.default_rng(0)
    points = turned(np.column_stack([rng.uniform(-0.14, 0.14, 200), rng.uniform(-0.02, 0.02, 200)]), 0.7)
    found, wanted = end_holds(rod, points), end_holds(bare(rod), points)
    assert 0.2 < wanted.mean() < 0.95
    assert np.mean(found == wanted) > 0.9
