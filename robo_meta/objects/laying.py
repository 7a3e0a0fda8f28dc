"""A prepared object laid down at a scale."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from robo_meta.objects.moments import volume_moments
from robo_meta.objects.preparing import Prepared, loads_of
from robo_meta.objects.rest import DENSITY, FRICTION, RestError, find_rest, rests_with
from sim.objects.meshes import TriangleMesh
from sim.records import Record


@dataclass(frozen=True, eq=False)
class Laid(Record):
    """Where an object of some scale rests."""

    body: Prepared
    """Its meshes and pieces, m, frame at rest at that scale; its `scale` counts from its file."""
    unrest: str
    """Why it lies nowhere still, in plain words; empty where it does."""


def laid(prepared: Prepared, scale: float) -> Laid:
    """The object with all lengths times `scale`, still at rest.

    What physics pads the pieces with doesn't grow with them, so that a rest may have to be found anew.
    """
    if scale == 1.0:
        return Laid(prepared, "")
    body = _moved(prepared, scale * np.eye(3), np.zeros(3))
    body = replace(body, scale=prepared.scale * scale)
    volume, centre, inertia = volume_moments(body.whole)
    if rests_with(body.pieces, DENSITY * volume, centre, DENSITY * inertia, FRICTION).still:
        return Laid(body, "")
    try:
        rest = find_rest(body.pieces, loads_of(body.whole, body.slots), "z")
    except RestError as error:
        return Laid(body, str(error))
    return Laid(_moved(body, rest.rotation, rest.translation), "")


def _moved(body: Prepared, matrix: np.ndarray, shift: np.ndarray) -> Prepared:
    """The object with every point x at `matrix` (3, 3) · x + `shift` (3,), m."""

    def mesh(found: TriangleMesh) -> TriangleMesh:
        return TriangleMesh(found.vertices @ matrix.T + shift, found.faces)

    pieces = tuple(piece @ matrix.T + shift for piece in body.pieces)
    return replace(body, whole=mesh(body.whole), slots=tuple(mesh(slot) for slot in body.slots), pieces=pieces)
