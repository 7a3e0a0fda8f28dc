"""Convex upright prisms that stand on the table: the parts of the shipped shape families.

Axis letters: V outline vertices, H half-spaces, R rays. Object frame: z up, z = 0 at the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

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
        edges = following(outline) - outline
        after = following(edges)
        turns = edges[:, 0] * after[:, 1] - edges[:, 1] * after[:, 0]
        if np.any(turns <= 0):
            raise ObjectError(f"part outline of shape {outline.shape}; expected a convex counter-clockwise polygon")

    @property
    def corners(self) -> np.ndarray:
        """(2 V, 3), m: the corners of the bottom, then those of the top."""
        return np.concatenate(
            [np.column_stack([self.outline, np.full(len(self.outline), z)]) for z in (0, self.height)]
        )

    @property
    def key(self) -> tuple[Any, ...]:
        """What is equal for equal geometry and colour; hashes."""
        return self.kind, self.outline.tobytes(), self.height, self.colour

    def moments(self) -> tuple[float, np.ndarray, np.ndarray]:
        """Volume, centroid (3,) and second moments (3, 3) about the origin; see `prism_moments`."""
        return prism_moments(self.outline, self.height)

    def planar_moments(self) -> tuple[float, np.ndarray]:
        """Volume, m³, and first moments (2,) in the plane, m⁴."""
        a, b = self.outline, following(self.outline)
        twice = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
        return self.height * twice.sum() / 2, self.height * ((a + b) * twice[:, None]).sum(axis=0) / 6

    def cast(self, origin: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Distances (R,) at which rays meet it: a ray is inside between the last half-space that it enters and the
        first that it leaves."""
        # Imported here: numba takes a while.
        from sim.objects.compiled_prisms import entered

        normals, offsets = self._half_spaces
        # Products by numpy, as their last bits depend on who takes them.
        return entered(directions @ normals.T, offsets - normals @ origin)

    @cached_property
    def _half_spaces(self) -> tuple[np.ndarray, np.ndarray]:
        return half_spaces(self)

    def to_record(self) -> dict[str, Any]:
        """Its geometry and colour as plain data, m."""
        return {"kind": self.kind, "outline": self.outline.tolist(), "height": self.height, "colour": self.colour}


def following(corners: np.ndarray) -> np.ndarray:
    """Each row's next one, the first after the last."""
    return np.concatenate((corners[1:], corners[:1]))


def half_spaces(part: Prism) -> tuple[np.ndarray, np.ndarray]:
    """The prism as `normals @ x ≤ offsets`, object frame: outward normals (H, 3), offsets (H,); sides, top, bottom."""
    edges = following(part.outline) - part.outline
    normals = np.zeros((len(edges) + 2, 3))
    normals[:-2, 0], normals[:-2, 1] = edges[:, 1], -edges[:, 0]
    normals[-2:, 2] = 1.0, -1.0
    offsets = np.empty(len(normals))
    offsets[:-2] = (normals[:-2, :2] * part.outline).sum(axis=1)
    offsets[-2:] = part.height, 0.0
    return normals, offsets


def prism_moments(outline: np.ndarray, height: float) -> tuple[float, np.ndarray, np.ndarray]:
    """Volume, centroid (3,) and second moments (3, 3) = ∫ x xᵀ dV about the origin of an upright prism on z = 0.

    The area integrals are Green's theorem over the outline's triangles (Steger, 1996, "On the calculation of
    arbitrary moments of polygons").
    """
    a, b = outline, following(outline)
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
