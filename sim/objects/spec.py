"""Objects: coloured upright prisms that stand on the table, and the mass properties that materials give them.

Axis letters: V outline vertices. Object frame: z up, z = 0 at the table, origin at the layout's geometric centre.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.errors import InputError
from sim.records import Record

PALETTE: dict[str, tuple[float, float, float]] = {
    "red": (0.90, 0.10, 0.10),
    "green": (0.10, 0.80, 0.15),
    "blue": (0.10, 0.20, 0.90),
    "yellow": (0.90, 0.85, 0.10),
    "magenta": (0.85, 0.10, 0.80),
    "cyan": (0.10, 0.80, 0.85),
    "white": (0.92, 0.92, 0.92),
    "black": (0.10, 0.10, 0.10),
}
"""Colours that parts are painted in: name → RGB in [0, 1]."""


class ObjectError(InputError):
    """An object record that describes no possible body."""


@dataclass(frozen=True, eq=False)
class Part(Record):
    """A convex upright prism of one colour that stands on the table.

    Raises:
        ObjectError: an outline that is not a counter-clockwise convex polygon, a height that is not positive.
    """

    kind: str
    """`box`, `cylinder` or `prism`: a cylinder is a 24-sided prism that calls itself round."""
    outline: np.ndarray
    """(V, 2), m, object frame, counter-clockwise, convex; a cylinder's is a 24-gon of the circle's area."""
    height: float
    """m, from the table up."""
    colour: str
    """A name of `PALETTE`."""

    def __post_init__(self) -> None:
        outline = np.array(self.outline, dtype=np.float64)
        outline.setflags(write=False)
        object.__setattr__(self, "outline", outline)
        if self.kind not in ("box", "cylinder", "prism"):
            raise ObjectError(f"part kind {self.kind!r}; expected box, cylinder or prism")
        if self.colour not in PALETTE:
            raise ObjectError(f"unknown colour {self.colour!r}; expected one of {', '.join(PALETTE)}")
        if not 0 < self.height < np.inf:
            raise ObjectError(f"part height {self.height}; expected more than 0 m")
        if outline.ndim != 2 or outline.shape[1] != 2 or len(outline) < 3 or not np.isfinite(outline).all():
            raise ObjectError(f"part outline of shape {outline.shape}; expected (V, 2), V at least 3, all finite")
        edges = np.roll(outline, -1, axis=0) - outline
        turns = edges[:, 0] * np.roll(edges[:, 1], -1) - edges[:, 1] * np.roll(edges[:, 0], -1)
        if np.any(turns <= 0):
            raise ObjectError(f"part outline of shape {outline.shape}; expected a convex counter-clockwise polygon")


@dataclass(frozen=True)
class ObjectSpec:
    """Geometry, colours and friction of one object; its weight is the scene's."""

    family: str
    """Name of the shape family it was drawn from."""
    parts: tuple[Part, ...]
    """2–4 parts, families of one's own up to 8, with disjoint interiors."""
    friction: float
    """Lateral friction coefficient of the surface; hidden from policies."""
    spinning_friction: float = 0.0
    """m: torsional patch of the surface, added to the finger pad's; hidden from policies."""

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


def prism_moments(outline: np.ndarray, height: float) -> tuple[float, np.ndarray, np.ndarray]:
    """Volume, centroid (3,) and second moments (3, 3) = ∫ x xᵀ dV about the origin of an upright prism on z = 0.

    The area integrals are Green's theorem over the outline's triangles (Steger, 1996, "On the calculation of
    arbitrary moments of polygons").
    """
    a, b = outline, np.roll(outline, -1, axis=0)
    cross = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    area = cross.sum() / 2
    first = ((a + b) * cross[:, None]).sum(axis=0) / 6
    second = np.einsum("v,vi,vj->ij", cross, a, a) + np.einsum("v,vi,vj->ij", cross, b, b)
    second = (second + np.einsum("v,vi,vj->ij", cross, a + b, a + b)) / 24
    volume = area * height
    centroid = np.array([*(first / area), height / 2])
    moments = np.empty((3, 3))
    moments[:2, :2] = second * height
    moments[:2, 2] = moments[2, :2] = first * height**2 / 2
    moments[2, 2] = area * height**3 / 3
    return volume, centroid, moments


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
        volume, centroid, moments = prism_moments(part.outline, part.height)
        weight = densities[part.colour]
        total += weight * volume
        first += weight * volume * centroid
        second += weight * moments
    centre = first / total
    central = second / total - np.outer(centre, centre)
    inertia = mass * (np.trace(central) * np.eye(3) - central)
    return MassProperties(mass, centre, inertia)
