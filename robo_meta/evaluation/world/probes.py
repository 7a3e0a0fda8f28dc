"""What is measured of the world on one task or family, each in a record of its own; whole jobs for worker processes.

Every record follows from the seed and its own split and number, so that workers cannot change it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import shapely

from demos.expert.episode import shared_env
from demos.expert.grasp_plan import NoGrasp, plan_grasp
from demos.expert.scripted_controller import scripted_controller
from robo_meta.evaluation.world import blind_grasps
from robo_meta.scenarios.rollout import expert_rollout, rollout
from robo_meta.strategies.policy import GraspPolicy
from sim.objects.acceptance import balance_heading, place, possible_balance_points, refusal
from sim.objects.balance_points import balance_points, colour_moments
from sim.objects.graspable import outer_ends
from sim.objects.spec import ObjectSpec
from sim.shapes.families import family_named
from sim.shapes.family import Family
from sim.tasks.sampling import FRICTION_RANGE, draw_families, draw_scene, draw_task
from sim.tasks.scenes import BALANCE, NO_NOISE, PART, Scene
from sim.tasks.seeds import generator, seed_sequence

OFFSETS = (0.0, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04)
"""m off the centre of mass at which the grasp-offset curve is measured."""
EXTREME = 4.0
"""Ratio either way at which the balance points of a layout must lie apart."""
SETTLING = 5
"""Actions of 0.1 s after which a settled object is compared."""


@dataclass(frozen=True)
class Attempted:
    """One grasp, tried."""

    success: bool
    failed: tuple[str, ...]
    """Parts of the verdict that don't hold, or `no grasp`."""
    off: float | None
    """m from the grasp to where it should be, across the closing direction; None where there was nothing to grasp."""


NO_GRASP = Attempted(False, ("no grasp",), None)


@dataclass(frozen=True)
class Facts:
    """Object, materials and observation of one task, by which the rules of the world are checked; m and kg."""

    separation: float
    """Between the balance points at 1:4 and 4:1."""
    ratio: float
    """Of the densities, largest ÷ smallest."""
    first_heavier: bool
    """Whether the first colour is the denser one."""
    colours: bool
    """Whether both colours are on the object."""
    balance_mass: float
    part_mass: float
    same_object: bool
    """Whether the intention left geometry, colours and friction alone."""
    end_clearance: float
    """From the outer ends to the nearest possible balance point."""
    length: float
    height: float
    graspable: bool
    """Whether every possible balance point can be grasped."""
    flat: bool
    """Whether every possible balance point is supported."""
    friction: float
    equal_off: float
    """From the centre of mass to where equal densities would have it."""
    middle_off: float
    """From the centre of mass to the outline's middle."""
    reset_alike: bool
    """Whether exchanging the materials leaves all that is seen at reset as it is."""
    settled_apart: float
    """By how much that exchange moves the settled object."""


@dataclass(frozen=True)
class TaskProbe:
    """Geometry and physics of one task."""

    split: str
    index: int
    family: str
    facts: Facts
    centre: Attempted
    """Grasping the middle."""
    equal: Attempted
    """Guessing equal densities."""
    blind: Attempted
    """By the best material-blind rule."""
    expert_balance: Attempted
    expert_part: Attempted

    @property
    def place(self) -> tuple[str, int]:
        """What records are sorted by."""
        return self.split, self.index


@dataclass(frozen=True)
class RulesProbe:
    """How far off every blind rule is on one training task."""

    index: int
    offsets: Mapping[str, float]
    """Rule → m across the closing direction; infinite where it finds nothing to grasp."""

    @property
    def place(self) -> tuple[str, int]:
        """What records are sorted by."""
        return "", self.index


@dataclass(frozen=True)
class CurveProbe:
    """Success at every one of `OFFSETS` from the centre of mass."""

    split: str
    index: int
    outcomes: tuple[bool | None, ...]
    """None where neither side has anything to hold."""

    @property
    def place(self) -> tuple[str, int]:
        """What records are sorted by."""
        return self.split, self.index


@dataclass(frozen=True)
class LayoutsProbe:
    """How many raw layouts of a family become objects."""

    family: str
    n: int
    reasons: Mapping[str, int]
    """`accepted`, or why not → how many."""

    @property
    def place(self) -> tuple[str, int]:
        """What records are sorted by."""
        return self.family, 0


Probe = TaskProbe | RulesProbe | CurveProbe | LayoutsProbe


def fixed_grasp(grasp: np.ndarray) -> GraspPolicy:
    """A policy whose grasp (4,) was chosen beforehand, driven by the scripted controller from what is perceived."""
    return GraspPolicy(lambda points: grasp, scripted_controller)


def probe_scene(seed: int, split: str, index: int, intention: str) -> Scene:
    """The object `a0` of task `index`; the intention changes only its mass and what is wanted."""
    task = draw_task(seed, split, index, intention)
    return draw_scene(seed, task, draw_families(seed, task, 1)[0], "a0")


def probe_task(seed: int, split: str, index: int, rule: str) -> TaskProbe:
    """Geometry and physics of one task: every blind grasp and the expert on *balance*, the expert on *part*."""
    balance, part = (probe_scene(seed, split, index, intention) for intention in (BALANCE, PART))
    episode = int(seed_sequence(seed, split, index, "check").generate_state(1)[0])
    facts = _facts(balance, part, episode)
    places = (blind_grasps.middle, blind_grasps.EQUAL, blind_grasps.RULES[rule])
    centre, equal, blind = (blind_attempt(balance, episode, where(balance.object)) for where in places)
    experts = expert_attempt(balance, episode), expert_attempt(part, episode)
    return TaskProbe(split, index, balance.object.family, facts, centre, equal, blind, *experts)


def probe_rules(seed: int, index: int) -> RulesProbe:
    """How far off every blind rule is on task `index` of the training split, m across the closing direction."""
    return rules_probe(probe_scene(seed, "training", index, BALANCE), index)


def rules_probe(scene: Scene, index: int) -> RulesProbe:
    """How far off every blind rule is on a scene."""
    centre = scene.mass_properties.centre
    offsets = {}
    for name, where in blind_grasps.RULES.items():
        grasp = blind_grasps.grasp_near(scene.object, where(scene.object))
        offsets[name] = np.inf if grasp is None else blind_grasps.across_offset(grasp, centre)
    return RulesProbe(index, offsets)


def probe_curve(seed: int, split: str, index: int) -> CurveProbe:
    """Success at every offset from the centre of mass, without noise; None where neither side has anything to hold."""
    scene = replace(probe_scene(seed, split, index, BALANCE), noise=NO_NOISE)
    rng = generator(seed, split, index, "curve")
    episode, first_side = int(rng.integers(2**31)), rng.choice([-1.0, 1.0])
    planned = plan_grasp(scene)
    outcomes: list[bool | None] = []
    for offset in OFFSETS:
        grasps = [blind_grasps.grasp_beside(scene.object, planned, side * offset) for side in (first_side, -first_side)]
        grasp = next((grasp for grasp in grasps if grasp is not None), None)
        outcomes.append(None if grasp is None else rollout(shared_env(), scene, episode, fixed_grasp(grasp)).success)
    return CurveProbe(split, index, tuple(outcomes))


def probe_layouts(seed: int, family: str, count: int) -> LayoutsProbe:
    """How many of `count` raw layouts of a family become objects, and why others don't."""
    source, rng = family_named(family), generator(seed, "raw layouts", family)
    assert isinstance(source, Family), "imported objects have no layouts"
    reasons: Counter[str] = Counter()
    for _ in range(count):
        pieces = source.draw(rng, 2)
        turn = rng.uniform(-np.pi, np.pi)
        if {piece.slot for piece in pieces} != {0, 1}:
            reasons["one colour"] += 1
            continue
        spec = place(pieces, ("red", "blue"), family, FRICTION_RANGE[0], mirror=False, turn=turn)
        reasons[refusal(spec) or "accepted"] += 1
    return LayoutsProbe(family, count, dict(sorted(reasons.items())))


def blind_attempt(scene: Scene, episode: int, point: np.ndarray) -> Attempted:
    """A grasp of the nearest place to `point` (2,), m, that fingers can hold."""
    grasp = blind_grasps.grasp_near(scene.object, point)
    if grasp is None:
        return NO_GRASP
    outcome = rollout(shared_env(), scene, episode, fixed_grasp(grasp))
    off = blind_grasps.across_offset(grasp, scene.mass_properties.centre)
    return Attempted(outcome.success, tuple(outcome.failed_parts), off)


def expert_attempt(scene: Scene, episode: int, grasp: np.ndarray | None = None) -> Attempted:
    """The demonstrator's grasp, or its attempt at another `grasp` (4,), with its usual aim."""
    try:
        outcome = expert_rollout(shared_env(), scene, episode, grasp)
    except NoGrasp:
        return NO_GRASP
    return Attempted(outcome.success, tuple(outcome.failed_parts), outcome.across_mm / 1e3)


def _facts(balance: Scene, part: Scene, episode: int) -> Facts:
    spec, densities = balance.object, dict(balance.task.densities)
    volumes, centroids = colour_moments(spec)
    apart = balance_points(volumes, centroids, np.array([[EXTREME, 1.0], [1.0, EXTREME]]))
    possible = possible_balance_points(volumes, centroids)
    corners = np.concatenate([piece.outline for piece in spec.parts])
    hull = shapely.convex_hull(shapely.MultiPoint(corners))
    ends = np.concatenate([outer_ends(spec, colour) for colour in spec.colours])[:, :2]
    centre = balance.mass_properties.centre[:2]
    alike, apart_settled = _exchange(balance, episode)
    return Facts(
        separation=float(np.hypot(*(apart[1] - apart[0]))),
        ratio=max(densities.values()) / min(densities.values()),
        first_heavier=next(iter(densities.values())) > 1.0,
        colours=set(spec.colours) == set(densities) and len(densities) == 2,
        balance_mass=balance.mass,
        part_mass=part.mass,
        same_object=_same(balance.object, part.object),
        end_clearance=float(np.linalg.norm(ends[:, None] - possible, axis=-1).min()) if len(ends) else 0.0,
        length=float(np.sqrt(((corners[:, None] - corners[None]) ** 2).sum(-1).max())),
        height=spec.height,
        graspable=balance_heading(spec, possible) is not None,
        flat=bool(shapely.contains_xy(hull, possible).all()),
        friction=spec.friction,
        equal_off=float(np.hypot(*(blind_grasps.EQUAL(spec) - centre))),
        middle_off=float(np.hypot(*centre)),
        reset_alike=alike,
        settled_apart=apart_settled,
    )


def _same(first: ObjectSpec, second: ObjectSpec) -> bool:
    """Whether the intention left geometry, colours and friction alone."""
    return first.friction == second.friction and all(
        np.array_equal(a.outline, b.outline) and a.height == b.height and a.colour == b.colour
        for a, b in zip(first.parts, second.parts, strict=True)
    )


def _exchange(scene: Scene, episode: int) -> tuple[bool, float]:
    """Whether exchanging the materials changes what is seen at reset, and by how many m after settling."""
    names, values = list(scene.task.densities), list(scene.task.densities.values())
    other = replace(scene, task=replace(scene.task, densities=dict(zip(names, reversed(values), strict=True))))
    env, resets, settled = shared_env(), [], []
    for each in (scene, other):
        observation, _ = env.reset(seed=episode, options={"scene": each})
        resets.append(observation)
        for _ in range(SETTLING):
            observation = env.step(np.zeros(5, dtype=np.float32))[0]
        settled.append(observation["state"][7:10])
    alike = all(np.array_equal(resets[0][key], resets[1][key]) for key in resets[0])
    return alike, float(np.abs(settled[0] - settled[1]).max())
