"""Cross-sections of prisms: half-planes and circles.

Axis letters: N queries (a point and a closing heading each), L lines across the pads, P parts, V outline edges,
K candidate headings. Object frame, m and rad; `u` and `v` as in `sim.objects.cross_sections`.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from sim.objects.cross_sections import Sections, distinct_headings, grasp_height, radial_cost
from sim.objects.prisms import Prism, following
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
        self.rounds = np.full((len(parts), 3), np.nan)
        """(P, 3): x and y of the centre and the radius squared of cylinders, m and m²; NaN elsewhere."""
        sides = max([len(part.outline) for part in parts if part.kind != "cylinder"], default=3)
        self.normals = np.zeros((len(parts), sides, 2))
        self.offsets = np.zeros((len(parts), sides))
        candidates: list[np.ndarray] = []
        for row, part in enumerate(parts):
            edges = following(part.outline) - part.outline
            lengths = np.hypot(edges[:, 0], edges[:, 1])
            normal = np.stack([edges[:, 1], -edges[:, 0]], axis=1) / lengths[:, None]
            if part.kind == "cylinder":
                # Any diameter serves: every second side in half a turn, 30° apart, is enough.
                candidates.append(normal[: len(normal) // 2 : 2])
                centre = part.outline.mean(axis=0)
                # A 24-gon of the circle's area: its corners lie 0.6 % outside.
                radius = np.hypot(*(part.outline[0] - centre)) * np.sqrt(np.sin(np.pi / 12) / (np.pi / 12))
                self.rounds[row] = *centre, radius**2
                continue
            candidates.append(normal[lengths > 0.015])
            offset = np.einsum("vi,vi->v", normal, part.outline)
            pad = np.minimum(np.arange(sides), len(normal) - 1)
            self.normals[row], self.offsets[row] = normal[pad], offset[pad]
        self._candidates = candidates
        self.headings = _candidate_headings(candidates, TAPER)

    @cached_property
    def part_headings(self) -> list[np.ndarray]:
        """Part → (K,), rad: closing headings worth trying at its outer end."""
        return [_candidate_headings([group], STEEP_TAPER) for group in self._candidates]

    def cut(self, points: np.ndarray, yaws: np.ndarray, *, at_end: bool = False) -> Sections:
        """Cut the footprint at `points` (N, 2) along closing headings `yaws` (N,); see `Footprint`."""
        # Imported here: numba takes a while, and who only looks at an object needs none of it.
        from sim.objects.compiled_prisms import cut

        fingers = AT_ENDS if at_end else FINGERS
        pad, clear = fingers.pad_half_width, fingers.clear_half_width
        lines = np.array([0.0, -pad, -pad / 2, pad / 2, pad, -clear, clear])
        reaches = np.array([fingers.inner_reach, fingers.outer_reach, MERGE_GAP])
        limits = np.array([fingers.max_spread, fingers.max_slant, fingers.min_width, fingers.max_width])
        # Cosines by numpy, whose last bits differ from those of compiled code.
        u = np.stack([np.cos(yaws), np.sin(yaws)], axis=-1)
        v = np.stack([-u[:, 1], u[:, 0]], axis=-1)
        where, solids = np.array(points, dtype=np.float64, order="C"), (self.normals, self.offsets, self.rounds)
        sizes, fits, held = cut(where, u, v, lines, *solids, self.heights, reaches, limits)
        shift, width, spread, height = sizes.T
        grasp_z = grasp_height(height)
        low_enough = self.heights.max() - grasp_z <= fingers.max_overhead
        graspable = fits & (height >= fingers.min_height) & low_enough
        return Sections(graspable, shift, width, spread, height, grasp_z, np.ones(len(where)), held)

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
    # Python's floats: the numbers are few, and they round as numpy's do.
    for group in normals:
        angles = np.arctan2(group[:, 1], group[:, 0]).tolist()
        for first, angle in enumerate(angles):
            for other in angles[first:]:
                gap = (angle - other + np.pi / 2) % np.pi - np.pi / 2
                if abs(gap) < taper:
                    found.append(angle - gap / 2)
    return distinct_headings(found)
