"""Cross-sections of prisms: half-planes and circles.

Axis letters: N queries (a point and a closing heading each), L lines across the pads, P parts, V outline edges,
K candidate headings. Object frame, m and rad; `u` and `v` as in `sim.objects.cross_sections`.
"""

from __future__ import annotations

import numpy as np

from sim.frames import heading_turn
from sim.objects.cross_sections import Sections, distinct_headings, grasp_height, radial_cost
from sim.objects.prisms import Prism
from sim.objects.spec import ObjectError, ObjectSpec
from sim.robot import AT_ENDS, FINGERS

TAPER, STEEP_TAPER = 0.45, 0.9
"""rad: two sides whose headings differ by less also give the heading half way between; in general, at outer ends."""
MERGE_GAP = 0.001  # m: parts closer than this are one solid for the fingers


class PrismFootprint:
    """Outlines of an object's parts as half-planes and circles, from which many sections are cut at once."""

    def __init__(self, spec: ObjectSpec) -> None:
        self.spec = spec
        parts = [part for part in spec.parts if isinstance(part, Prism)]
        if len(parts) < len(spec.parts):
            raise ObjectError(f"{spec.family}: a prism and a mesh in one object; expected either")
        self.heights = np.array([part.height for part in parts])
        self.round = np.array([part.kind == "cylinder" for part in parts])
        self.centres = np.array([part.outline.mean(axis=0) for part in parts])
        # A 24-gon of the circle's area: its corners lie 0.6 % outside.
        reach = [np.hypot(*(part.outline[0] - centre)) for part, centre in zip(parts, self.centres, strict=True)]
        self.radii = np.array(reach) * np.sqrt(np.sin(np.pi / 12) / (np.pi / 12))
        sides = max([len(part.outline) for part in parts if part.kind != "cylinder"], default=3)
        self.normals = np.zeros((len(parts), sides, 2))
        self.offsets = np.zeros((len(parts), sides))
        candidates = []
        for row, part in enumerate(parts):
            edges = np.roll(part.outline, -1, axis=0) - part.outline
            lengths = np.hypot(edges[:, 0], edges[:, 1])
            normal = np.stack([edges[:, 1], -edges[:, 0]], axis=1) / lengths[:, None]
            if part.kind == "cylinder":
                # Any diameter serves: every second side in half a turn, 30° apart, is enough.
                candidates.append(normal[: len(normal) // 2 : 2])
                continue
            candidates.append(normal[lengths > 0.015])
            offset = np.einsum("vi,vi->v", normal, part.outline)
            pad = np.minimum(np.arange(sides), len(normal) - 1)
            self.normals[row], self.offsets[row] = normal[pad], offset[pad]
        self.headings = _candidate_headings(candidates, TAPER)
        self.part_headings = [_candidate_headings([group], STEEP_TAPER) for group in candidates]

    def chords(self, points: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where lines (N, L) through `points` (N, L, 2) along `u` (N, 2) enter and leave each part.

        Returns:
            low and high (N, L, P), m from the point along u; low is +inf and high −inf where a line misses a part.
        """
        along = np.einsum("pvi,ni->npv", self.normals, u)[:, None]
        slack = self.offsets - np.einsum("pvi,nli->nlpv", self.normals, points)
        parallel = np.abs(along) < 1e-9
        reach = slack / np.where(parallel, 1.0, along)
        high = np.where(along > 1e-9, reach, np.inf).min(axis=-1)
        low = np.where(along < -1e-9, reach, -np.inf).max(axis=-1)
        missed = (parallel & (slack < 0)).any(axis=-1)
        for part in np.flatnonzero(self.round):
            offset = points - self.centres[part]
            middle = -np.einsum("nli,ni->nl", offset, u)
            square = self.radii[part] ** 2 - (offset**2).sum(axis=-1) + middle**2
            half = np.sqrt(np.maximum(square, 0.0))
            low[..., part], high[..., part], missed[..., part] = middle - half, middle + half, square <= 0
        missed |= high <= low
        return np.where(missed, np.inf, low), np.where(missed, -np.inf, high)

    def cut(self, points: np.ndarray, yaws: np.ndarray, *, at_end: bool = False) -> Sections:
        """Cut the footprint at `points` (N, 2) along closing headings `yaws` (N,); see `Footprint`."""
        fingers = AT_ENDS if at_end else FINGERS
        pad, clear = fingers.pad_half_width, fingers.clear_half_width
        lines = np.array([0.0, -pad, -pad / 2, pad / 2, pad, -clear, clear])
        u = np.stack([np.cos(yaws), np.sin(yaws)], axis=-1)
        v = np.stack([-u[:, 1], u[:, 0]], axis=-1)
        low, high = self.chords(points[:, None] + lines[:, None] * v[:, None], u)
        empty = high < low

        # Grow one solid per line from the part nearest to the query point until no neighbour touches it.
        distance = np.where(empty, np.inf, np.maximum(np.maximum(low, -high), 0.0))
        first = distance.argmin(axis=-1)[..., None]
        solid_low = np.take_along_axis(low, first, axis=-1)
        solid_high = np.take_along_axis(high, first, axis=-1)
        for _ in range(low.shape[-1]):
            joined = (low <= solid_high + MERGE_GAP) & (high >= solid_low - MERGE_GAP)
            solid_low = np.where(joined, low, np.inf).min(axis=-1, keepdims=True)
            solid_high = np.where(joined, high, -np.inf).max(axis=-1, keepdims=True)
        pads = slice(0, 5)
        pad_low, pad_high = solid_low[:, pads, 0], solid_high[:, pads, 0]
        full = np.isfinite(pad_low).all(axis=-1) & np.isfinite(pad_high).all(axis=-1)
        pad_low = np.where(full[:, None], pad_low, 0.0)
        pad_high = np.where(full[:, None], pad_high, 0.0)
        left, right = pad_low.min(axis=-1), pad_high.max(axis=-1)
        shift, width = (left + right) / 2, right - left
        spread = np.maximum(np.ptp(pad_low, axis=-1), np.ptp(pad_high, axis=-1))

        slant = np.maximum(np.abs(pad_low[:, 1] - pad_low[:, 4]), np.abs(pad_high[:, 1] - pad_high[:, 4]))

        # Nothing may stand where the open fingers come down, nor between them beside the solid.
        middle = shift[:, None, None]
        apart = ~empty & ~joined
        near = (high > middle - fingers.outer_reach) & (low < middle + fingers.outer_reach)
        blocked = np.asarray((apart & near)[:, pads].any(axis=(1, 2)))
        for start, stop in ((fingers.inner_reach, fingers.outer_reach), (-fingers.outer_reach, -fingers.inner_reach)):
            blocked |= (~empty & (high > middle + start) & (low < middle + stop)).any(axis=(-1, -2))
        held = (joined & ~empty)[:, pads].any(axis=1)
        height = np.where(held, self.heights, np.inf).min(axis=-1)
        grasp_z = grasp_height(height)
        overhead = self.heights.max() - grasp_z
        graspable = (
            full
            & ~blocked
            & (spread <= fingers.max_spread)
            & (slant <= fingers.max_slant)
            & (width >= fingers.min_width)
            & (width <= fingers.max_width)
            & (height >= fingers.min_height)
            & (overhead <= fingers.max_overhead)
        )
        return Sections(
            np.asarray(graspable), shift, width, spread, height, grasp_z, np.ones(len(points)), np.asarray(held)
        )

    def end_headings(self) -> np.ndarray:
        """(K,), rad: closing headings worth trying at outer ends."""
        return np.unique(np.concatenate(self.part_headings).round(3))

    def end_grasps(self, colour: str) -> tuple[np.ndarray, np.ndarray]:
        """Grasps (N, 4) and costs (N,) on `colour` alone, found by sliding along its parts in 5 mm steps."""
        points, yaws, own = [], [], np.array([part.colour == colour for part in self.spec.parts])
        for part, headings in zip(self.spec.parts, self.part_headings, strict=True):
            for yaw in headings if part.colour == colour else ():
                u, v = np.array([np.cos(yaw), np.sin(yaw)]), np.array([-np.sin(yaw), np.cos(yaw)])
                across, along = part.outline @ u, part.outline @ v
                start, stop = along.min() + FINGERS.end_inset, along.max() - FINGERS.end_inset
                if start > stop or np.ptp(across) > 2 * FINGERS.max_width:
                    continue
                steps = np.linspace(start, stop, max(2, int((stop - start) / 0.005)))
                points.append(steps[:, None] * v + (across.max() + across.min()) / 2 * u)
                yaws.append(np.full(len(steps), yaw))
        if not points:
            return np.zeros((0, 4)), np.zeros(0)
        where, heading = np.concatenate(points), np.concatenate(yaws)
        sections = self.cut(where, heading, at_end=True)
        u = np.stack([np.cos(heading), np.sin(heading)], axis=-1)
        grasp = where + sections.shift[:, None] * u
        cost = sections.width + sections.spread + radial_cost(where, u)
        good = sections.graspable & ~(sections.held & ~own).any(axis=-1)
        grasps = np.column_stack([grasp, sections.grasp_z, heading])
        return grasps[good], cost[good]


def _candidate_headings(normals: list[np.ndarray], taper: float) -> np.ndarray:
    """Candidate headings (K,): the sides' normals, and the bisector of two sides of a part that differ by less than
    `taper`, rad."""
    found: list[float] = []
    for group in normals:
        angles = np.arctan2(group[:, 1], group[:, 0])
        gaps = heading_turn(angles[None, :], angles[:, None])
        rows, columns = np.nonzero(np.triu(np.abs(gaps) < taper))
        found.extend(angles[rows] - gaps[rows, columns] / 2)
    return distinct_headings(found)
