"""Cross-sections of meshes: what the open fingers meet at every height, and where between them pads close.

The mesh is sliced at heights some 2 mm apart. Along a closing direction the pads meet, at each height, the outermost
surfaces between the open fingers; the height of the grasp is chosen so that they meet them at the pads' middles.
Axis letters: N queries (a point and a closing heading each), L lines along the closing direction, S segments of the
slices, H heights, K candidate headings. Object frame, m and rad; `u` and `v` as in
`sim.objects.cross_sections`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from sim.objects.cross_sections import Sections, distinct_headings, radial_cost
from sim.objects.mesh_slices import AT_ONCE as GLANCES
from sim.objects.mesh_slices import Slices, crossings, odd_before, outermost
from sim.objects.meshes import MeshPart
from sim.objects.spec import ObjectError, ObjectSpec
from sim.robot import AT_ENDS, FINGERS, Fingers


@dataclass(frozen=True)
class MeshLimits:
    """What pads can hold of a curved or hollow body; lengths in m."""

    fingers: Fingers
    """Widths, reaches and clearances, as on prisms."""
    most_lean: float
    """How much farther out, in 6 mm below the pads' lower edge, the surface may stand than at the pads: more, and they
    press it downwards out of themselves."""
    shallowest: float = 0.0025
    """Height over which the pads must lie on the surface."""


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
PAD_BELOW, PAD_ABOVE = 0.0065, 0.010
"""m: the pad's edges below and above the grasp point. Above it the finger leans back by `RECESS` a metre."""
RECESS = 0.07
FINGER_TOP = 0.030
"""m above the grasp point up to which the fingers can touch the object; over it is the palm."""
BELOW = 0.006
"""m below the pads' lower edge in which the surface may not stand out much farther."""
TIP = 0.0075
"""m below the grasp point: what the fingers pass on their way down is at this height or higher."""
ON_FACE = 0.001
"""m: surface this near to the outermost is where the pad lies."""
FLAT = 0.0003
"""m: surface this near to the outermost counts as flat."""
LOWEST, HIGHEST, CLIMB = 0.010, 0.060, 0.002
"""m: heights of a grasp that are tried, and their distance."""
GRID = 0.005
"""m between the places tried for an outer end."""
UNDER_PALM = (-0.035, -0.018, 0.0, 0.018, 0.035)
"""m along v: lines on which nothing may reach up to the palm."""
PALM_REACH = 0.1
"""m along u to either side of the grasp point: half the palm's length."""
EVERY = 2
"""A quick look is at one of so many heights."""
AT_ONCE = 256
"""Queries that are cut at once: what bounds the memory."""


class _Meeting(NamedTuple):
    """What pads meet at a height; each (N,), lengths in m."""

    cost: np.ndarray
    """Infinite where they can't hold it."""
    left: np.ndarray
    """Along u: the outermost surface on the lower side."""
    right: np.ndarray
    """Along u: that on the higher side."""
    z: np.ndarray
    """Height of the grasp point."""
    flat: np.ndarray
    """Share of the pads that lies on the surface."""
    spread: np.ndarray
    """How far a face recedes across the pad."""
    slant: np.ndarray
    """How much farther out it is at one edge of the pad than at the other."""
    off: np.ndarray
    """Penalty for touching the pads elsewhere than at their middles."""
    top: np.ndarray
    """Height of what stands between the fingers."""

    def where_better_than(self, other: _Meeting) -> _Meeting:
        """This where it costs less, else `other`."""
        better = self.cost < other.cost
        return _Meeting(*(np.where(better, one, another) for one, another in zip(self, other, strict=True)))


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
        self._slices = Slices([part.mesh for part in parts], self.heights)
        # For a quick look every second height will do.
        self._glance = self._slices.every(EVERY)
        axis = _own_axes(np.concatenate([part.corners for part in parts])[:, :2])[:, 1]
        uniform = np.arctan2(axis[1], axis[0]) + np.arange(UNIFORM) * np.pi / UNIFORM
        self.headings = distinct_headings([*_upright_headings(parts), *uniform])

    def end_headings(self) -> np.ndarray:
        """(K,), rad: closing headings worth trying at outer ends."""
        return self.headings

    def cut(self, points: np.ndarray, yaws: np.ndarray, *, at_end: bool = False) -> Sections:
        """Cut the meshes at `points` (N, 2) along closing headings `yaws` (N,); see `Footprint`."""
        limits = AT_MESH_ENDS if at_end else ON_MESHES
        count, parts = len(points), len(self.spec.parts)
        whole = Sections(*(np.zeros(count, dtype=bool), *np.zeros((6, count)), np.zeros((count, parts), dtype=bool)))
        likely = np.flatnonzero(self._plausible(points, yaws, limits))
        for first in range(0, len(likely), AT_ONCE):
            rows = likely[first : first + AT_ONCE]
            found = self._cut(points[rows], yaws[rows], limits)
            for name in Sections.__annotations__:
                getattr(whole, name)[rows] = getattr(found, name)
        return whole

    def _plausible(self, points: np.ndarray, yaws: np.ndarray, limits: MeshLimits) -> np.ndarray:
        """(N,) bool: whether on the line through the point something of a width that fingers can hold stands between
        them, at a height down to which they can come, and isn't much wider close below: a quick look that spares most
        places a close one."""
        found, reach, most = np.zeros(len(points), dtype=bool), limits.fingers.inner_reach, limits.fingers.max_width
        ends, start = self._glance
        under = max(int(BELOW / (self.step * EVERY)), 1)
        for first in range(0, len(points), GLANCES):
            rows = slice(first, first + GLANCES)
            t = crossings(ends, points[rows], np.stack([np.cos(yaws[rows]), np.sin(yaws[rows])], axis=-1))
            low, high = outermost(t, reach, start)
            width = np.where(odd_before(t, -reach, start), np.inf, high - low)
            free = np.maximum.accumulate(width[:, ::-1], axis=1)[:, ::-1] < np.inf
            padded = np.concatenate([np.full((len(width), under), -np.inf), width], axis=1)
            below = np.lib.stride_tricks.sliding_window_view(padded, under, axis=1)[:, : width.shape[1]].max(axis=-1)
            fits = free & (width > 0) & (width <= most) & (below <= width + 2 * limits.most_lean + ON_FACE)
            found[rows] = fits.any(axis=-1)
        return found

    def end_grasps(self, colour: str) -> tuple[np.ndarray, np.ndarray]:
        """Grasps (N, 4) and costs (N,) on `colour` alone, the farthest from the origin among them."""
        return self.grasps_away(colour, np.zeros((0, 2)), 0.0)

    def grasps_away(self, colour: str, others: np.ndarray, clearance: float) -> tuple[np.ndarray, np.ndarray]:
        """Grasps (N, 4) and costs (N,) on `colour` alone at least about `clearance` m from all of `others` (R, 2), the
        farthest from the origin among them.

        Places are tried from far to near, until those left are nearer than what was found.
        """
        own = np.array([part.colour == colour for part in self.spec.parts])
        corners = np.concatenate([part.corners for part in np.array(self.spec.parts, dtype=object)[own]])[:, :2]
        # Along the part's own axes and from both ends alike, so that an object that is turned has the same places.
        axes = _own_axes(corners)
        low, high = (corners @ axes).min(axis=0), (corners @ axes).max(axis=0)
        steps = [
            np.linspace(start, stop, 2 + int((stop - start) / GRID)) for start, stop in zip(low, high, strict=True)
        ]
        places = np.stack(np.meshgrid(*steps), axis=-1).reshape(-1, 2) @ axes.T
        if len(others):
            away = np.linalg.norm(places[:, None] - others, axis=-1).min(axis=1)
            places = places[away >= clearance - GRID]
        places = places[self._slices.covered(places, own)]
        places = places[np.argsort(-np.hypot(*places.T), kind="stable")]
        grasps, costs, best = [np.zeros((0, 4))], [np.zeros(0)], 0.0
        for first in range(0, len(places), 16):
            some = places[first : first + 16]
            if np.hypot(*some[0]) < best - 2 * GRID:
                break
            where, yaws = np.repeat(some, len(self.headings), axis=0), np.tile(self.headings, len(some))
            sections = self.cut(where, yaws, at_end=True)
            good = sections.graspable & (np.abs(sections.shift) <= GRID) & ~(sections.held & ~own).any(axis=-1)
            u = np.stack([np.cos(yaws), np.sin(yaws)], axis=-1)
            grasp = np.column_stack([where + sections.shift[:, None] * u, sections.grasp_z, yaws])[good]
            if len(grasp):
                best = max(best, float(np.hypot(grasp[:, 0], grasp[:, 1]).max()))
            grasps.append(grasp)
            costs.append((sections.width + sections.spread + radial_cost(where, u))[good])
        return np.concatenate(grasps), np.concatenate(costs)

    def _on_lines(self, points: np.ndarray, u: np.ndarray, v: np.ndarray, lines: np.ndarray) -> np.ndarray:
        """(N, L, S) crossings on lines `lines` (L,) m beside `points` (N, 2)."""
        starts = (points[:, None] + lines[:, None] * v[:, None]).reshape(-1, 2)
        found = self._slices.crossings(starts, np.repeat(u, len(lines), axis=0))
        return found.reshape(len(points), len(lines), -1)

    def _cut(self, points: np.ndarray, yaws: np.ndarray, limits: MeshLimits) -> Sections:
        fingers = limits.fingers
        pad, clear = fingers.pad_half_width, fingers.clear_half_width
        lines = np.array([-pad, -pad / 2, 0.0, pad / 2, pad, -clear, clear])
        u = np.stack([np.cos(yaws), np.sin(yaws)], axis=-1)
        v = np.stack([-u[:, 1], u[:, 0]], axis=-1)
        t = self._on_lines(points, u, v, lines)

        # What stands between the open fingers, at every height: its outermost surfaces on each line.
        reach = fingers.inner_reach
        low, high = outermost(t, reach, self._slices.start)
        pads = slice(0, 5)
        spread = np.maximum(_range(low[:, pads]), _range(high[:, pads]))
        slant = np.maximum(np.abs(_gap(low[:, 0], low[:, 4])), np.abs(_gap(high[:, 0], high[:, 4])))

        best: _Meeting | None = None
        for z in np.arange(LOWEST, max(min(HIGHEST, self.top), LOWEST + 1e-6), CLIMB):
            found = self._at_height(z, low[:, pads], high[:, pads], spread, slant, limits)
            best = found if best is None else found.where_better_than(best)
        assert best is not None, "one height at least is tried"
        possible, z = np.isfinite(best.cost), best.z
        left, right = np.where(possible, best.left, 0.0), np.where(possible, best.right, 0.0)
        shift, width = (left + right) / 2, right - left
        zone = (self.heights > z[:, None] - PAD_BELOW) & (self.heights < z[:, None] + PAD_ABOVE)
        held = self._held(np.abs(t[:, pads]) < reach, zone)
        height = np.where(possible, best.top, 0.0)
        graspable = (
            possible
            & (best.spread <= fingers.max_spread)
            & (best.slant <= fingers.max_slant)
            & (width >= fingers.min_width)
            & (width <= fingers.max_width)
            & (height >= fingers.min_height)
        )
        graspable[graspable] = ~self._way_blocked(t[graspable], shift[graspable], z[graspable], fingers)
        if self.top > LOWEST + fingers.max_overhead and graspable.any():
            under = self._on_lines(points[graspable], u[graspable], v[graspable], np.array(UNDER_PALM))
            graspable[graspable] = ~self._palm_blocked(under, shift[graspable], z[graspable], fingers)
        return Sections(graspable, shift, width, best.spread + best.off, height, z, best.flat, held)

    def _at_height(
        self,
        z: float,
        low: np.ndarray,
        high: np.ndarray,
        spread: np.ndarray,
        slant: np.ndarray,
        limits: MeshLimits,
    ) -> _Meeting:
        """What pads meet whose grasp point is `z` m high.

        Args:
            z: m.
            low, high: (N, 5, H) outermost surfaces on the lines across the pads, m along u.
            spread, slant: (N, H), m: how they vary across the pad.
            limits: what can be held.
        """
        heights = self.heights
        full = np.isfinite(low).all(axis=1)
        left, right = low.min(axis=1), high.max(axis=1)
        zone = (heights > z - PAD_BELOW) & (heights < z + FINGER_TOP)
        back = RECESS * np.maximum(heights - z - PAD_ABOVE, 0.0)
        met_left, met_right = np.where(zone, left + back, np.inf), np.where(zone, right - back, -np.inf)
        outer_left, outer_right = met_left.min(axis=1), met_right.max(axis=1)
        pads = zone & (heights < z + PAD_ABOVE)
        lies_left = pads & full & (met_left <= outer_left[:, None] + ON_FACE)
        lies_right = pads & full & (met_right >= outer_right[:, None] - ON_FACE)
        depth = self.step * np.minimum(lies_left.sum(axis=1), lies_right.sum(axis=1))
        touched = np.isfinite(outer_left) & np.isfinite(outer_right) & (depth >= limits.shallowest)
        lies = lies_left | lies_right
        some = np.maximum(lies.sum(axis=1), 1)
        middle = (lies * heights).sum(axis=1) / some
        # The surface goes on below the pads' lower edge: does it stand farther out there?
        below = (heights <= z - PAD_BELOW) & (heights > z - PAD_BELOW - BELOW)
        lower_left = np.where(below, left, np.inf).min(axis=1, initial=np.inf)
        lower_right = np.where(below, right, -np.inf).max(axis=1, initial=-np.inf)
        lean = np.maximum(np.maximum(_gap(outer_left, lower_left), _gap(lower_right, outer_right)), 0.0)
        lean = np.where(np.isfinite(lean), lean, 0.0)
        off = np.abs(z - middle) * 0.2 + lean
        solid = np.isfinite(left) & np.isfinite(right)
        top = np.where(solid, heights + self.step / 2, 0.0).max(axis=1)
        cost = off + 0.1 * np.abs(z - np.clip(top / 2, LOWEST, 0.022))
        cost = np.where(touched & (lean <= limits.most_lean), cost, np.inf)
        face_spread = np.where(lies, spread, np.inf).min(axis=1)
        face_slant = np.where(lies, slant, np.inf).min(axis=1)
        # What of the pads, below the object's top, lies on the surface.
        rows = pads & (heights < top[:, None])
        on = (low < outer_left[:, None, None] + FLAT) & (high > outer_right[:, None, None] - FLAT) & rows[:, None]
        flat = on.sum(axis=(1, 2)) / np.maximum(5 * rows.sum(axis=1), 1)
        everywhere = np.full(len(left), z)
        return _Meeting(cost, outer_left, outer_right, everywhere, flat, face_spread, face_slant, off, top)

    def _way_blocked(self, t: np.ndarray, shift: np.ndarray, z: np.ndarray, fingers: Fingers) -> np.ndarray:
        """(N,) bool: whether anything stands where the open fingers come down."""
        own = t[:, :7]
        passed = self.heights >= z[:, None] - TIP
        blocked = np.zeros(len(t), dtype=bool)
        for side in (-1, 1):
            middle = shift + side * (fingers.inner_reach + fingers.outer_reach) / 2
            half = (fingers.outer_reach - fingers.inner_reach) / 2
            blocked |= (self._slices.solid(own, middle, half) & passed[:, None]).any(axis=(1, 2))
        return blocked

    def _palm_blocked(self, t: np.ndarray, shift: np.ndarray, z: np.ndarray, fingers: Fingers) -> np.ndarray:
        """(N,) bool: whether anything under the palm reaches up to it."""
        high = self.heights > z[:, None] + fingers.max_overhead
        if not high.any():
            return np.zeros(len(t), dtype=bool)
        return np.asarray((self._slices.solid(t, shift, PALM_REACH) & high[:, None]).any(axis=(1, 2)))

    def _held(self, within: np.ndarray, zone: np.ndarray) -> np.ndarray:
        """(N, P) bool: parts that lie between the pads; `within` (N, L, S), `zone` (N, H)."""
        met = within.any(axis=1) & zone[:, self._slices.row]
        return np.stack(
            [(met & (self._slices.part == number)).any(axis=1) for number in range(len(self.spec.parts))], axis=1
        )


def _own_axes(points: np.ndarray) -> np.ndarray:
    """(2, 2) columns: the short and the long axis of `points` (N, 2)."""
    return np.linalg.eigh(np.cov(points.T))[1]


def _range(values: np.ndarray) -> np.ndarray:
    """(N, H) largest less smallest over axis 1; infinite where not all are finite."""
    finite = np.isfinite(values)
    size = np.where(finite, values, -np.inf).max(axis=1) - np.where(finite, values, np.inf).min(axis=1)
    return np.where(finite.all(axis=1), size, np.inf)


def _gap(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """`one` less `other`; infinite where either is."""
    finite = np.isfinite(one) & np.isfinite(other)
    return np.where(finite, np.where(finite, one, 0.0) - np.where(finite, other, 0.0), np.inf)


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
