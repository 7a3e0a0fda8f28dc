"""What PyBullet holds of an object is what its record says: read back, and shown by how the body moves."""

from collections.abc import Iterator

import numpy as np
import pytest

from sim.frames import Pose, quat_from_yaw
from sim.objects.meshes import MeshPart
from sim.objects.spec import MassProperties, ObjectSpec, mass_properties
from sim.physics.bodies import SimObject
from sim.physics.world import PHYSICS_HZ, World, pybullet
from sim.tasks.sampling import draw_scene, draw_task
from tests.sim.objects.mesh_tools import hull_mesh
from tests.sim.objects.voxels import voxel_properties

FAMILIES = ("bar", "hammer", "spoon", "zigzag", "wishbone", "mallet")
"""Boxes, round parts and prisms, with and without symmetry."""
OBJECT_TO_WORLD = Pose(np.array([0.4, -0.1, 0.0]), quat_from_yaw(0.7))


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    opened = World()
    yield opened
    opened.close()


@pytest.fixture(params=FAMILIES)
def built(world: World, request: pytest.FixtureRequest) -> Iterator[tuple[SimObject, MassProperties]]:
    """An object of a family in the world, turned, and its mass properties by the integral of `voxels`."""
    split = "validation" if request.param == "mallet" else "training"
    scene = draw_scene(0, draw_task(0, split, 3, "balance"), request.param, "a0")
    centre, inertia = voxel_properties(scene.object, dict(scene.task.densities), scene.mass)
    properties = mass_properties(scene.object, scene.task.densities, scene.mass)
    body = SimObject(world, scene.object, properties, OBJECT_TO_WORLD, visible=False)
    yield body, MassProperties(scene.mass, centre, inertia)
    body.remove()


def dynamics(body: SimObject) -> tuple[float, np.ndarray]:
    """Mass, kg, and diagonal of the inertia, kg m², that PyBullet holds."""
    info = pybullet.getDynamicsInfo(body.body, -1, physicsClientId=body.world.client)
    return info[0], np.array(info[2])


def mass_to_world(body: SimObject) -> Pose:
    """Pose of the centre of mass and its principal axes, as PyBullet holds it."""
    position, quat = pybullet.getBasePositionAndOrientation(body.body, physicsClientId=body.world.client)
    return Pose(np.array(position), np.array(quat))


def test_mass_centre_and_inertia_read_back(built: tuple[SimObject, MassProperties]):
    body, expected = built
    mass, diagonal = dynamics(body)
    assert mass == pytest.approx(expected.mass, rel=1e-12)
    np.testing.assert_allclose(mass_to_world(body).position, OBJECT_TO_WORLD.apply(expected.centre), atol=3e-4)
    tolerance = 0.02 * np.trace(expected.inertia) / 3
    np.testing.assert_allclose(np.sort(diagonal), np.linalg.eigvalsh(expected.inertia), atol=tolerance)
    axes = OBJECT_TO_WORLD.inverse().compose(mass_to_world(body)).rotation
    np.testing.assert_allclose(axes @ np.diag(diagonal) @ axes.T, expected.inertia, atol=tolerance)


def test_the_shape_stands_about_that_centre(world: World, built: tuple[SimObject, MassProperties]):
    """A ray from above meets each part at its height: the shapes aren't moved by where the centre of mass is."""
    body, _ = built
    for part in body.spec.parts:
        above = OBJECT_TO_WORLD.apply(np.array([*part.outline.mean(axis=0), 0.2]))
        hit = pybullet.rayTest(list(above), [*above[:2], -0.1], physicsClientId=world.client)[0]
        assert hit[0] == body.body
        assert hit[3][2] == pytest.approx(part.height, abs=0.0015)


@pytest.mark.parametrize("axis", range(3))
def test_a_torque_turns_it_by_that_inertia(world: World, built: tuple[SimObject, MassProperties], axis: int):
    """One step from rest in free fall: Δω = I⁻¹ τ Δt, in world axes."""
    body, expected = built
    aloft = Pose(np.array([0.4, -0.1, 2.0]), OBJECT_TO_WORLD.quat_xyzw)
    body.place(aloft)
    torque = 0.01 * np.eye(3)[axis]
    pybullet.applyExternalTorque(body.body, -1, list(torque), pybullet.WORLD_FRAME, physicsClientId=world.client)
    world.step(1)
    turning = np.array(pybullet.getBaseVelocity(body.body, physicsClientId=world.client)[1])
    in_world = aloft.rotation @ expected.inertia @ aloft.rotation.T
    predicted = np.linalg.solve(in_world, torque) / PHYSICS_HZ
    np.testing.assert_allclose(turning, predicted, atol=0.03 * np.abs(predicted).max())


@pytest.mark.parametrize("count", [16, 17, 40])
def test_no_convex_piece_is_left_out(world: World, count: int) -> None:
    # PyBullet takes sixteen shapes for a body and says nothing of the others.
    corners = np.array([[x, y, z] for x in (0.0, 0.004) for y in (-0.01, 0.01) for z in (0.0, 0.02)])
    pieces = tuple(corners + [0.012 * number, 0, 0] for number in range(count))
    part = MeshPart(hull_mesh(np.concatenate(pieces)), "red")
    spec = ObjectSpec("comb", (part,), 0.8, surface="flat", pieces=pieces)
    body = SimObject(
        world, spec, mass_properties(spec, {"red": 1.0}, 0.1), Pose(np.zeros(3), quat_from_yaw(0.0)), False
    )
    try:
        middles, gaps = ([0.012 * number + along for number in range(count)] for along in (0.002, 0.008))
        met = [
            pybullet.rayTest([x, 0, 1], [x, 0, 0.005], physicsClientId=world.client)[0][0] == body.body
            for x in (*middles, *gaps)
        ]
    finally:
        body.remove()
    assert all(met[:count]) and not any(met[count:])
