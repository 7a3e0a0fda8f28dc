"""Convex upright prisms that stand on the table: the parts of the shipped shape families.

Axis letters: V outline vertices, A those of several prisms, P prisms, H half-spaces, R rays. Object frame: z up, z = 0
at the table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np

from sim.objects.solids import Part
from sim.objects.spec import ObjectError
from sim.palette import PALETTE
from sim.records import Record


@dataclass(frozen=True, eq=False)
class Prism(Record):
    """A convex upright prism of one colour that stands on the table; a `sim.objects.solids.Part`.

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
    slot: int = 0
    """Slot of the family's layout that it fills."""
    role: str = ""
    """What its family says that it is for; see `sim.objects.roles`."""

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
        if min(turns_of(outline)) <= 0:
            raise ObjectError(f"part outline of shape {outline.shape}; expected a convex counter-clockwise polygon")

    @property
    def corners(self) -> np.ndarray:
        """(2 V, 3), m: the corners of the bottom, then those of the top."""
        count = len(self.outline)
        found = np.zeros((2 * count, 3))
        found[:count, :2] = found[count:, :2] = self.outline
        found[count:, 2] = self.height
        return found

    @property
    def key(self) -> tuple[Any, ...]:
        """What is equal for equal geometry and colour; hashes."""
        return self.kind, self.outline.tobytes(), self.height, self.colour

    def moments(self) -> tuple[float, np.ndarray, np.ndarray]:
        """Volume, centroid (3,) and second moments (3, 3) about the origin; see `prism_moments`."""
        return prism_moments(self.outline, self.height)

    def planar_moments(self) -> tuple[float, np.ndarray]:
        """Volume, m³, and first moments (2,) in the plane, m⁴."""
        corners = self.outline.tolist()
        twice, first_x, first_y = 0.0, 0.0, 0.0
        # Python's floats: the corners are few.
        for (x, y), (next_x, next_y) in pairwise([*corners, corners[0]]):
            cross = x * next_y - y * next_x
            twice += cross
            first_x += (x + next_x) * cross
            first_y += (y + next_y) * cross
        return self.height * twice / 2, np.array([self.height * first_x / 6, self.height * first_y / 6])

    def cast(self, origin: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Distances (R,) at which rays meet it: a ray is inside between the last half-space that it enters and the
        first that it leaves."""
        return meeting(half_spaces([self]), origin)(directions)[0]

    def to_record(self) -> dict[str, Any]:
        """Its geometry and colour as plain data, m."""
        return {"kind": self.kind, "outline": self.outline.tolist(), "height": self.height, "colour": self.colour}


def turns_of(outline: np.ndarray) -> list[float]:
    """At each corner of an outline (V, 2), m, twice the area of the triangle with its neighbours, m²: above 0 where it
    turns counter-clockwise. In Python's floats, as corners are few; they round as numpy's do."""
    corners = outline.tolist()
    edges = [(bx - ax, by - ay) for (ax, ay), (bx, by) in pairwise([*corners, corners[0]])]
    return [ax * by - ay * bx for (ax, ay), (bx, by) in pairwise([*edges, edges[0]])]


def following(corners: np.ndarray) -> np.ndarray:
    """Each row's next one, the first after the last."""
    return np.concatenate((corners[1:], corners[:1]))


class Outlines(NamedTuple):
    """The outlines of several prisms, in one."""

    corners: np.ndarray
    """(A, 2), m."""
    after: np.ndarray
    """(A,): the row of the corner after each."""
    firsts: np.ndarray
    """(P + 1,): where each prism's begin, and their count."""


def outlines_of(parts: Sequence[Part]) -> Outlines:
    """The outlines of prisms, in one."""
    firsts = [0, *accumulate(len(part.outline) for part in parts)]
    after = np.arange(1, firsts[-1] + 1)
    for first, last in pairwise(firsts):
        after[last - 1] = first
    return Outlines(np.concatenate([part.outline for part in parts]), after, np.array(firsts))


class HalfSpaces(NamedTuple):
    """Prisms as `normals @ x ≤ offsets`, object frame: sides, top and bottom of each."""

    normals: np.ndarray
    """(H, 3): outward, not of length 1."""
    offsets: np.ndarray
    """(H,)."""
    firsts: np.ndarray
    """(P + 1,): where each prism's begin, and their count."""


def half_spaces(parts: Sequence[Prism]) -> HalfSpaces:
    """The half-spaces of prisms, in one."""
    corners, after, firsts = outlines_of(parts)
    edges = corners[after] - corners
    begin = firsts + 2 * np.arange(len(firsts))
    rows = np.arange(len(corners)) + 2 * np.repeat(np.arange(len(parts)), np.diff(firsts))
    normals, offsets = np.zeros((begin[-1], 3)), np.zeros(begin[-1])
    normals[rows, 0], normals[rows, 1] = edges[:, 1], -edges[:, 0]
    offsets[rows] = (normals[rows, :2] * corners).sum(axis=1)
    normals[begin[1:] - 2, 2], normals[begin[1:] - 1, 2] = 1.0, -1.0
    offsets[begin[1:] - 2] = [part.height for part in parts]
    return HalfSpaces(normals, offsets, begin)


Met = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Directions (R, 3) of rays → distance (R,) in their lengths, infinite where all prisms are missed, and the number (R,)
of the prism that is met first."""


def meeting(solids: HalfSpaces, origin: np.ndarray) -> Met:
    """Where rays from `origin` (3,), m, outside, meet the first of several prisms."""
    # Imported here: numba takes a while.
    from sim.objects.compiled_rays import first_met

    # Products by numpy, as their last bits depend on who takes them.
    reach = solids.offsets - solids.normals @ origin

    def meet(directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        nearest, met = np.full(len(directions), np.inf), np.zeros(len(directions), dtype=np.int64)
        first_met(directions @ solids.normals.T, reach, solids.firsts, nearest, met)
        return nearest, met

    return meet


def prism_moments(outline: np.ndarray, height: float) -> tuple[float, np.ndarray, np.ndarray]:
    """Volume, centroid (3,) and second moments (3, 3) = ∫ x xᵀ dV about the origin of an upright prism on z = 0.

    The area integrals are Green's theorem over the outline's triangles (Steger, 1996, "On the calculation of
    arbitrary moments of polygons").
    """
    # Python's floats, as corners are few: they round as numpy's do, and sums of more than seven are left to numpy.
    here = [(x, y) for x, y in outline.tolist()]
    there = [*here[1:], here[0]]
    both = [(ax + bx, ay + by) for (ax, ay), (bx, by) in zip(here, there, strict=True)]
    crosses = [ax * by - ay * bx for (ax, ay), (bx, by) in zip(here, there, strict=True)]
    area, first_x, first_y = np.array(crosses).sum() / 2, 0.0, 0.0
    for cross, (x, y) in zip(crosses, both, strict=True):
        first_x += x * cross
        first_y += y * cross
    first = np.array([first_x, first_y]) / 6
    second = (_products(crosses, here) + _products(crosses, there) + _products(crosses, both)) / 24
    volume = area * height
    centroid = np.array([*(first / area), height / 2])
    moments = np.empty((3, 3))
    moments[:2, :2] = second * height
    moments[:2, 2] = moments[2, :2] = first * height**2 / 2
    moments[2, 2] = area * height**3 / 3
    return volume, centroid, moments


def _products(weights: list[float], points: list[tuple[float, float]]) -> np.ndarray:
    """(2, 2) Σ w x xᵀ over weights and points of the plane."""
    xx = xy = yx = yy = 0.0
    for weight, (x, y) in zip(weights, points, strict=True):
        by_x, by_y = weight * x, weight * y
        xx, xy, yx, yy = xx + by_x * x, xy + by_x * y, yx + by_y * x, yy + by_y * y
    return np.array([[xx, xy], [yx, yy]])
