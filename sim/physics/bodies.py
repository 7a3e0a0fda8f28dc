"""Objects in the physics: compound bodies built from records, placed and read in their object frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.frames import PlainPose, Pose, quat_from_matrix
from sim.objects.meshes import MeshPart
from sim.objects.prisms import Prism, following
from sim.objects.spec import MassProperties, ObjectSpec
from sim.palette import PALETTE
from sim.physics.wavefront import MeshFiles
from sim.physics.world import World, pybullet

HULL_MARGIN = 0.001
"""m: Bullet pads convex meshes, but not boxes, by this much. Unless meshes are drawn in by it, objects of both rest on
their prisms alone and rock by an angle that depends on the centre of mass, which tells the materials."""


class SimObject:
    """An `ObjectSpec` in the physics: shown and read in its object frame, whatever its centre of mass."""

    def __init__(
        self, world: World, spec: ObjectSpec, properties: MassProperties, object_to_world: Pose, visible: bool
    ) -> None:
        self.world = world
        self.spec = spec
        self.mass_properties = properties
        moments, axes = np.linalg.eigh(properties.inertia)
        if np.linalg.det(axes) < 0:
            axes[:, 0] = -axes[:, 0]
        self._mass_to_object = Pose(properties.centre, quat_from_matrix(axes))
        self._object_to_mass = PlainPose.of(self._mass_to_object.inverse())
        self._plain, self._read_at = PlainPose.of(object_to_world), -1
        with MeshFiles() as files:
            collision, visual = _compound_shapes(spec, files, world.client, visible)
            self.body = pybullet.createMultiBody(
                baseMass=properties.mass,
                baseCollisionShapeIndex=collision,
                baseVisualShapeIndex=visual,
                basePosition=list(object_to_world.position),
                baseOrientation=list(object_to_world.quat_xyzw),
                baseInertialFramePosition=list(self._mass_to_object.position),
                baseInertialFrameOrientation=list(self._mass_to_object.quat_xyzw),
                physicsClientId=world.client,
            )
        # The pose set at creation is the mass frame's in some releases and the object frame's in others: set it here.
        self.place(object_to_world)
        # createMultiBody takes the bounding box's inertia, and setting a mass overwrites inertia: set it last.
        pybullet.changeDynamics(
            self.body,
            -1,
            localInertiaDiagonal=list(moments),
            lateralFriction=spec.friction,
            spinningFriction=spec.spinning_friction,
            rollingFriction=0.0,
            linearDamping=0.0,
            angularDamping=0.0,
            activationState=pybullet.ACTIVATION_STATE_DISABLE_SLEEPING,
            physicsClientId=world.client,
        )

    @property
    def plain_object_to_world(self) -> PlainPose:
        """True pose of the object frame, read once a moment of the physics."""
        if self._read_at != self.world.moment:
            found = pybullet.getBasePositionAndOrientation(self.body, physicsClientId=self.world.client)
            self._plain, self._read_at = PlainPose(*found).compose(self._object_to_mass), self.world.moment
        return self._plain

    @property
    def object_to_world(self) -> Pose:
        """The same, in arrays."""
        return self.plain_object_to_world.pose

    def place(self, object_to_world: Pose) -> None:
        """Put the object frame at `object_to_world`, at rest."""
        mass_to_world = object_to_world.compose(self._mass_to_object)
        pybullet.resetBasePositionAndOrientation(
            self.body, list(mass_to_world.position), list(mass_to_world.quat_xyzw), physicsClientId=self.world.client
        )
        self.world.touched()

    def start_again(self, object_to_world: Pose) -> None:
        """Put the object frame at `object_to_world`, at rest, as if the body had just been made: nothing is left of
        what touched it."""
        self.place(object_to_world)
        # With its filter's words, those that every body is made with, Bullet makes the body's place in the broadphase
        # anew and forgets its contacts: nothing can start from the forces of an episode before.
        pybullet.setCollisionFilterGroupMask(self.body, -1, _MOVING, _EVERYTHING, physicsClientId=self.world.client)

    def set_velocity(self, linear: np.ndarray) -> None:
        """Give the body a linear velocity (3,), m/s, world frame."""
        pybullet.resetBaseVelocity(self.body, list(linear), [0, 0, 0], physicsClientId=self.world.client)

    def remove(self) -> None:
        """Take the body out of the world."""
        pybullet.removeBody(self.body, physicsClientId=self.world.client)


_NO_TURN = [0.0, 0.0, 0.0, 1.0]
_MOVING, _EVERYTHING = 1, -1
"""Bullet's filter of collisions: the group of what moves, and a mask of all groups."""


@dataclass(frozen=True)
class _Shape:
    """One convex body of a compound, as PyBullet's constructors take it."""

    kind: int
    half_extents: list[float]
    file: str
    position: list[float]
    quat: list[float]


def _compound_shapes(spec: ObjectSpec, files: MeshFiles, client: int, visible: bool) -> tuple[int, int]:
    """Collision shape and visual shape (−1 where not `visible`) of the object, in its object frame."""
    prisms = [_prism_shape(part, files) for part in spec.parts if isinstance(part, Prism)]
    solid = prisms or [_file_shape(name) for name in files.pieces([_named_corners(piece) for piece in spec.pieces])]
    collision = pybullet.createCollisionShapeArray(**_arrays(solid, "collision"), physicsClientId=client)
    if not visible:
        return collision, -1
    shown = prisms or [_mesh_shape(part, files) for part in spec.parts if isinstance(part, MeshPart)]
    visual = pybullet.createVisualShapeArray(
        **_arrays(shown, "visual"),
        rgbaColors=[[*PALETTE[part.colour], 1.0] for part in spec.parts],
        physicsClientId=client,
    )
    return collision, visual


def _arrays(shapes: list[_Shape], use: str) -> dict[str, list]:
    """The shapes as the parallel lists that PyBullet takes; `use` is `collision` or `visual`."""
    return {
        "shapeTypes": [shape.kind for shape in shapes],
        "halfExtents": [shape.half_extents for shape in shapes],
        "fileNames": [shape.file for shape in shapes],
        f"{use}FramePositions": [shape.position for shape in shapes],
        f"{use}FrameOrientations": [shape.quat for shape in shapes],
    }


def _prism_shape(part: Prism, files: MeshFiles) -> _Shape:
    half, yaw = _box_of(part)
    extents = [*half, part.height / 2]
    if part.kind == "box":
        place = [*part.outline.mean(axis=0), part.height / 2]
        return _Shape(pybullet.GEOM_BOX, extents, "", place, [0.0, 0.0, np.sin(yaw / 2), np.cos(yaw / 2)])
    # Cylinders are 24-sided prisms too: a pad meets a facet of one, but only a line of PyBullet's own cylinder.
    return _Shape(pybullet.GEOM_MESH, extents, _write_prism(part, files), [0.0, 0.0, 0.0], _NO_TURN)


def _named_corners(piece: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The corners of a convex piece, and faces that name each of them."""
    return piece, np.arange(len(piece) - 2)[:, None] + np.arange(3)


def _mesh_shape(part: MeshPart, files: MeshFiles) -> _Shape:
    return _file_shape(files.mesh(part.mesh.vertices, part.mesh.faces))


def _file_shape(file: str) -> _Shape:
    return _Shape(pybullet.GEOM_MESH, [1.0, 1.0, 1.0], file, [0.0, 0.0, 0.0], _NO_TURN)


def _box_of(part: Prism) -> tuple[np.ndarray, float]:
    """Half side lengths (2,) and yaw of a box part's outline."""
    first, second = part.outline[1] - part.outline[0], part.outline[2] - part.outline[1]
    return np.array([np.hypot(*first), np.hypot(*second)]) / 2, float(np.arctan2(first[1], first[0]))


def _inset(outline: np.ndarray, distance: float) -> np.ndarray:
    """(V, 2) corners of a convex counter-clockwise outline whose sides are all moved inwards by `distance` m."""
    edges = following(outline) - outline
    normals = np.stack([edges[:, 1], -edges[:, 0]], axis=1) / np.linalg.norm(edges, axis=1, keepdims=True)
    offsets = (normals * outline).sum(axis=1) - distance
    before, limits = (np.concatenate((rows[-1:], rows[:-1])) for rows in (normals, offsets))
    return np.linalg.solve(np.stack([before, normals], axis=1), np.stack([limits, offsets], axis=1)[..., None])[..., 0]


def _write_prism(part: Prism, files: MeshFiles) -> str:
    """Write the prism as a Wavefront mesh, drawn in by the hull's margin, and return the file's name."""
    floor, top = HULL_MARGIN, part.height - HULL_MARGIN
    return files.mesh(*prism_mesh(_inset(part.outline, HULL_MARGIN), floor, top))


def prism_mesh(rim: np.ndarray, floor: float, top: float) -> tuple[np.ndarray, np.ndarray]:
    """Corners (2 V, 3) and triangles (F, 3), faces outward, of an upright prism.

    Args:
        rim: (V, 2) outline, m, counter-clockwise, convex.
        floor: m: height of its bottom.
        top: m: height of its top.
    """
    sides = len(rim)
    corners = np.concatenate([np.column_stack([rim, np.full(sides, z)]) for z in (floor, top)])
    faces = []
    for i in range(1, sides - 1):
        faces += [(0, i + 1, i), (sides, sides + i, sides + i + 1)]
    for i in range(sides):
        j = (i + 1) % sides
        faces += [(i, j, sides + j), (i, sides + j, sides + i)]
    return corners, np.array(faces)
