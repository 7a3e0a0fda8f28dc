"""The loops of `prism_sections` over queries, lines, parts and sides, compiled; equal to the bit to what numpy gave.

What they are given stands here too: numba keeps compiled code for as long as its own file stays the same.

Axis letters: N queries (a point and a closing heading each), M points, K headings, L lines across the pads, P parts,
V sides of all parts. Object frame, m; `u` and `v` as in `sim.objects.cross_sections`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from sim.compiling import compiled

PADS = 5
"""The first lines of a query lie across the pads, the others at the edges of the strip that must be clear."""


class Solids(NamedTuple):
    """The parts of an object."""

    normals: np.ndarray
    """(V, 2) of the sides of all parts: outward, of length 1."""
    offsets: np.ndarray
    """(V,), m."""
    firsts: np.ndarray
    """(P + 1,): where each part's sides begin, and their count."""
    rounds: np.ndarray
    """(P, 3): x and y of the centre and the radius squared of cylinders, m and m²; NaN elsewhere. A cylinder's sides
    don't count."""
    heights: np.ndarray
    """(P,), m."""
    tallest: float
    """m: the largest of them."""


class Grip(NamedTuple):
    """What fingers need, m; as in `sim.robot.Fingers`."""

    lines: np.ndarray
    """(L,) along v: the first `PADS` lie across the pads, the first of all in their middle, the second and the fifth at
    their edges."""
    inner_reach: float
    outer_reach: float
    merge_gap: float
    """Parts closer than this are one solid."""
    max_spread: float
    max_slant: float
    min_width: float
    max_width: float
    min_height: float
    max_overhead: float
    lowest: float
    """Height of a grasp, at least."""
    highest: float
    """At most."""


class Lines(NamedTuple):
    """Room for what the lines of one query meet; whoever calls gives the room, as making it would be compiled too."""

    low: np.ndarray
    """(L, P), m along u: where each enters each part; +inf where it misses."""
    high: np.ndarray
    """(L, P), m along u: where it leaves it; −inf where it misses."""
    joined: np.ndarray
    """(L, P) bool: the parts that make one solid."""
    held: np.ndarray
    """(P,) bool: the parts between the pads, where something is graspable."""


class Section(NamedTuple):
    """What the fingers meet at one place, as `sim.objects.cross_sections.Sections` has it."""

    graspable: bool
    shift: float
    width: float
    spread: float
    height: float
    grasp_z: float


class Wish(NamedTuple):
    """What is asked of the places at which the fingers take hold."""

    kinds: np.ndarray
    """(P,) int: equal for parts that may be held together."""
    kind: int
    """Of the parts that may be held; −1: any, but one alone."""
    most_shift: float
    """m by which the hand may move to centre itself."""
    shift_cost: float
    """What a metre of that costs."""
    one_will_do: bool
    """Ask no further headings at a point where one can be held."""


@compiled
def _chord(solids: Solids, part: int, x: float, y: float, ux: float, uy: float) -> tuple[float, float]:
    """Where the line through (x, y) along (ux, uy), m and of length 1, enters and leaves a part, m; +inf, −inf where it
    misses."""
    low, high = -math.inf, math.inf
    for side in range(solids.firsts[part], solids.firsts[part + 1]):
        along = solids.normals[side, 0] * ux + solids.normals[side, 1] * uy
        slack = solids.offsets[side] - (solids.normals[side, 0] * x + solids.normals[side, 1] * y)
        if along > 1e-9:
            reach = slack / along
            high = reach if reach < high else high
        elif along < -1e-9:
            reach = slack / along
            low = reach if reach > low else low
        elif abs(along) < 1e-9 and slack < 0:
            return math.inf, -math.inf
    return (math.inf, -math.inf) if high <= low else (low, high)


@compiled
def _round_chord(solids: Solids, part: int, x: float, y: float, ux: float, uy: float) -> tuple[float, float]:
    """`_chord` of a cylinder."""
    dx, dy = x - solids.rounds[part, 0], y - solids.rounds[part, 1]
    middle = -(dx * ux + dy * uy)
    rest = solids.rounds[part, 2] - (dx * dx + dy * dy) + middle * middle
    if rest <= 0:
        return math.inf, -math.inf
    half = math.sqrt(rest)
    low, high = middle - half, middle + half
    return (math.inf, -math.inf) if high <= low else (low, high)


@compiled
def _grow(low: np.ndarray, high: np.ndarray, gap: float, joined: np.ndarray) -> tuple[float, float]:
    """One solid from the part nearest to the query point, grown until no neighbour touches it: its ends along a line.

    Args:
        low, high: (P,) m, of `_chord`.
        gap: m: parts closer than this are one solid.
        joined: (P,) bool, filled in: the parts that belong to it.
    """
    parts, first, least = len(low), 0, math.inf
    for part in range(parts):
        if high[part] >= low[part]:
            distance = low[part] if low[part] > -high[part] else -high[part]
            distance = distance if distance > 0.0 else 0.0
            if distance < least:
                first, least = part, distance
    start, stop = low[first], high[first]
    for _ in range(parts):
        new_start, new_stop = math.inf, -math.inf
        for part in range(parts):
            joined[part] = low[part] <= stop + gap and high[part] >= start - gap
            if joined[part]:
                new_start = low[part] if low[part] < new_start else new_start
                new_stop = high[part] if high[part] > new_stop else new_stop
        start, stop = new_start, new_stop
    return start, stop


@compiled
def _meets(met: Lines, middle: float, inner: float, outer: float) -> bool:
    """Whether anything stands where the open fingers come down about `middle`, or between them beside the solid.

    Args:
        met: of all lines.
        middle, inner, outer: m along the line: the solid's middle; from there, an open finger's ends.
    """
    for line in range(len(met.low)):
        for part in range(met.low.shape[1]):
            one, other = met.low[line, part], met.high[line, part]
            if other < one:
                continue
            apart = line < PADS and not met.joined[line, part]
            if apart and other > middle - outer and one < middle + outer:
                return True
            if other > middle + inner and one < middle + outer:
                return True
            if other > middle + -outer and one < middle + -inner:
                return True
    return False


@compiled
def _section(
    x: float,
    y: float,
    ux: float,
    uy: float,
    solids: Solids,
    grip: Grip,
    met: Lines,
) -> Section:
    """The section at (x, y) along (ux, uy).

    The first reason for which nothing can be held ends the search: more lines make a solid neither narrower nor evener.

    Args:
        x, y, ux, uy: m and of length 1.
        solids: the object.
        grip: what the fingers need.
        met: filled in.
    """
    nothing = Section(False, 0.0, 0.0, 0.0, 0.0, 0.0)
    left, right, inmost_left, inmost_right = math.inf, -math.inf, -math.inf, math.inf
    width, spread = 0.0, 0.0
    first_start, first_stop, slant = 0.0, 0.0, 0.0
    for line in range(len(grip.lines)):
        at_x, at_y = x + grip.lines[line] * -uy, y + grip.lines[line] * ux
        for part in range(len(solids.heights)):
            if math.isnan(solids.rounds[part, 2]):
                found = _chord(solids, part, at_x, at_y, ux, uy)
            else:
                found = _round_chord(solids, part, at_x, at_y, ux, uy)
            met.low[line, part], met.high[line, part] = found
        if line >= PADS:
            continue
        start, stop = _grow(met.low[line], met.high[line], grip.merge_gap, met.joined[line])
        if not (math.isfinite(start) and math.isfinite(stop)):
            return nothing
        left, inmost_left = start if start < left else left, start if start > inmost_left else inmost_left
        right, inmost_right = stop if stop > right else right, stop if stop < inmost_right else inmost_right
        width, spread = right - left, inmost_left - left
        spread = right - inmost_right if right - inmost_right > spread else spread
        if line == 1:
            first_start, first_stop = start, stop
        if line == 4:
            slant = abs(first_start - start)
            slant = abs(first_stop - stop) if abs(first_stop - stop) > slant else slant
        if spread > grip.max_spread or slant > grip.max_slant or width > grip.max_width:
            return nothing
    shift = (left + right) / 2
    if width < grip.min_width or _meets(met, shift, grip.inner_reach, grip.outer_reach):
        return nothing
    height = math.inf
    for part in range(len(solids.heights)):
        met.held[part] = False
        for line in range(PADS):
            met.held[part] |= met.joined[line, part] and met.high[line, part] >= met.low[line, part]
        if met.held[part] and solids.heights[part] < height:
            height = solids.heights[part]
    grasp_z = 0.5 * height
    grasp_z = grip.lowest if grasp_z < grip.lowest else grasp_z
    grasp_z = grip.highest if grasp_z > grip.highest else grasp_z
    fits = height >= grip.min_height and solids.tallest - grasp_z <= grip.max_overhead
    return Section(fits, shift, width, spread, height, grasp_z)


@compiled
def cut(
    points: np.ndarray,
    u: np.ndarray,
    solids: Solids,
    grip: Grip,
    met: Lines,
    graspable: np.ndarray,
    sizes: np.ndarray,
    held: np.ndarray,
) -> None:
    """Sections at `points` (N, 2), m, along `u` (N, 2).

    Args:
        points, u: m, and of length 1.
        solids: the object.
        grip: what the fingers need.
        met: room.
        graspable: (N,) bool, filled in. Where it is false, the others have no meaning.
        sizes: (5, N), filled in: shift, width, spread, height and grasp height, m.
        held: (N, P) bool, filled in.
    """
    for n in range(len(points)):
        found = _section(points[n, 0], points[n, 1], u[n, 0], u[n, 1], solids, grip, met)
        graspable[n] = found.graspable
        sizes[0, n], sizes[1, n], sizes[2, n] = found.shift, found.width, found.spread
        sizes[3, n], sizes[4, n] = found.height, found.grasp_z
        for part in range(len(met.held)):
            held[n, part] = met.held[part]


@compiled
def weigh(
    points: np.ndarray,
    u: np.ndarray,
    own: bool,
    solids: Solids,
    grip: Grip,
    wish: Wish,
    met: Lines,
    cost: np.ndarray,
    grasps: np.ndarray,
) -> None:
    """What it costs to take hold at each of `points` (M, 2), m, along each of K headings.

    Args:
        points: m.
        u: (K, 2), of length 1, or (M · K, 2), where each point has its own.
        own: whether it has.
        solids: the object.
        grip: what the fingers need.
        wish: what else is asked.
        met: room.
        cost: (M, K), all infinite; filled in where something can be held.
        grasps: (M, K, 3), filled in likewise: x, y and z, m.
    """
    for m in range(len(points)):
        x, y = points[m, 0], points[m, 1]
        for k in range(cost.shape[1]):
            row = m * cost.shape[1] + k if own else k
            ux, uy = u[row, 0], u[row, 1]
            found = _section(x, y, ux, uy, solids, grip, met)
            if not found.graspable or abs(found.shift) > wish.most_shift:
                continue
            kind, right = wish.kind, True
            for part in range(len(wish.kinds)):
                if met.held[part]:
                    right = right and (kind == -1 or kind == wish.kinds[part])
                    kind = wish.kinds[part]
            if not right:
                continue
            far = abs(x * ux + y * uy) / (math.sqrt(x * x + y * y) + 0.01)
            # As `sim.objects.cross_sections.weighed` has it.
            cost[m, k] = found.width + wish.shift_cost * abs(found.shift) + found.spread + 0.003 * far
            grasps[m, k, 0], grasps[m, k, 1] = x + found.shift * ux, y + found.shift * uy
            grasps[m, k, 2] = found.grasp_z
            if wish.one_will_do:
                break
