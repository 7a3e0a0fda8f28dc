"""Objects: coloured parts that stand or lie on the table, and the mass properties that materials give them.

Axis letters: C corners. Object frame: z up, z = 0 at the table, origin at the layout's geometric centre.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.errors import InputError
from sim.objects.solids import Part
from sim.palette import PALETTE
from sim.records import Record

PRISMS = "prisms"
"""`ObjectSpec.surface` of objects made of prisms."""


class ObjectError(InputError):
    """An object record that describes no possible body."""


@dataclass(frozen=True, eq=False)
class ObjectSpec(Record):
    """Geometry, colours and friction of one object; its weight is the scene's."""

    family: str
    """Name of the shape family it was drawn from."""
    parts: tuple[Part, ...]
    """2–4 parts, families of one's own up to 8, with disjoint interiors."""
    friction: float
    """Lateral friction coefficient of the surface; hidden from policies."""
    spinning_friction: float = 0.0
    """m: torsional patch of the surface, added to the finger pad's; hidden from policies."""
    surface: str = PRISMS
    """`prisms`, or what the pads meet on an imported object: `flat` or `curved`. Friction and mass are drawn by it."""
    pieces: tuple[np.ndarray, ...] = ()
    """Each (C, 3), m, object frame: corners of the convex pieces by which physics touches the object, drawn in by what
    physics pads them (`sim.physics.bodies.HULL_MARGIN`); none for prisms, which are convex themselves."""

    @cached_property
    def colours(self) -> tuple[str, ...]:
        """The colours on this object, in palette order."""
        return tuple(name for name in PALETTE if any(part.colour == name for part in self.parts))

    @cached_property
    def height(self) -> float:
        """Height of the tallest part, m."""
        return max(part.height for part in self.parts)


@dataclass(frozen=True, eq=False)
class MassProperties(Record):
    """Mass, centre of mass and inertia of a rigid body, object frame."""

    mass: float
    """kg."""
    centre: np.ndarray
    """(3,), m: centre of mass."""
    inertia: np.ndarray
    """(3, 3), kg m²: inertia tensor about the centre of mass, object axes."""


def mass_properties(spec: ObjectSpec, densities: Mapping[str, float], mass: float) -> MassProperties:
    """Mass, centre and inertia of `spec` when its colours weigh `densities` relative to each other.

    Args:
        spec: the object.
        densities: colour → relative density; only the ratios matter, because `mass` is drawn apart from them.
        mass: total mass, kg.

    Raises:
        ObjectError: a colour of the object has no density.
    """
    missing = [colour for colour in spec.colours if colour not in densities]
    if missing:
        raise ObjectError(f"no density for {', '.join(missing)}; materials cover {', '.join(densities)}")
    total, first, second = 0.0, np.zeros(3), np.zeros((3, 3))
    for part in spec.parts:
        volume, centroid, moments = part.moments()
        weight = densities[part.colour]
        total += weight * volume
        first += weight * volume * centroid
        second += weight * moments
    centre = first / total
    central = second / total - np.outer(centre, centre)
    inertia = mass * (np.trace(central) * np.eye(3) - central)
    return MassProperties(mass, centre, inertia)
