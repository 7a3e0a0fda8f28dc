"""Cross-sections of prisms: half-planes and circles.

Axis letters: N queries (a point and a closing heading each), M points, P parts, V outline edges, K candidate headings.
Object frame, m and rad; `u` and `v` as in `sim.objects.cross_sections`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sim.objects.cross_sections import HEADINGS_APART, HIGHEST_GRASP, LOWEST_GRASP, MAX_SHIFT, SHIFT_COST, Sections
from sim.objects.prisms import Prism, outlines_of
from sim.objects.spec import ObjectError, ObjectSpec
from sim.robot import AT_ENDS, FINGERS

if TYPE_CHECKING:
    from sim.objects.compiled_prisms import Grip, Lines, Solids, Wish

TAPER, STEEP_TAPER = 0.45, 0.9
"""rad: two sides whose headings differ by less also give the heading half way between; in general, at outer ends."""
MERGE_GAP = 0.001  # m: parts closer than this are one solid for the fingers
SHORT_SIDE = 0.015
"""m: sides up to this long give no heading."""
PACE = 0.005
"""m between two places that are tried for an outer end."""


class PrismFootprint:
    """Outlines of an object's parts as half-planes and circles, from which many sections are cut at once."""

    def __init__(self, spec: ObjectSpec) -> None:
        # Imported here: numba takes a while, and who only looks at an object needs none of it.
        from sim.objects import compiled_headings, compiled_prisms

        self.spec = spec
        parts = [part for part in spec.parts if isinstance(part, Prism)]
        if len(parts) < len(spec.parts):
            raise ObjectError(f"{spec.family}: a prism and a mesh in one object; expected either")
        self._loops, self._sides = compiled_prisms, compiled_headings
        self._outlines = [part.outline for part in parts]
        corners, after, firsts = outlines_of(parts)
        edges = corners[after] - corners
        lengths = np.hypot(edges[:, 0], edges[:, 1])
        normals = np.stack([edges[:, 1], -edges[:, 0]], axis=1) / lengths[:, None]
        rounds, long = np.full((len(parts), 3), np.nan), lengths > SHORT_SIDE
        for row, part in enumerate(parts):
            if part.kind == "cylinder":
                # Any diameter serves: every second side in half a turn, 30° apart, is enough.
                sides = np.arange(firsts[row], firsts[row + 1])
                long[sides] = False
                long[sides[: len(sides) // 2 : 2]] = True
                rounds[row] = _circle(part.outline)
        heights, offsets = np.array([part.height for part in parts]), (normals * corners).sum(axis=1)
        self._solids: Solids = compiled_prisms.Solids(normals, offsets, firsts, rounds, heights, float(heights.max()))
        # By numpy, whose last bits differ from those of compiled code; so are the cosines below.
        self._angles = np.arctan2(normals[long, 1], normals[long, 0])
        self._firsts = np.concatenate(([0], np.cumsum(long)))[firsts]
        self.headings = self._between(self._firsts, TAPER)
        self._u, self._alike = unit_vectors(self.headings), np.zeros(len(parts), dtype=np.int64)

    @cached_property
    def part_headings(self) -> list[np.ndarray]:
        """Part → (K,), rad: closing headings worth trying at its outer end."""
        return [self._between(self._firsts[part : part + 2], STEEP_TAPER) for part in range(len(self._outlines))]

    def cut(self, points: np.ndarray, yaws: np.ndarray, *, at_end: bool = False) -> Sections:
        """Cut the footprint at `points` (N, 2) along closing headings `yaws` (N,); see `Footprint`."""
        count = len(points)
        graspable, sizes = np.empty(count, dtype=bool), np.empty((5, count))
        held = np.empty((count, len(self._outlines)), dtype=bool)
        self._loops.cut(
            _rows(points), unit_vectors(yaws), self._solids, grip_of(at_end), self._room(), graspable, sizes, held
        )
        shift, width, spread, height, grasp_z = sizes
        return Sections(graspable, shift, width, spread, height, grasp_z, np.ones(count), held)

    def weigh(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Every candidate heading at `points` (M, 2); see `Footprint`."""
        wish = self._loops.Wish(self._alike, 0, MAX_SHIFT, SHIFT_COST, False)
        cost, grasps = self._weighed(points, self._u, len(self._u), wish)
        return cost, grasps[..., :2], grasps[..., 2]

    def ends_held(self, points: np.ndarray) -> np.ndarray:
        """(M,) bool; see `Footprint`."""
        colours = self.spec.colours
        kinds = np.array([colours.index(part.colour) for part in self.spec.parts])
        wish = self._loops.Wish(kinds, -1, MAX_SHIFT, SHIFT_COST, True)
        cost, _ = self._weighed(points, self._end_u, len(self._end_u), wish, at_end=True)
        return np.isfinite(cost).any(axis=1)

    def _weighed(
        self, points: np.ndarray, u: np.ndarray, headings: int, wish: Wish, *, own: bool = False, at_end: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Costs (M, K) and grasps (M, K, 3) at `points` (M, 2) along K headings; see `compiled_prisms.weigh`."""
        cost, grasps = np.full((len(points), headings), np.inf), np.zeros((len(points), headings, 3))
        self._loops.weigh(_rows(points), u, own, self._solids, grip_of(at_end), wish, self._room(), cost, grasps)
        return cost, grasps

    def _between(self, firsts: np.ndarray, taper: float) -> np.ndarray:
        """(K,), rad: headings of the sides of parts, and between sides that differ by less than `taper` rad."""
        pairs = sum((last - first) * (last - first + 1) // 2 for first, last in pairwise(firsts.tolist()))
        kept = np.empty(pairs)
        return kept[: self._sides.between_sides(self._angles, firsts, taper, HEADINGS_APART, kept)]

    def _room(self) -> Lines:
        """Room for what the lines of a query meet; new for each call, so that threads don't share any."""
        shape = len(grip_of(False).lines), len(self._outlines)
        return self._loops.Lines(
            np.empty(shape), np.empty(shape), np.empty(shape, dtype=bool), np.empty(shape[1], dtype=bool)
        )

    @cached_property
    def _end_u(self) -> np.ndarray:
        return unit_vectors(self.end_headings())

    def end_headings(self) -> np.ndarray:
        """(K,), rad: closing headings worth trying at outer ends."""
        return np.unique(np.concatenate(self.part_headings).round(3))

    def end_grasps(self, colour: str) -> tuple[np.ndarray, np.ndarray]:
        """Grasps (N, 4) and costs (N,) on `colour` alone, found by sliding along its parts in 5 mm steps."""
        other = [part.colour != colour for part in self.spec.parts]
        slides = [
            slide
            for outline, headings, unwanted in zip(self._outlines, self.part_headings, other, strict=True)
            if not unwanted
            for slide in _slides(outline, headings)
        ]
        if not slides:
            return np.zeros((0, 4)), np.zeros(0)
        counts = np.array([max(int((stop - start) / PACE), 2) for start, stop, *_ in slides])
        count = int(counts.sum())
        points, u, yaws = np.empty((count, 2)), np.empty((count, 2)), np.empty(count)
        self._sides.places_along(np.array(slides), counts, points, u, yaws)
        wish = self._loops.Wish(np.array(other, dtype=np.int64), 0, np.inf, 0.0, False)
        cost, grasps = self._weighed(points, u, 1, wish, own=True, at_end=True)
        good = np.flatnonzero(np.isfinite(cost[:, 0]))
        return np.column_stack([grasps[good, 0], yaws[good]]), cost[good, 0]


def _slides(outline: np.ndarray, headings: np.ndarray) -> Iterator[tuple[float, ...]]:
    """How the hand may slide along a part of `outline` (V, 2), at each closing heading (K,) at which it spans it: start
    and stop, m along v; its middle, m along u; the heading, rad; x and y of u."""
    for yaw, u in zip(headings.tolist(), unit_vectors(headings), strict=True):
        across, along = (outline @ u).tolist(), (outline @ np.array([-u[1], u[0]])).tolist()
        start, stop = min(along) + FINGERS.end_inset, max(along) - FINGERS.end_inset
        low, high = min(across), max(across)
        if start <= stop and high - low <= 2 * FINGERS.max_width:
            yield start, stop, (high + low) / 2, yaw, *u.tolist()


@lru_cache(maxsize=2)
def grip_of(at_end: bool) -> Grip:
    """What the fingers need, at an outer end of a light object or in general, as compiled loops take it."""
    from sim.objects.compiled_prisms import Grip

    fingers = AT_ENDS if at_end else FINGERS
    pad, clear = fingers.pad_half_width, fingers.clear_half_width
    return Grip(
        lines=np.array([0.0, -pad, -pad / 2, pad / 2, pad, -clear, clear]),
        inner_reach=fingers.inner_reach,
        outer_reach=fingers.outer_reach,
        merge_gap=MERGE_GAP,
        max_spread=fingers.max_spread,
        max_slant=fingers.max_slant,
        min_width=fingers.min_width,
        max_width=fingers.max_width,
        min_height=fingers.min_height,
        max_overhead=fingers.max_overhead,
        lowest=LOWEST_GRASP,
        highest=HIGHEST_GRASP,
    )


def _rows(points: np.ndarray) -> np.ndarray:
    """Points (M, 2) as compiled loops take them."""
    return np.array(points, dtype=np.float64, order="C")


def unit_vectors(yaws: np.ndarray) -> np.ndarray:
    """(K, 2) along headings (K,), rad."""
    found = np.empty((len(yaws), 2))
    found[:, 0], found[:, 1] = np.cos(yaws), np.sin(yaws)
    return found


def _circle(outline: np.ndarray) -> tuple[float, float, float]:
    """Centre, m, and radius squared, m², of the circle that a cylinder's outline (24, 2) stands for: of equal area, so
    that the corners lie 0.6 % outside."""
    centre = outline.mean(axis=0)
    radius = np.hypot(*(outline[0] - centre)) * np.sqrt(np.sin(np.pi / 12) / (np.pi / 12))
    return centre[0], centre[1], radius**2
