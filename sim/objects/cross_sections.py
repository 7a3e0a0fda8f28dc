"""Cross-sections of an object's footprint in the strip under the finger pads, and whether the fingers fit there.

Axis letters: N queries (a point and a closing heading each), L lines across the pads, P parts, V outline edges,
K candidate headings. Object frame, m and rad. A *closing heading* is the direction `u` along which the
fingers close, modulo π; `v` is perpendicular to it, along the pads' width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.frames import heading_gap, heading_turn, wrap_heading
from sim.objects.spec import ObjectSpec
from sim.robot import FINGERS, Fingers

TAPER, STEEP_TAPER = 0.45, 0.9
"""rad: two sides whose headings differ by less also give the heading half way between; in general, at outer ends."""
MERGE_GAP = 0.001  # m: parts closer than this are one solid for the fingers


class Footprint:
    """Outlines of an object's parts as half-planes and circles, from which many sections are cut at once."""

    def __init__(self, spec: ObjectSpec) -> None:
        self.spec = spec
        self.heights = np.array([part.height for part in spec.parts])
        self.round = np.array([part.kind == "cylinder" for part in spec.parts])
        self.centres = np.array([part.outline.mean(axis=0) for part in spec.parts])
        # A 24-gon of the circle's area: its corners lie 0.6 % outside.
        reach = [np.hypot(*(part.outline[0] - centre)) for part, centre in zip(spec.parts, self.centres, strict=True)]
        self.radii = np.array(reach) * np.sqrt(np.sin(np.pi / 12) / (np.pi / 12))
        sides = max([len(part.outline) for part in spec.parts if part.kind != "cylinder"], default=3)
        self.normals = np.zeros((len(spec.parts), sides, 2))
        self.offsets = np.zeros((len(spec.parts), sides))
        candidates = []
        for row, part in enumerate(spec.parts):
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


def _candidate_headings(normals: list[np.ndarray], taper: float) -> np.ndarray:
    """Candidate headings (K,): the sides' normals, and the bisector of two sides of a part that differ by less than
    `taper`, rad."""
    found: list[float] = []
    for group in normals:
        angles = np.arctan2(group[:, 1], group[:, 0])
        gaps = heading_turn(angles[None, :], angles[:, None])
        rows, columns = np.nonzero(np.triu(np.abs(gaps) < taper))
        found.extend(angles[rows] - gaps[rows, columns] / 2)
    kept: list[float] = []
    for angle in found:
        if all(heading_gap(angle, other) > 0.02 for other in kept):
            kept.append(angle)
    return wrap_heading(np.array(kept))


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
    held: np.ndarray
    """(N, P) bool: parts between the pads."""


def cut(footprint: Footprint, points: np.ndarray, yaws: np.ndarray, fingers: Fingers = FINGERS) -> Sections:
    """Cut the footprint at `points` (N, 2) along closing headings `yaws` (N,)."""
    pad, clear = fingers.pad_half_width, fingers.clear_half_width
    lines = np.array([0.0, -pad, -pad / 2, pad / 2, pad, -clear, clear])
    u = np.stack([np.cos(yaws), np.sin(yaws)], axis=-1)
    v = np.stack([-u[:, 1], u[:, 0]], axis=-1)
    low, high = footprint.chords(points[:, None] + lines[:, None] * v[:, None], u)
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
    height = np.where(held, footprint.heights, np.inf).min(axis=-1)
    overhead = footprint.heights.max() - grasp_height(height)
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
    return Sections(np.asarray(graspable), shift, width, spread, height, np.asarray(held))


def grasp_height(local_height: np.ndarray | float) -> np.ndarray:
    """z of the grasp point, m, on a part that is `local_height` tall: half way up, the fingertips off the table."""
    return np.clip(0.5 * np.asarray(local_height), 0.010, 0.022)
