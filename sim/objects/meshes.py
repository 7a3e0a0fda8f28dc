"""Imported objects: closed triangle meshes at rest on the table, and the ways in which they may be of two materials.

Axis letters: V vertices, F faces, C corners of a convex piece. Frame at rest: z up, lowest point at z = 0, origin in
the middle of the bounding box in the plane.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.errors import InputError
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
    """Each (C, 3), m, frame at rest: corners of convex pieces that together fill the object, for contacts."""
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

    def accepts(self, intention: str) -> tuple[Division, ...]:
        """The divisions that serve for `intention`."""
        return tuple(division for division in self.divisions if intention not in division.refusals)
