"""What every body part offers, prism or mesh: outline and corners, exact moments, rays, and an identity.

Axis letters: V outline vertices, C corners, R rays. Object frame: z up, z = 0 at the table.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np


class Part(Protocol):
    """A solid of one material and one colour, part of an `ObjectSpec`; read-only."""

    @property
    def colour(self) -> str:
        """A name of `sim.objects.spec.PALETTE`."""
        ...

    @property
    def slot(self) -> int:
        """Which of the family's slots it fills: parts of one slot are of one material and colour."""
        ...

    @property
    def role(self) -> str:
        """What its family says that it is for, `handle` or `head`; empty where nobody says (`sim.objects.roles`)."""
        ...

    @property
    def height(self) -> float:
        """m, from the table to its top."""
        ...

    @property
    def outline(self) -> np.ndarray:
        """(V, 2), m, counter-clockwise: the convex outline of what it covers of the table."""
        ...

    @property
    def corners(self) -> np.ndarray:
        """(C, 3), m: points whose convex hull holds it."""
        ...

    @property
    def key(self) -> tuple[Any, ...]:
        """What is equal for equal geometry and colour; hashes."""
        ...

    def moments(self) -> tuple[float, np.ndarray, np.ndarray]:
        """Volume, m³; centroid (3,), m; second moments (3, 3) = ∫ x xᵀ dV about the origin, m⁵."""
        ...

    def planar_moments(self) -> tuple[float, np.ndarray]:
        """Volume, m³, and first moments (2,) = ∫ (x, y) dV, m⁴."""
        ...

    def cast(self, origin: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Distance (R,), in lengths of `directions` (R, 3), at which rays from `origin` (3,), outside, meet it;
        infinite where they miss."""
        ...

    def to_record(self) -> dict[str, Any]:
        """Its geometry and colour as plain data, m."""
        ...
