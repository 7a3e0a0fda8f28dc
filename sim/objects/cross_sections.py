"""Cross-sections of an object in the strip under the finger pads, and whether the fingers fit there.

Axis letters: N queries (a point and a closing heading each), P parts, K candidate headings. Object frame, m and rad. A
*closing heading* is the direction `u` along which the fingers close, modulo π; `v` is perpendicular to it, along the
pads' width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sim.frames import wrap_heading
from sim.objects.spec import ObjectSpec


@dataclass(frozen=True)
class Sections:
    """Cross-sections at N places. Where `graspable` is false, the other fields have no meaning."""

    graspable: np.ndarray
    """(N,) bool."""
    shift: np.ndarray
    """(N,), m along u: from the query point to the middle of the solid, where the gripper centres itself."""
    width: np.ndarray
    """(N,), m: widest distance between the faces under the pads."""
    spread: np.ndarray
    """(N,), m: variation of a face's distance across the pad."""
    height: np.ndarray
    """(N,), m: the lowest part between the pads."""
    grasp_z: np.ndarray
    """(N,), m: height over the table at which the pads' middles close."""
    flat: np.ndarray
    """(N,), in [0, 1]: share of the pads that lies on the surface to within 0.3 mm; 1 on prisms."""
    held: np.ndarray
    """(N, P) bool: parts between the pads."""


class Footprint(Protocol):
    """An object as the fingers meet it, from which many sections are cut at once."""

    @property
    def spec(self) -> ObjectSpec:
        """The object."""
        ...

    @property
    def headings(self) -> np.ndarray:
        """(K,), rad: closing headings worth trying anywhere on it."""
        ...

    def cut(self, points: np.ndarray, yaws: np.ndarray, *, at_end: bool = False) -> Sections:
        """Cut it at `points` (N, 2) along closing headings `yaws` (N,).

        Args:
            points: m, object frame.
            yaws: rad.
            at_end: judge by what fingers can take at the outer end of a light object of *part*.
        """
        ...

    def end_headings(self) -> np.ndarray:
        """(K,), rad: closing headings worth trying at outer ends."""
        ...

    def end_grasps(self, colour: str) -> tuple[np.ndarray, np.ndarray]:
        """Grasps (N, 4) x, y, z, yaw on parts of `colour` alone, the farthest from the origin among them, and their
        costs (N,)."""
        ...


def radial_cost(points: np.ndarray, u: np.ndarray) -> np.ndarray:
    """(N,) m: what closing along `u` (N, 2) at `points` (N, 2) costs for not being across the line to the origin.

    A disc is as wide in every direction: this breaks the tie.
    """
    return 0.003 * (np.abs((points * u).sum(-1)) / (np.linalg.norm(points, axis=-1) + 0.01))


def distinct_headings(angles: list[float]) -> np.ndarray:
    """(K,), rad: `angles` modulo π, those within 0.02 of an earlier one left out."""
    kept: list[float] = []
    # `heading_gap` in Python's floats, which take a tenth of the time for single numbers and round as numpy's do.
    for angle in map(float, angles):
        if all(abs((angle - other + np.pi / 2) % np.pi - np.pi / 2) > 0.02 for other in kept):
            kept.append(angle)
    return wrap_heading(np.array(kept))


def grasp_height(local_height: np.ndarray | float) -> np.ndarray:
    """z of the grasp point, m, on a part that is `local_height` tall: half way up, the fingertips off the table."""
    return np.clip(0.5 * np.asarray(local_height), 0.010, 0.022)
