"""Cross-sections of meshes: what the open fingers meet at every height, and where between them pads close.

The mesh is sliced at heights some 2 mm apart. Along a closing direction the pads meet, at each height, the outermost
surfaces between the open fingers; the height of the grasp is chosen so that they meet them at the pads' middles.
Axis letters: N queries (a point and a closing heading each), L lines along the closing direction, S segments of the
slices, H heights, K candidate headings. Object frame, m and rad; `u` and `v` as in
`sim.objects.cross_sections`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sim.objects.cross_sections import Sections, distinct_headings, held_alone, radial_cost, weighed
from sim.objects.mesh_slices import AT_ONCE as GLANCES
from sim.objects.mesh_slices import Crossings, Slices
from sim.objects.meshes import MeshPart
from sim.objects.pad_meeting import BELOW, ON_FACE, PAD_ABOVE, PAD_BELOW, TIP, MeshLimits, Outline, may_fit
from sim.objects.spec import ObjectError, ObjectSpec
from sim.robot import AT_ENDS, FINGERS, Fingers

ON_MESHES = MeshLimits(replace(FINGERS, max_spread=0.006, max_slant=0.003, min_height=0.006), most_lean=0.002)
AT_MESH_ENDS = MeshLimits(replace(AT_ENDS, max_width=0.053, min_height=0.006), most_lean=0.003)
"""An end as wide as that leaves 14 mm along the object by which a grasp may miss it, before a pad is more than 3 cm
away."""

UNIFORM = 48
"""Closing headings tried everywhere, besides those of the mesh's own upright faces."""
PEAKS = 8
"""Headings of upright faces that are tried, those of the largest area first."""
FINEST, COARSEST = 0.00075, 0.002
"""m between slices; an object has about 20 of them, if that lies between."""
GRID = 0.005
"""m between the places tried for an outer end."""
UNDER_PALM = (-0.035, -0.018, 0.0, 0.018, 0.035)
"""m along v: lines on which nothing may reach up to the palm."""
PALM_REACH = 0.1
"""m along u to either side of the grasp point: half the palm's length."""
EVERY = 2
"""A quick look is at one of so many heights."""
FEW_PLACES = 16
"""Places for an outer end that are tried first."""
AT_ONCE = 1024
"""Queries that are cut at once: what bounds the memory."""


class MeshFootprint:
    """The slices of an object's meshes."""

    def __init__(self, spec: ObjectSpec) -> None:
        self.spec = spec
        parts = [part for part in spec.parts if isinstance(part, MeshPart)]
        if len(parts) < len(spec.parts):
            raise ObjectError(f"{spec.family}: a prism and a mesh in one object; expected either")
        self.top = max(part.height for part in parts)
        step = float(np.clip(self.top / 20, FINEST, COARSEST))
        self.heights = np.arange(step / 2, self.top, step)
        self.step = step
        self._slices = Slices.of([part.mesh for part in parts], self.heights)
        # For a quick look every second height will do.
        self._glance = self._slices.every(EVERY)
        axis = _own_axes(np.concatenate([part.corners for part in parts])[:, :2])[:, 1]
        uniform = np.arctan2(axis[1], axis[0]) + np.arange(UNIFORM) * np.pi / UNIFORM
        self.headings = distinct_headings([*_upright_headings(parts), *uniform])

    def end_headings(self) -> np.ndarray:
        """(K,), rad: closing headings worth trying at outer ends."""
        return self.headings

    def weigh(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Every candidate heading at `points` (M, 2); see `Footprint`."""
        return weighed(self, points)

    def ends_held(self, points: np.ndarray) -> np.ndarray:
        """(M,) bool; see `Footprint`."""
        return held_alone(self, points)

    def cut(self, points: np.ndarray, yaws: np.ndarray, *, at_end: bool = False) -> Sections:
        """Cut the meshes at `points` (N, 2) along closing headings `yaws` (N,); see `Footprint`."""
        return self._sections(points, yaws, AT_MESH_ENDS if at_end else ON_MESHES)

    def _sections(
        self, points: np.ndarray, yaws: np.ndarray, limits: MeshLimits, most_shift: float = np.inf
    ) -> Sections:
        """Sections of which those shifted by more than `most_shift` m need not count as graspable."""
        count, parts = len(points), len(self.spec.parts)
        whole = Sections(*(np.zeros(count, dtype=bool), *np.zeros((6, count)), np.zeros((count, parts), dtype=bool)))
        likely = np.flatnonzero(self._plausible(points, yaws, limits, most_shift))
        for first in range(0, len(likely), AT_ONCE):
            rows = likely[first : first + AT_ONCE]
            found = self._cut(points[rows], yaws[rows], limits)
            for name in Sections.__annotations__:
                getattr(whole, name)[rows] = getattr(found, name)
        return whole

    def _plausible(self, points: np.ndarray, yaws: np.ndarray, limits: MeshLimits, most_shift: float) -> np.ndarray:
        """(N,) bool: whether on the line through the point something of a width that fingers can hold stands between
        them, at a height down to which they can come, and isn't much wider close below: a quick look that spares most
        places a close one."""
        found, fingers = np.zeros(len(points), dtype=bool), limits.fingers
        reach, most, heights = fingers.inner_reach, fingers.max_width, self.heights[::EVERY]
        under = max(int(BELOW / (self.step * EVERY)), 1)
        for first in range(0, len(points), GLANCES):
            rows = slice(first, first + GLANCES)
            line = self._glance.crossings(points[rows], yaws[rows])
            low, high = line.outermost(reach)
            width = np.where(line.odd_before(-reach), np.inf, high - low)
            free = np.maximum.accumulate(width[:, ::-1], axis=1)[:, ::-1] < np.inf
            padded = np.concatenate([np.full((len(width), under), -np.inf), width], axis=1)
            below = np.lib.stride_tricks.sliding_window_view(padded, under, axis=1)[:, : width.shape[1]].max(axis=-1)
            fits = free & (width > 0) & (width <= most) & (below <= width + 2 * limits.most_lean + ON_FACE)
            some = np.flatnonzero(fits.any(axis=-1))
            # Where the fingers come down however far the hand moves.
            half = (fingers.outer_reach - fingers.inner_reach) / 2 - most_shift
            blocked = np.zeros(low.shape, dtype=bool)
            if half > 0:
                for side in (-1, 1):
                    blocked |= line.solid(
                        np.full(len(low), side * (fingers.inner_reach + fingers.outer_reach) / 2), half
                    )
            holds = may_fit(low[some], high[some], blocked[some], heights, self.top, limits, most_shift)
            found[first + some[holds]] = True
        return found

    def end_grasps(self, colour: str) -> tuple[np.ndarray, np.ndarray]:
        """Grasps (N, 4) and costs (N,) on `colour` alone, the farthest from the origin among them.

        Places are tried from far to near, until those left are nearer than what was found.
        """
        grasps, costs, best = [np.zeros((0, 4))], [np.zeros(0)], 0.0
        for some, found, cost in self._from_far(self._places(colour), colour):
            if np.hypot(*some[0]) < best - 2 * GRID:
                break
            if len(found):
                best = max(best, float(np.hypot(found[:, 0], found[:, 1]).max()))
            grasps.append(found)
            costs.append(cost)
        return np.concatenate(grasps), np.concatenate(costs)

    def held_away(self, colour: str, others: np.ndarray, clearance: float) -> bool:
        """Whether there is a grasp on `colour` alone at least about `clearance` m from all of `others` (R, 2)."""
        places = self._places(colour)
        away = np.linalg.norm(places[:, None] - others, axis=-1).min(axis=1)
        return any(len(found) for _, found, _ in self._from_far(places[away >= clearance - GRID], colour))

    def _places(self, colour: str) -> np.ndarray:
        """(M, 2), m: of a grid over the parts of `colour`."""
        corners = np.concatenate([part.corners for part in self.spec.parts if part.colour == colour])[:, :2]
        # Along the part's own axes and from both ends alike, so that an object that is turned has the same places.
        axes = _own_axes(corners)
        low, high = (corners @ axes).min(axis=0), (corners @ axes).max(axis=0)
        steps = [
            np.linspace(start, stop, 2 + int((stop - start) / GRID)) for start, stop in zip(low, high, strict=True)
        ]
        return np.asarray(np.stack(np.meshgrid(*steps), axis=-1).reshape(-1, 2) @ axes.T)

    def _from_far(self, places: np.ndarray, colour: str) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Of `places` (M, 2) those on `colour`, from far to near, some at a time, with the grasps (N, 4) on `colour`
        alone that are close to them, and their costs (N,)."""
        own = np.array([part.colour == colour for part in self.spec.parts])
        places = places[self._slices.covered(places, own)]
        places = places[np.argsort(-np.hypot(*places.T), kind="stable")]
        first, count = 0, FEW_PLACES
        while first < len(places):
            some = places[first : first + count]
            where, yaws = np.repeat(some, len(self.headings), axis=0), np.tile(self.headings, len(some))
            sections = self._sections(where, yaws, AT_MESH_ENDS, GRID)
            good = sections.graspable & (np.abs(sections.shift) <= GRID) & ~(sections.held & ~own).any(axis=-1)
            u = np.stack([np.cos(yaws), np.sin(yaws)], axis=-1)
            grasps = np.column_stack([where + sections.shift[:, None] * u, sections.grasp_z, yaws])[good]
            yield some, grasps, (sections.width + sections.spread + radial_cost(where, u))[good]
            # The farthest ones are often enough; where they hold nothing, many at once cost less each.
            first, count = first + count, count if len(grasps) else 2 * count

    def _on_lines(self, points: np.ndarray, yaws: np.ndarray, lines: np.ndarray) -> Crossings:
        """Crossings on lines `lines` (L,) m beside `points` (N, 2), N × L of them."""
        v = np.stack([-np.sin(yaws), np.cos(yaws)], axis=-1)
        starts = (points[:, None] + lines[:, None] * v[:, None]).reshape(-1, 2)
        return self._slices.crossings(starts, np.repeat(yaws, len(lines)))

    def _cut(self, points: np.ndarray, yaws: np.ndarray, limits: MeshLimits) -> Sections:
        fingers = limits.fingers
        across = fingers.pad_half_width * np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
        # What stands between the open fingers, at every height: its outermost surfaces on each line.
        crossed = self._on_lines(points, yaws, across)
        shape = (len(points), len(across), len(self.heights))
        low, high = (side.reshape(shape) for side in crossed.outermost(fingers.inner_reach))
        outline = Outline(low, high, self.heights, self.step)
        met = outline.best(self.top, limits)
        possible, z = np.isfinite(met.cost), met.z
        shift, width = (met.left + met.right) / 2, met.right - met.left
        graspable = (
            possible & (width >= fingers.min_width) & (width <= fingers.max_width) & (met.top >= fingers.min_height)
        )
        spread, flat = np.zeros(len(points)), np.zeros(len(points))
        rows = np.flatnonzero(possible)
        faces = outline.faces(rows, met)
        spread[rows], flat[rows] = faces.spread + met.off[rows], faces.flat
        graspable[rows] &= (faces.spread <= fingers.max_spread) & (faces.slant <= fingers.max_slant)
        for blocked in (self._way_blocked, self._palm_blocked):
            rows = np.flatnonzero(graspable)
            graspable[rows] = ~blocked(points[rows], yaws[rows], shift[rows], z[rows], fingers)
        zone = (self.heights > z[:, None] - PAD_BELOW) & (self.heights < z[:, None] + PAD_ABOVE)
        held = self._held(crossed, len(across), fingers.inner_reach, zone)
        return Sections(graspable, shift, width, spread, met.top, z, flat, held)

    def _way_blocked(
        self, points: np.ndarray, yaws: np.ndarray, shift: np.ndarray, z: np.ndarray, fingers: Fingers
    ) -> np.ndarray:
        """(N,) bool: whether anything stands where the open fingers come down."""
        pad, clear = fingers.pad_half_width, fingers.clear_half_width
        lines = np.array([-pad, -pad / 2, 0.0, pad / 2, pad, -clear, clear])
        crossed = self._on_lines(points, yaws, lines)
        middle, half = (fingers.inner_reach + fingers.outer_reach) / 2, (fingers.outer_reach - fingers.inner_reach) / 2
        own = np.repeat(shift, len(lines))
        solid = crossed.solid(own - middle, half) | crossed.solid(own + middle, half)
        passed = self.heights >= z[:, None] - TIP
        return np.asarray(
            (solid.reshape(len(points), len(lines), len(self.heights)) & passed[:, None]).any(axis=(1, 2))
        )

    def _palm_blocked(
        self, points: np.ndarray, yaws: np.ndarray, shift: np.ndarray, z: np.ndarray, fingers: Fingers
    ) -> np.ndarray:
        """(N,) bool: whether anything under the palm reaches up to it."""
        high = self.heights > z[:, None] + fingers.max_overhead
        if not high.any():
            return np.zeros(len(points), dtype=bool)
        crossed = self._on_lines(points, yaws, np.array(UNDER_PALM))
        solid = crossed.solid(np.repeat(shift, len(UNDER_PALM)), PALM_REACH)
        return np.asarray(
            (solid.reshape(len(points), len(UNDER_PALM), len(self.heights)) & high[:, None]).any(axis=(1, 2))
        )

    def _held(self, crossed: Crossings, lines: int, reach: float, zone: np.ndarray) -> np.ndarray:
        """(N, P) bool: parts that lie within `reach` m between the pads, on `lines` lines a query; `zone` (N, H)."""
        within = np.abs(crossed.t) < reach
        met = np.zeros((len(zone), len(self.spec.parts), zone.shape[1]), dtype=bool)
        met[crossed.line[within] // lines, crossed.part[within], crossed.row[within]] = True
        return np.asarray((met & zone[:, None]).any(axis=2))


def _own_axes(points: np.ndarray) -> np.ndarray:
    """(2, 2) columns: the short and the long axis of `points` (N, 2)."""
    return np.linalg.eigh(np.cov(points.T))[1]


def _upright_headings(parts: list[MeshPart]) -> list[float]:
    """Headings, rad, of the upright faces' normals, those of the largest area first, 1° apart at least."""
    triangles = np.concatenate([part.mesh.triangles for part in parts])
    normal = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    area = np.linalg.norm(normal, axis=1)
    upright = (np.abs(normal[:, 2]) < 0.3 * area) & (area > 0)
    heading = np.arctan2(normal[upright, 1], normal[upright, 0]) % np.pi
    bins = np.floor(heading / np.pi * 180).astype(np.int64) % 180
    weight = np.bincount(bins, area[upright], 180)
    # Twice the angle, so that headings just above 0 and just below π have a mean there too.
    double = np.exp(2j * heading) * area[upright]
    sums = np.bincount(bins, double.real, 180) + 1j * np.bincount(bins, double.imag, 180)
    largest = np.argsort(-weight, kind="stable")[:PEAKS]
    return [float(np.angle(sums[one]) / 2) for one in largest if weight[one] > 0.02 * area.sum()]
