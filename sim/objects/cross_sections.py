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

MAX_SHIFT = 0.02
"""m along the closing direction: largest distance of a point from the solid's middle."""
SHIFT_COST = 0.5
"""What a metre of it costs, beside a metre of width."""
HEADINGS_APART = 0.02
"""rad: headings nearer to each other are tried once."""
LOWEST_GRASP, HIGHEST_GRASP = 0.010, 0.022
"""m over the table: limits of a grasp's height on prisms; lower, the fingertips would meet the table."""


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

    def weigh(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Every candidate heading at `points` (M, 2), m.

        Returns:
            cost (M, K), lower is better, infinite where not graspable: narrow, centred, parallel faces are preferred;
            grasp points (M, K, 2) re-centred along u; their heights z (M, K). The last two have no meaning where not
            graspable.
        """
        ...

    def ends_held(self, points: np.ndarray) -> np.ndarray:
        """(M,) bool: whether fingers can take an outer end of one colour alone at `points` (M, 2), m."""
        ...

    def end_headings(self) -> np.ndarray:
        """(K,), rad: closing headings worth trying at outer ends."""
        ...

    def end_grasps(self, colour: str) -> tuple[np.ndarray, np.ndarray]:
        """Grasps (N, 4) x, y, z, yaw on parts of `colour` alone, the farthest from the origin among them, and their
        costs (N,)."""
        ...


def weighed(footprint: Footprint, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`Footprint.weigh` by cutting it at all `points` (M, 2) along all headings."""
    count, candidates = len(points), len(footprint.headings)
    where, yaws = _everywhere(points, footprint.headings)
    sections = footprint.cut(where, yaws)
    u = np.stack([np.cos(yaws), np.sin(yaws)], axis=-1)
    cost = sections.width + SHIFT_COST * np.abs(sections.shift) + sections.spread + radial_cost(where, u)
    cost = np.where(sections.graspable & (np.abs(sections.shift) <= MAX_SHIFT), cost, np.inf)
    grasp = where + sections.shift[:, None] * u
    shape = (count, candidates)
    return cost.reshape(shape), grasp.reshape(*shape, 2), sections.grasp_z.reshape(shape)


def held_alone(footprint: Footprint, points: np.ndarray) -> np.ndarray:
    """`Footprint.ends_held` by cutting it at all `points` (M, 2) along all headings for outer ends."""
    where, yaws = _everywhere(points, footprint.end_headings())
    sections, names = footprint.cut(where, yaws, at_end=True), footprint.spec.colours
    colours = np.array([[part.colour == name for name in names] for part in footprint.spec.parts], dtype=np.int64)
    alone = ((sections.held.astype(np.int64) @ colours) > 0).sum(axis=-1) == 1
    good = sections.graspable & (np.abs(sections.shift) <= MAX_SHIFT)
    return (good & alone).reshape(len(points), -1).any(axis=1)


def _everywhere(points: np.ndarray, headings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All pairs, M × K rows, of `points` (M, 2) and `headings` (K,)."""
    return np.repeat(points, len(headings), axis=0), np.tile(headings, len(points))


def radial_cost(points: np.ndarray, u: np.ndarray) -> np.ndarray:
    """(N,) m: what closing along `u` (N, 2) at `points` (N, 2) costs for not being across the line to the origin.

    A disc is as wide in every direction: this breaks the tie.
    """
    return 0.003 * (np.abs((points * u).sum(-1)) / (np.linalg.norm(points, axis=-1) + 0.01))


def distinct_headings(angles: list[float]) -> np.ndarray:
    """(K,), rad: `angles` modulo π, those within `HEADINGS_APART` of an earlier one left out."""
    kept: list[float] = []
    # `heading_gap` in Python's floats, which take a tenth of the time for single numbers and round as numpy's do.
    for angle in map(float, angles):
        if all(abs((angle - other + np.pi / 2) % np.pi - np.pi / 2) > HEADINGS_APART for other in kept):
            kept.append(angle)
    return wrap_heading(np.array(kept))


def grasp_height(local_height: np.ndarray | float) -> np.ndarray:
    """z of the grasp point, m, on a part that is `local_height` tall: half way up, the fingertips off the table."""
    return np.clip(0.5 * np.asarray(local_height), LOWEST_GRASP, HIGHEST_GRASP)
