"""The footprint of an imported object in its frame at rest, worked out once and turned for every object drawn from it.

Imported objects differ in colours and heading only: slices, outer ends and where fingers can take one are the same.
Axis letters: N queries, K candidate headings. Object frame unless said otherwise, m and rad; `turn` is from the frame
at rest to the object frame.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from sim.frames import wrap_heading
from sim.objects.cross_sections import Sections, held_alone, weighed
from sim.objects.mesh_sections import MeshFootprint
from sim.objects.meshes import MeshPart, TriangleMesh
from sim.objects.spec import ObjectSpec
from sim.palette import PALETTE

KEPT = 256
"""Divided objects whose footprints are kept."""


class MeshesAtRest:
    """The meshes of a divided object in its frame at rest; equal where they are the same ones in memory."""

    def __init__(self, meshes: tuple[TriangleMesh, ...]) -> None:
        self.meshes = meshes

    def __hash__(self) -> int:
        return hash(tuple(map(id, self.meshes)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MeshesAtRest) or len(self.meshes) != len(other.meshes):
            return False
        return all(one is another for one, another in zip(self.meshes, other.meshes, strict=True))

    @property
    def spec(self) -> ObjectSpec:
        """The object at rest, each mesh of another colour."""
        parts = (MeshPart(mesh, c, n) for n, (mesh, c) in enumerate(zip(self.meshes, PALETTE, strict=False)))
        return ObjectSpec("at rest", tuple(parts), 1.0)


def at_rest(spec: ObjectSpec) -> MeshesAtRest | None:
    """The meshes that the object's are turned from; None where they aren't known."""
    rests = tuple(part.rest for part in spec.parts if isinstance(part, MeshPart) and part.rest is not None)
    return MeshesAtRest(rests) if len(rests) == len(spec.parts) else None


def turn_of(spec: ObjectSpec) -> float:
    """rad: how far the object is turned from rest."""
    part = spec.parts[0]
    return part.turn if isinstance(part, MeshPart) else 0.0


@lru_cache(maxsize=KEPT)
def footprint_at_rest(rest: MeshesAtRest) -> MeshFootprint:
    """The footprint in the frame at rest."""
    return MeshFootprint(rest.spec)


class TurnedFootprint:
    """An object as the fingers meet it, by the footprint of its meshes at rest; a `Footprint`."""

    def __init__(self, spec: ObjectSpec, rest: MeshesAtRest) -> None:
        self.spec = spec
        self._rest, self._turn = footprint_at_rest(rest), turn_of(spec)

    @property
    def headings(self) -> np.ndarray:
        """(K,), rad: closing headings worth trying anywhere on it."""
        return wrap_heading(self._rest.headings + self._turn)

    def end_headings(self) -> np.ndarray:
        """(K,), rad: closing headings worth trying at outer ends."""
        return wrap_heading(self._rest.end_headings() + self._turn)

    def weigh(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Every candidate heading at `points` (M, 2); see `Footprint`."""
        return weighed(self, points)

    def ends_held(self, points: np.ndarray) -> np.ndarray:
        """(M,) bool; see `Footprint`."""
        return held_alone(self, points)

    def cut(self, points: np.ndarray, yaws: np.ndarray, *, at_end: bool = False) -> Sections:
        """Cut it at `points` (N, 2) along closing headings `yaws` (N,); see `Footprint`."""
        return self._rest.cut(turned(points, -self._turn), yaws - self._turn, at_end=at_end)

    def end_grasps(self, colour: str) -> tuple[np.ndarray, np.ndarray]:
        """Grasps (N, 4) and costs (N,) on `colour` alone, the farthest from the origin among them."""
        own = next(n for n, part in enumerate(self.spec.parts) if part.colour == colour)
        grasps, costs = self._rest.end_grasps(self._rest.spec.parts[own].colour)
        return turned_grasps(grasps, self._turn), costs


def turned(points: np.ndarray, turn: float) -> np.ndarray:
    """`points` (N, 2) turned by `turn` rad about the origin."""
    c, s = np.cos(turn), np.sin(turn)
    return points @ np.array([[c, s], [-s, c]])


def turned_grasps(grasps: np.ndarray, turn: float) -> np.ndarray:
    """Grasps (N, 4) x, y, z, yaw turned by `turn` rad about the origin."""
    return np.column_stack([turned(grasps[:, :2], turn), grasps[:, 2], wrap_heading(grasps[:, 3] + turn)])
