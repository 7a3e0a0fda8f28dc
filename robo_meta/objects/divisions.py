"""The ways in which a body may be of two materials: by its parts, or by a cut across its length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from robo_meta.objects.solids import mesh_of, simplified, solid_in
from sim.errors import InputError
from sim.objects.meshes import TriangleMesh

CUTS = (0.5, 0.4, 0.6, 0.3, 0.7)
"""Shares of the length at which a body is cut where nobody says."""
FURTHER_CUTS = (0.45, 0.55, 0.35, 0.65, 0.25, 0.75, 0.2, 0.8)
"""Tried where the usual ones don't serve."""
MOST_FACES = 1500
"""Of one material's mesh."""
LEAST_SHARE = 0.002
"""Of the volume: less than this of a material is none."""


class DivisionError(InputError):
    """A division that leaves one material."""


class Halves(NamedTuple):
    """A body in two materials, not yet judged."""

    meshes: tuple[TriangleMesh, ...]
    """Slot → what is of that material; frame at rest."""
    where: str
    """How it came about, for people."""


def by_parts(meshes: Sequence[TriangleMesh]) -> Halves:
    """The division that the object's files make.

    Args:
        meshes: slot → closed mesh, frame at rest.

    Raises:
        DivisionError: one slot has next to nothing.
    """
    volumes = [solid_in(mesh).volume() for mesh in meshes]
    if min(volumes) < LEAST_SHARE * sum(volumes):
        raise DivisionError(f"its parts leave one material: slot {volumes.index(min(volumes))} has no volume")
    return Halves(tuple(_light(mesh) for mesh in meshes), "parts")


def by_cuts(whole: TriangleMesh, cuts: Sequence[float]) -> tuple[Halves, ...]:
    """A division for each plane across the length, x at rest; slot 0 is what lies before the plane.

    Args:
        whole: closed mesh, frame at rest.
        cuts: shares of the length, from its lowest x on.

    Raises:
        DivisionError: a cut leaves one material.
    """
    solid = solid_in(whole)
    low, high = whole.vertices[:, 0].min(), whole.vertices[:, 0].max()
    found = []
    for cut in cuts:
        beyond, before = solid.split_by_plane([1.0, 0.0, 0.0], float(low + cut * (high - low)))
        if min(beyond.volume(), before.volume()) < LEAST_SHARE * solid.volume():
            raise DivisionError(f"the cut at {cut:.0%} of its length leaves one material")
        meshes = tuple(mesh_of(simplified(half, MOST_FACES)) for half in (before, beyond))
        found.append(Halves(meshes, f"cut at {cut:.0%}".replace("%", " %")))
    return tuple(found)


def _light(mesh: TriangleMesh) -> TriangleMesh:
    return mesh if len(mesh.faces) <= MOST_FACES else mesh_of(simplified(solid_in(mesh), MOST_FACES))
