"""Acceptance of layouts as objects. The rules hold for every density ratio, so that none can leak the ratio drawn.

Axis letters: C colours, R density ratios. Object frame, m.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import sqrt
from typing import NamedTuple

import numpy as np
import shapely

from sim.errors import InputError
from sim.frames import heading_gap
from sim.objects.balance_points import balance_points, colour_moments, density_grid
from sim.objects.graspable import footprint_of, outer_grasps
from sim.objects.prisms import Outlines, Prism, outlines_of
from sim.objects.spec import ObjectError, ObjectSpec
from sim.shapes.families import family_named
from sim.shapes.family import FamilyError
from sim.shapes.mesh_family import MeshFamily
from sim.shapes.pieces import Piece


class LayoutError(InputError):
    """A family none of whose layouts becomes an object; the message says which rule refused how many."""


@dataclass(frozen=True)
class Rules:
    """Limits that every object of every family satisfies, whatever its materials are."""

    min_length: float = 0.12
    max_length: float = 0.36
    """m: the object's greatest extent."""
    max_height: float = 0.042
    """m: height of the tallest part, so that none meets the palm while the lowest one is held."""
    extreme_ratio: float = 10.0
    """Balance points from 1:this to this:1 must be graspable."""
    demand_ratio: float = 4.0
    min_separation: float = 0.04
    """m between the balance points at 1:demand_ratio and demand_ratio:1 of every two colours."""
    max_turn: float = 0.35
    """rad: all balance points are grasped with closing headings this alike."""
    support_margin: float = 0.008
    """m from every balance point to the edge of the support polygon: the object lies flat."""
    end_clearance: float = 0.04
    """m from a colour's outer end to every balance point and to the other colours' outer ends."""
    near: float = 0.02
    """m across the closing direction: a grasp closer than this to the balance point may hold the object level."""
    max_middle_share: float = 0.5
    """Share of possible ratios at which grasping the geometric centre is near."""
    max_equal_share: float = 0.4
    """Share of possible ratios at which the balance point of equal densities is near."""
    max_overlap: float = 1e-7
    """m² of overlap between parts; volume that two parts share would weigh twice."""


RULES = Rules()
MAX_LAYOUTS = 2000
"""Layouts drawn for one object before its family is given up."""
UNUSED_SLOT = "unused slot"
"""Reason beside those of `refusal`: a layout that leaves out one of the colours."""


def explained(reason: str, rules: Rules = RULES) -> str:
    """A reason of `refusal` in a sentence's words, with the figures of `rules`."""
    return {
        UNUSED_SLOT: "a slot without a piece",
        "length": f"longest extent outside {rules.min_length:g}–{rules.max_length:g} m",
        "height": f"a part higher than {rules.max_height:g} m",
        "separation": f"balance points of different materials less than {rules.min_separation:g} m apart",
        "equal densities too good": "balance point of equal densities right too often",
        "not flat": f"a balance point less than {rules.support_margin:g} m inside the support polygon",
        "balance points not graspable": "a balance point that the fingers can't grasp, or only with another heading",
        "middle too good": "geometric centre near the balance point too often",
        "no graspable outer end": "a colour without an outer end that the fingers can grasp",
        "outer end near a balance point": f"an outer end less than {rules.end_clearance:g} m from a balance point",
        "outer ends near each other": f"outer ends of two colours less than {rules.end_clearance:g} m apart",
        "overlap": "parts that overlap",
    }[reason]


def draw_object(
    rng: np.random.Generator, family: str, colours: tuple[str, ...], friction: float, intention: str = "balance"
) -> ObjectSpec:
    """An object of `family` with `colours` dealt to its slots: layouts are drawn until one is accepted.

    Of imported objects, which were accepted when they were imported, one that serves for `intention`; the geometry of
    others doesn't depend on it.

    Raises:
        UnknownFamily: no such family.
        FamilyError: the family's function returned no layout.
        LayoutError: none was accepted.
    """
    source = family_named(family)
    if isinstance(source, MeshFamily):
        return source.draw_object(rng, colours, friction, intention)
    reasons: Counter[str] = Counter()
    for _ in range(MAX_LAYOUTS):
        pieces = source.layout(rng, len(colours))
        dealt = tuple(colours[i] for i in rng.permutation(len(colours)))
        if {piece.slot for piece in pieces} != set(range(len(colours))):
            reasons[UNUSED_SLOT] += 1
            continue
        mirror, turn = rng.random() < 0.5, rng.uniform(-np.pi, np.pi)
        try:
            spec = place(pieces, dealt, family, friction, mirror=mirror, turn=turn)
        except ObjectError as error:
            raise FamilyError(f"family {family!r}: {error}") from error
        reason = refusal(spec)
        if reason is None:
            return spec
        reasons[reason] += 1
    counts = "; ".join(f"{count} × {explained(reason)}" for reason, count in reasons.most_common())
    raise LayoutError(
        f"family {family!r}: no acceptable object with {len(colours)} colours among {MAX_LAYOUTS} layouts; "
        f"refused were {counts}"
    )


def place(
    pieces: tuple[Piece, ...], colours: tuple[str, ...], family: str, friction: float, *, mirror: bool, turn: float
) -> ObjectSpec:
    """Make an object of `pieces`, in a frame that tells nothing about the materials.

    The origin is the centre of the layout's bounding box in canonical coordinates; the layout is then mirrored
    (`mirror`) and turned by `turn` rad about it.
    """
    corners = np.concatenate([piece.outline for piece in pieces])
    origin = (corners.min(axis=0) + corners.max(axis=0)) / 2
    c, s = np.cos(turn), np.sin(turn)
    matrix = np.array([[c, -s], [s, c]]) @ np.diag([1.0, -1.0 if mirror else 1.0])
    placed, first, parts = (corners - origin) @ matrix.T, 0, []
    for piece in pieces:
        outline, first = placed[first : first + len(piece.outline)], first + len(piece.outline)
        # Mirroring makes the outline clockwise; reversing it makes it counter-clockwise again.
        outline = outline[::-1] if mirror else outline
        parts.append(Prism(piece.kind, outline, float(piece.height), colours[piece.slot], int(piece.slot), piece.role))
    return ObjectSpec(family, tuple(parts), friction)


class DensitiesAsked(NamedTuple):
    """Relative densities at which the rules ask for balance points, and the rows where each question's are."""

    densities: np.ndarray
    """(R, C)."""
    ends: slice
    """Of every two colours, the others left out, at 1:`demand_ratio` and back."""
    equal: slice
    """One row: all alike."""
    likely: slice
    """What tasks may have, evenly in the logarithm."""


@lru_cache(maxsize=64)
def densities_asked(colours: int, rules: Rules) -> DensitiesAsked:
    """What `rules` ask for on objects of so many colours; kept for who asks again."""
    pairs = list(combinations(range(colours), 2))
    ends = np.zeros((2 * len(pairs), colours))
    for row, (first, second) in enumerate(pairs):
        ends[2 * row, [first, second]] = rules.demand_ratio, 1.0
        ends[2 * row + 1, [first, second]] = 1.0, rules.demand_ratio
    likely = density_grid(colours, 3.0, rules.extreme_ratio, 8)
    densities = np.concatenate([ends, np.ones((1, colours)), likely])
    densities.setflags(write=False)
    rest = len(ends) + 1
    return DensitiesAsked(densities, slice(len(ends)), slice(len(ends), rest), slice(rest, None))


def possible_balance_points(volumes: np.ndarray, centroids: np.ndarray, rules: Rules = RULES) -> np.ndarray:
    """Balance points (R, 2) of all possible materials; with two colours a segment, in steps of 3 mm."""
    colours = len(volumes)
    if colours > 2:
        return balance_points(volumes, centroids, density_grid(colours, 1.0, rules.extreme_ratio, 7))
    extremes = np.array([[rules.extreme_ratio, 1.0], [1.0, rules.extreme_ratio]])
    first, last = balance_points(volumes, centroids, extremes)
    return np.linspace(first, last, 2 + int(np.hypot(*(last - first)) / 0.003))


def refusal(spec: ObjectSpec, rules: Rules = RULES) -> str | None:
    """The first rule that `spec` breaks, in a word or two (`explained`), or None; cheap rules come first."""
    outlines = outlines_of(spec.parts)
    corners = outlines.corners
    x, y = corners[:, 0], corners[:, 1]
    length = np.sqrt(((x[:, None] - x) ** 2 + (y[:, None] - y) ** 2).max())
    if not rules.min_length <= length <= rules.max_length:
        return "length"
    if spec.height > rules.max_height:
        return "height"
    volumes, centroids = colour_moments(spec)
    asked = densities_asked(len(volumes), rules)
    points = balance_points(volumes, centroids, asked.densities)
    ends, equal, likely = points[asked.ends], points[asked.equal], points[asked.likely]
    if np.hypot(*(ends[1::2] - ends[::2]).T).min(initial=np.inf) < rules.min_separation:
        return "separation"
    if _share(np.hypot(*(likely - equal).T) < rules.near) > rules.max_equal_share:
        return "equal densities too good"
    possible = possible_balance_points(volumes, centroids, rules)
    # A line through the corners has the hull of the points, and is made in a quarter of the time.
    hull = shapely.get_exterior_ring(shapely.convex_hull(shapely.linestrings(corners)))
    if shapely.distance(shapely.points(possible), hull).min() < rules.support_margin:
        return "not flat"
    heading = balance_heading(spec, possible, rules)
    if heading is None:
        return "balance points not graspable"
    across = np.array([-np.sin(heading), np.cos(heading)])
    if _share(np.abs(likely @ across) < rules.near) > rules.max_middle_share:
        return "middle too good"
    if _share(np.abs((likely - equal) @ across) < rules.near) > rules.max_equal_share:
        return "equal densities too good"
    return _part_refusal(spec, outlines, possible, rules)


def balance_heading(spec: ObjectSpec, points: np.ndarray, rules: Rules = RULES) -> float | None:
    """A closing heading at which all `points` (R, 2) are graspable and close to the best one of each, or None."""
    footprint = footprint_of(spec)
    # The ends fail most often, so they come first.
    for some in (points[[0, -1]], points):
        cost, _, _ = footprint.weigh(some)
        if cost.min(axis=1).max() == np.inf:
            return None
    best = footprint.headings[cost.argmin(axis=1)]
    heading = float(footprint.headings[cost.sum(axis=0).argmin()])
    return heading if heading_gap(best, heading).max() <= rules.max_turn else None


def _part_refusal(spec: ObjectSpec, outlines: Outlines, possible: np.ndarray, rules: Rules) -> str | None:
    """The rule of the outer ends, which *part* asks for, or of overlap that `spec` breaks, or None."""
    found: list[np.ndarray] = []
    for colour in spec.colours:
        ends = outer_grasps(spec, colour)[:, :2]
        if not len(ends):
            return "no graspable outer end"
        if _least_distance(ends, possible) < rules.end_clearance:
            return "outer end near a balance point"
        if any(_least_distance(ends, other) < rules.end_clearance for other in found):
            return "outer ends near each other"
        found.append(ends)
    rings = shapely.linearrings(
        outlines.corners, indices=np.repeat(np.arange(len(spec.parts)), np.diff(outlines.firsts))
    )
    polygons = shapely.polygons(rings)
    # GEOS now and then loses a part among edges that nearly coincide, and a layout that overlaps nowhere is refused.
    # That is left so: with a union that is right, the same seeds would draw other objects.
    overlap = sum(shapely.area(polygons).tolist()) - float(shapely.area(shapely.union_all(polygons)))
    return "overlap" if overlap > rules.max_overlap else None


def _share(found: np.ndarray) -> float:
    """Share of true values."""
    return float(np.count_nonzero(found) / len(found))


def _least_distance(points: np.ndarray, others: np.ndarray) -> float:
    """m: the smallest distance of `points` (N, 2) to `others` (M, 2)."""
    apart = points[:, None] - others
    return sqrt((apart * apart).sum(axis=-1).min())
