"""Imported objects: closed triangle meshes at rest on the table, and the ways in which they may be of two materials.

Axis letters: V vertices, F faces, C corners of a convex piece. Frame at rest: z up, lowest point at z = 0, origin in
the middle of the bounding box in the plane.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from sim.errors import InputError
from sim.objects.mesh_rays import Picture
from sim.objects.spec import ObjectError, ObjectSpec
from sim.palette import PALETTE
from sim.records import FrozenMapping, Record

SURFACES = ("flat", "curved")
"""What the pads meet at an object's balance points: faces, or surfaces that they touch along a line or in a point."""


class MeshError(InputError):
    """A mesh that describes no possible body."""


@dataclass(frozen=True, eq=False)
class TriangleMesh(Record):
    """A closed surface of triangles, seen counter-clockwise from outside.

    Raises:
        MeshError: arrays of other shapes, values that aren't finite, faces of vertices that there aren't.
    """

    vertices: np.ndarray
    """(V, 3), m."""
    faces: np.ndarray
    """(F, 3), whole numbers: rows of `vertices`."""

    def __post_init__(self) -> None:
        for name, kind in (("vertices", np.float64), ("faces", np.int64)):
            value = np.array(getattr(self, name), dtype=kind)
            value.setflags(write=False)
            object.__setattr__(self, name, value)
        if self.vertices.ndim != 2 or self.vertices.shape[1] != 3 or not np.isfinite(self.vertices).all():
            raise MeshError(f"mesh vertices of shape {self.vertices.shape}; expected (V, 3), all finite")
        if self.faces.ndim != 2 or self.faces.shape[1] != 3 or len(self.faces) < 4:
            raise MeshError(f"mesh faces of shape {self.faces.shape}; expected (F, 3), F at least 4")
        if self.faces.min() < 0 or self.faces.max() >= len(self.vertices):
            raise MeshError(f"mesh faces of vertices {self.faces.min()} to {self.faces.max()} of {len(self.vertices)}")

    @property
    def triangles(self) -> np.ndarray:
        """(F, 3, 3), m: corners of each face."""
        return self.vertices[self.faces]

    def turned(self, turn: float) -> TriangleMesh:
        """The mesh turned by `turn` rad about z."""
        return TriangleMesh(_turned(self.vertices, turn), self.faces)


@dataclass(frozen=True, eq=False)
class MeshPart(Record):
    """A closed mesh of one colour; a `sim.objects.solids.Part`.

    Raises:
        ObjectError: an unknown colour, a mesh that holds no volume.
    """

    mesh: TriangleMesh
    """Object frame."""
    colour: str
    """A name of `PALETTE`."""
    slot: int = 0
    """Slot of the division that it fills."""
    rest: TriangleMesh | None = field(default=None, compare=False)
    """The mesh in the imported object's frame at rest, from which `mesh` is turned; None where that isn't known."""
    turn: float = field(default=0.0, compare=False)
    """rad about z: from the frame at rest to the object frame."""

    def __post_init__(self) -> None:
        if self.colour not in PALETTE:
            raise ObjectError(f"unknown colour {self.colour!r}; expected one of {', '.join(PALETTE)}")
        if not self.moments()[0] > 0:
            raise ObjectError(f"a mesh of volume {self.moments()[0]:.3g} m³; expected more than 0: is it closed?")

    @property
    def role(self) -> str:
        """Empty: nobody names the halves of an imported object, so that their shape tells (`sim.objects.roles`)."""
        return ""

    @cached_property
    def height(self) -> float:
        """m, from the table to its top."""
        return float(self.mesh.vertices[:, 2].max())

    @cached_property
    def outline(self) -> np.ndarray:
        """(V, 2), m, counter-clockwise: convex outline of what it covers of the table."""
        # Imported here: who only reads a library of objects needs none of it.
        import shapely

        hull = shapely.convex_hull(shapely.MultiPoint(self.mesh.vertices[:, :2]))
        return np.array(shapely.get_coordinates(shapely.orient_polygons(hull)))[:-1]

    @property
    def corners(self) -> np.ndarray:
        """(V, 3), m: its vertices."""
        return self.mesh.vertices

    @property
    def key(self) -> tuple[Any, ...]:
        """What is equal for equal geometry and colour; hashes."""
        return "mesh", self.mesh.vertices.tobytes(), self.mesh.faces.tobytes(), self.colour

    def moments(self) -> tuple[float, np.ndarray, np.ndarray]:
        """Volume, centroid (3,) and second moments (3, 3) about the origin; see `mesh_moments`."""
        return self._moments

    @cached_property
    def _moments(self) -> tuple[float, np.ndarray, np.ndarray]:
        return mesh_moments(self.mesh)

    def planar_moments(self) -> tuple[float, np.ndarray]:
        """Volume, m³, and first moments (2,) in the plane, m⁴."""
        volume, centroid, _ = self.moments()
        return volume, volume * centroid[:2]

    def cast(self, origin: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Distances (R,) at which rays meet it."""
        return self._picture(np.asarray(origin, dtype=np.float64).tobytes()).meet(directions)

    @cached_property
    def _picture(self) -> Callable[[bytes], Picture]:
        # A scan casts its rays in several lots from one place: what is seen from there is listed once.
        return lru_cache(maxsize=1)(lambda place: Picture(self.mesh.triangles, np.frombuffer(place)))

    def to_record(self) -> dict[str, Any]:
        """Its geometry and colour as plain data, m."""
        vertices, faces = self.mesh.vertices.tolist(), self.mesh.faces.tolist()
        return {"kind": "mesh", "vertices": vertices, "faces": faces, "colour": self.colour}


def mesh_moments(mesh: TriangleMesh) -> tuple[float, np.ndarray, np.ndarray]:
    """Volume, centroid (3,) and second moments (3, 3) = ∫ x xᵀ dV about the origin of a closed mesh.

    Sums over the tetrahedra that the origin spans with each face; those of a face seen from behind count negative
    (Zhang and Chen, 2001, "Efficient feature extraction for 2D/3D objects in mesh representation").
    """
    a, b, c = np.moveaxis(mesh.triangles, 1, 0)
    six = np.einsum("fi,fi->f", a, np.cross(b, c))
    volume = float(six.sum()) / 6
    total = a + b + c
    first = (six[:, None] * total).sum(axis=0) / 24
    second = sum(np.einsum("f,fi,fj->ij", six, x, x) for x in (a, b, c, total)) / 120
    return volume, first / volume, np.asarray(second)


def _turned(points: np.ndarray, turn: float) -> np.ndarray:
    """`points` (…, 3) turned by `turn` rad about z."""
    c, s = np.cos(turn), np.sin(turn)
    return points @ np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])


@dataclass(frozen=True, eq=False)
class Division(Record):
    """One way in which an object is of several materials: a closed mesh a slot."""

    meshes: tuple[TriangleMesh, ...]
    """Slot → what is of that material; frame at rest, interiors disjoint."""
    where: str
    """How it came about, for people: `parts`, `cut at 45 %`."""
    refusals: FrozenMapping[str, str]
    """Intention (`balance`, `part`) → why objects so divided don't serve for it, in plain words; those that do are
    absent."""


@dataclass(frozen=True, eq=False)
class MeshShape(Record):
    """An imported object: where it rests, what physics touches, and its divisions into materials."""

    name: str
    """Lower-case words with hyphens."""
    divisions: tuple[Division, ...]
    """At least one."""
    pieces: tuple[np.ndarray, ...]
    """Each (C, 3), m, frame at rest: corners of convex pieces that together fill the object, for contacts; drawn in by
    what physics pads them (`sim.physics.bodies.HULL_MARGIN`)."""
    surface: str
    """`flat` or `curved`."""
    scale: float
    """What its file's lengths were multiplied by, its unit apart."""
    licence: str
    """As its file's owner states it; empty where unknown."""

    def __post_init__(self) -> None:
        pieces = tuple(np.array(piece, dtype=np.float64) for piece in self.pieces)
        for piece in pieces:
            piece.setflags(write=False)
        object.__setattr__(self, "pieces", pieces)
        if self.surface not in SURFACES:
            raise MeshError(f"{self.name}: surface {self.surface!r}; expected flat or curved")
        if not self.divisions or not pieces:
            raise MeshError(f"{self.name}: {len(self.divisions)} divisions, {len(pieces)} pieces; expected some")

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all that decides what is played with it."""
        digest = hashlib.sha256(f"{self.name} {self.surface} {self.scale!r}".encode())
        for division in self.divisions:
            digest.update(f"{division.where} {sorted(division.refusals.items())}".encode())
            for mesh in division.meshes:
                digest.update(mesh.vertices.tobytes() + mesh.faces.tobytes())
        for piece in self.pieces:
            digest.update(piece.tobytes())
        return digest.hexdigest()

    def accepts(self, intention: str) -> tuple[Division, ...]:
        """The divisions that serve for `intention`."""
        return tuple(division for division in self.divisions if intention not in division.refusals)


def mesh_object(
    shape: MeshShape, division: Division, colours: tuple[str, ...], family: str, friction: float, turn: float
) -> ObjectSpec:
    """The object in a frame that tells nothing about the materials: turned by `turn` rad about the origin.

    Args:
        shape: where it rests, what physics touches.
        division: one of its divisions.
        colours: slot → colour.
        family: name that the object goes by.
        friction: lateral friction coefficient.
        turn: rad.
    """
    parts = tuple(
        MeshPart(mesh.turned(turn), colour, slot, mesh, turn)
        for slot, (mesh, colour) in enumerate(zip(division.meshes, colours, strict=True))
    )
    pieces = tuple(_turned(piece, turn) for piece in shape.pieces)
    return ObjectSpec(family, parts, friction, surface=shape.surface, pieces=pieces)
