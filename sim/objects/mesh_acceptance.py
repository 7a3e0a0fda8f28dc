"""Acceptance of imported objects: what they serve for, by geometry alone. No rule looks at the ratio that a task draws.

Axis letters: R density ratios. Object frame, m.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from sim.objects.balance_points import balance_points, colour_moments, density_grid
from sim.objects.cross_sections import Footprint
from sim.objects.graspable import outer_grasps
from sim.objects.mesh_sections import MeshFootprint
from sim.objects.meshes import MeshPart, TriangleMesh
from sim.objects.spec import ObjectSpec
from sim.palette import PALETTE


@dataclass(frozen=True)
class MeshRules:
    """Limits that every imported object keeps, whatever its materials are; lengths in m."""

    min_length: float = 0.07
    max_length: float = 0.36
    """Of the object's greatest extent in the plane."""
    min_height: float = 0.006
    """The fingers can't close on less over the table."""
    max_height: float = 0.12
    """Higher, and the hand's way to it leaves the workspace."""
    least_ratio: float = 3.0
    extreme_ratio: float = 10.0
    """Balance points at ratios between these, either way, must be graspable: all that tasks can draw."""
    demand_ratio: float = 4.0
    min_separation: float = 0.04
    """Between the balance points at 1:demand_ratio and demand_ratio:1."""
    nearby: float = 0.002
    """How far beside a balance point the grasp may go."""
    end_clearance: float = 0.03
    """From an outer end to every balance point and to the other material's outer ends: as far as pads may be from the
    end that is asked for (`Thresholds.part_distance`), so that holding one is never holding another."""
    near: float = 0.02
    """Across the closing direction: a grasp closer than this to the balance point may hold the object level."""
    max_middle_share: float = 0.5
    """Share of ratios at which the geometric centre is near."""
    max_equal_share: float = 0.4
    """Share of ratios at which the balance point of equal densities is near."""
    flat_share: float = 0.6
    """Of the pads, in the middle of all balance points: lies more of them on the surface, the object is flat."""


MESH_RULES = MeshRules()
RATIOS = 8
"""Steps of the density ratio, either way, by which shares are counted."""
STEP = 0.003
"""m between the balance points that are tried."""


@dataclass(frozen=True)
class Judgement:
    """What an object serves for."""

    surface: str
    """`flat` or `curved`."""
    refusals: dict[str, str]
    """Intention → why it doesn't serve for it, in plain words; absent where it does."""


def size_refusal(vertices: np.ndarray, rules: MeshRules = MESH_RULES) -> str | None:
    """Why an object of these `vertices` (V, 3), m, at rest, can't be taken at all, or None."""
    length = float(np.hypot(*np.ptp(vertices[:, :2], axis=0)))
    height = float(np.ptp(vertices[:, 2]))
    if length < rules.min_length:
        return f"too small: {length * 100:.1f} cm long, needs {rules.min_length * 100:g}"
    if length > rules.max_length:
        return f"too large: {length * 100:.1f} cm long, at most {rules.max_length * 100:g}"
    if height < rules.min_height:
        return f"too thin to hold: {height * 1000:.2g} mm, needs {rules.min_height * 1000:g}"
    if height > rules.max_height:
        return f"too tall: {height * 100:.1f} cm, at most {rules.max_height * 100:g}"
    return None


def judge_meshes(
    meshes: tuple[TriangleMesh, ...],
    intentions: Collection[str] = ("balance", "part"),
    rules: MeshRules = MESH_RULES,
) -> Judgement:
    """What an object serves for that is of one material a mesh.

    Args:
        meshes: two, frame at rest.
        intentions: those to judge it for; the surface is known only with `balance` among them.
        rules: limits.
    """
    colours = tuple(PALETTE)[: len(meshes)]
    parts = tuple(MeshPart(mesh, colour, slot) for slot, (mesh, colour) in enumerate(zip(meshes, colours, strict=True)))
    spec = ObjectSpec("imported", parts, 1.0)
    volumes, centroids = colour_moments(spec)
    possible = possible_points(volumes, centroids, rules)
    refusals, flat = {}, 0.0
    near = _too_near(volumes, centroids, rules)
    if "balance" in intentions and near:
        refusals["balance"] = near
    # The slices are made for what only they can tell.
    if footprint := None if set(intentions) <= set(refusals) else MeshFootprint(spec):
        if "balance" in intentions and not near:
            reason, flat = _balance_refusal(spec, footprint, possible, rules)
            refusals |= {"balance": reason} if reason else {}
        if "part" in intentions:
            reason = _part_refusal(spec, footprint, possible, rules)
            refusals |= {"part": reason} if reason else {}
    return Judgement("flat" if flat >= rules.flat_share else "curved", refusals)


def possible_points(volumes: np.ndarray, centroids: np.ndarray, rules: MeshRules = MESH_RULES) -> np.ndarray:
    """Balance points (R, 2) at all ratios that tasks can draw, on two stretches in steps of 3 mm."""
    stretches = []
    for low, high in ((rules.least_ratio, rules.extreme_ratio), (1 / rules.extreme_ratio, 1 / rules.least_ratio)):
        first, last = balance_points(volumes, centroids, np.array([[low, 1.0], [high, 1.0]]))
        stretches.append(np.linspace(first, last, 2 + int(np.hypot(*(last - first)) / STEP)))
    return np.concatenate(stretches)


def _too_near(volumes: np.ndarray, centroids: np.ndarray, rules: MeshRules) -> str | None:
    """Why the balance points are too close together to be told apart by trying."""
    demand = rules.demand_ratio
    ends = balance_points(volumes, centroids, np.array([[demand, 1.0], [1.0, demand]]))
    apart = float(np.hypot(*(ends[1] - ends[0])))
    if apart < rules.min_separation:
        return f"balance points only {apart * 100:.1f} cm apart, needs {rules.min_separation * 100:g}"
    return None


def _balance_refusal(
    spec: ObjectSpec, footprint: Footprint, possible: np.ndarray, rules: MeshRules
) -> tuple[str | None, float]:
    """Why `spec` doesn't serve for *balance*, and what share of the pads lies on it."""
    volumes, centroids = colour_moments(spec)
    # A few places first: most objects that can't be held at some balance point can't be at one of these.
    middle = float(np.sqrt(rules.extreme_ratio * rules.least_ratio))
    few = [(slot, ratio) for slot in range(2) for ratio in (rules.extreme_ratio, middle, rules.least_ratio)]
    densities = np.array([np.where(np.arange(2) == slot, ratio, 1.0) for slot, ratio in few])
    points = balance_points(volumes, centroids, densities)
    cost, headings = _best_near(footprint, points, rules)
    flat = _flatness(footprint, points, cost, headings)
    if not np.isfinite(cost).all():
        slot, ratio = few[int(np.isinf(cost).argmax())]
        return f"no hold where it balances with material {slot + 1} {ratio:.2g} times as dense", flat
    cost, headings = _best_near(footprint, possible, rules)
    held = np.isfinite(cost)
    flat = _flatness(footprint, possible, cost, headings)
    if not held.all():
        return f"no hold at {np.mean(~held):.0%} of its balance points", flat
    likely = balance_points(volumes, centroids, density_grid(2, rules.least_ratio, rules.extreme_ratio, RATIOS))
    _, near_headings = _best_near(footprint, likely, rules)
    across = np.stack([-np.sin(near_headings), np.cos(near_headings)], axis=1)
    equal = balance_points(volumes, centroids, np.ones((1, 2)))
    for guess, most, what in (
        (np.zeros((1, 2)), rules.max_middle_share, "its middle"),
        (equal, rules.max_equal_share, "the balance point of equal densities"),
    ):
        share = float(np.mean(np.abs(((likely - guess) * across).sum(axis=1)) < rules.near))
        if share > most:
            return f"{what} is near its balance point at {share:.0%} of the ratios, at most {most:.0%}", flat
    return None, flat


def _flatness(footprint: Footprint, points: np.ndarray, cost: np.ndarray, headings: np.ndarray) -> float:
    """Median share of the pads that lies on the surface, of grasps at `points` (R, 2) along `headings` (R,), rad, of
    finite `cost` (R,)."""
    held = np.isfinite(cost)
    return float(np.median(footprint.cut(points[held], headings[held]).flat)) if held.any() else 0.0


def _best_near(footprint: Footprint, points: np.ndarray, rules: MeshRules) -> tuple[np.ndarray, np.ndarray]:
    """Cost (R,) and heading (R,), rad, of the best grasp through each of `points` (R, 2) or close beside it."""
    cost, _, _ = footprint.weigh(points)
    best, heading = cost.min(axis=1), footprint.headings[cost.argmin(axis=1)]
    for angle in np.arange(8) * np.pi / 4:
        missing = ~np.isfinite(best)
        # An object that can't be held at half of its balance points is refused, whatever lies beside them.
        if not missing.any() or missing.mean() > 0.5:
            break
        beside = points[missing] + rules.nearby * np.array([np.cos(angle), np.sin(angle)])
        cost, _, _ = footprint.weigh(beside)
        best[missing], heading[missing] = cost.min(axis=1), footprint.headings[cost.argmin(axis=1)]
    return best, heading


def _part_refusal(spec: ObjectSpec, footprint: MeshFootprint, possible: np.ndarray, rules: MeshRules) -> str | None:
    """Why `spec` doesn't serve for *part*."""
    found: list[np.ndarray] = []
    for part in spec.parts:
        which, least = f"material {part.slot + 1}", f"{rules.end_clearance * 100:g} cm"
        # The quick question first: most objects that don't serve have no such place at all.
        if not footprint.held_away(part.colour, possible, rules.end_clearance):
            return f"no outer end of {which} that the fingers can hold {least} or more from its balance points"
        ends = outer_grasps(spec, part.colour)[:, :2]
        clear = float(np.linalg.norm(ends[:, None] - possible, axis=-1).min())
        if clear < rules.end_clearance:
            return f"outer end of {which} only {clear * 100:.1f} cm from a balance point, needs {least}"
        for other in found:
            gap = float(np.linalg.norm(ends[:, None] - other, axis=-1).min())
            if gap < rules.end_clearance:
                return f"outer ends only {gap * 100:.1f} cm apart, needs {least}"
        found.append(ends)
    return None
