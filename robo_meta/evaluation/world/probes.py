"""What is measured of the world on one task or family, as plain records; whole jobs for worker processes.

Every record follows from the seed and its own split and number, so that workers cannot change it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from demos.expert.episode import Observation, shared_env
from demos.expert.grasp_plan import NoGrasp, plan_grasp
from demos.expert.scripted_controller import scripted_controller
from robo_meta.evaluation.world import blind_grasps
from robo_meta.scenarios.rollout import expert_rollout, rollout
from sim.objects.acceptance import (
    balance_heading,
    balance_points,
    colour_moments,
    place,
    possible_balance_points,
    refusal,
)
from sim.objects.graspable import outer_ends
from sim.objects.spec import ObjectSpec
from sim.shapes.families import family_named
from sim.tasks.sampling import FRICTION_RANGE, draw_families, draw_scene, draw_task
from sim.tasks.scenes import BALANCE, NO_NOISE, PART, Scene
from sim.tasks.seeds import generator, seed_sequence

OFFSETS = (0.0, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04)
"""m off the centre of mass at which the grasp-offset curve is measured."""
EXTREME = 4.0
"""Ratio either way at which the balance points of a layout must lie apart."""
SETTLING = 5
"""Actions of 0.1 s after which a settled object is compared."""

Record = dict[str, Any]


@dataclass
class FixedGrasp:
    """A policy whose grasp was chosen beforehand, driven by the scripted controller from what is perceived."""

    grasp: np.ndarray
    """(4,) x, y, z, yaw; m, m, m, rad, object frame."""
    controller: str = "scripted"

    def target(self, points: np.ndarray) -> np.ndarray:
        """The grasp, whatever is seen."""
        return self.grasp

    def act(self, observation: Observation) -> np.ndarray:
        """Next action (5,), object frame."""
        return scripted_controller(observation["hand"], self.grasp)

    def reset(self) -> None:
        """Nothing is kept."""

    def point_scores(self, points: np.ndarray) -> np.ndarray | None:
        """None: no points are weighed."""
        return None


def probe_scene(seed: int, split: str, index: int, intention: str) -> Scene:
    """The object `a0` of task `index`; the intention changes only its mass and what is wanted."""
    task = draw_task(seed, split, index, intention)
    return draw_scene(seed, task, draw_families(seed, task, 1)[0], "a0")


def probe_task(seed: int, split: str, index: int, rule: str) -> Record:
    """Geometry and physics of one task: every blind grasp and the expert on *balance*, the expert on *part*."""
    balance, part = (probe_scene(seed, split, index, intention) for intention in (BALANCE, PART))
    episode = int(seed_sequence(seed, split, index, "check").generate_state(1)[0])
    record = {"kind": "task", "split": split, "index": index, "family": balance.object.family} | _geometry(
        balance, part
    )
    places = {"centre": blind_grasps.middle, "equal": blind_grasps.EQUAL, "blind": blind_grasps.RULES[rule]}
    for name, where in places.items():
        record[name] = _blind(balance, episode, where(balance.object))
    record["expert balance"] = _expert(balance, episode)
    record["expert part"] = _expert(part, episode)
    return record | _exchange(balance, episode)


def probe_rules(seed: int, index: int) -> Record:
    """How far off every blind rule is on task `index` of the training split, m across the closing direction."""
    scene = probe_scene(seed, "training", index, BALANCE)
    centre = scene.mass_properties.centre
    offsets = {}
    for name, where in blind_grasps.RULES.items():
        grasp = blind_grasps.grasp_near(scene.object, where(scene.object))
        offsets[name] = np.inf if grasp is None else blind_grasps.across_offset(grasp, centre)
    return {"kind": "rules", "index": index, "offsets": offsets}


def probe_curve(seed: int, split: str, index: int) -> Record:
    """Success at every offset from the centre of mass, without noise; None where neither side has anything to hold."""
    scene = replace(probe_scene(seed, split, index, BALANCE), noise=NO_NOISE)
    rng = generator(seed, split, index, "curve")
    episode, first_side = int(rng.integers(2**31)), rng.choice([-1.0, 1.0])
    planned = plan_grasp(scene)
    outcomes: list[bool | None] = []
    for offset in OFFSETS:
        grasps = [blind_grasps.grasp_beside(scene.object, planned, side * offset) for side in (first_side, -first_side)]
        grasp = next((grasp for grasp in grasps if grasp is not None), None)
        outcomes.append(None if grasp is None else rollout(shared_env(), scene, episode, FixedGrasp(grasp)).success)
    return {"kind": "curve", "split": split, "index": index, "outcomes": outcomes}


def probe_layouts(seed: int, family: str, count: int) -> Record:
    """How many of `count` raw layouts of a family become objects, and why others don't."""
    rng = generator(seed, "raw layouts", family)
    reasons: Counter[str] = Counter()
    for _ in range(count):
        pieces = family_named(family).draw(rng, 2)
        turn = rng.uniform(-np.pi, np.pi)
        if {piece.slot for piece in pieces} != {0, 1}:
            reasons["one colour"] += 1
            continue
        spec = place(pieces, ("red", "blue"), family, FRICTION_RANGE[0], mirror=False, turn=turn)
        reasons[refusal(spec) or "accepted"] += 1
    return {"kind": "layouts", "family": family, "n": count, "reasons": dict(sorted(reasons.items()))}


def _blind(scene: Scene, episode: int, point: np.ndarray) -> Record:
    grasp = blind_grasps.grasp_near(scene.object, point)
    if grasp is None:
        return {"success": False, "failed": ["no grasp"], "off": None}
    outcome = rollout(shared_env(), scene, episode, FixedGrasp(grasp))
    off = blind_grasps.across_offset(grasp, scene.mass_properties.centre)
    return {"success": outcome.success, "failed": list(outcome.failed_parts), "off": off}


def _expert(scene: Scene, episode: int) -> Record:
    try:
        outcome = expert_rollout(shared_env(), scene, episode)
    except NoGrasp:
        return {"success": False, "failed": ["no grasp"], "off": None}
    return {"success": outcome.success, "failed": list(outcome.failed_parts), "off": outcome.across_mm / 1e3}


def _geometry(balance: Scene, part: Scene) -> Record:
    """Lengths in m, masses in kg."""
    spec, densities = balance.object, dict(balance.task.densities)
    volumes, centroids = colour_moments(spec)
    apart = balance_points(volumes, centroids, np.array([[EXTREME, 1.0], [1.0, EXTREME]]))
    possible = possible_balance_points(volumes, centroids)
    corners = np.concatenate([piece.outline for piece in spec.parts])
    hull = shapely.convex_hull(shapely.MultiPoint(corners))
    ends = np.concatenate([outer_ends(spec, colour) for colour in spec.colours])[:, :2]
    centre = balance.mass_properties.centre[:2]
    return {
        "separation": float(np.hypot(*(apart[1] - apart[0]))),
        "ratio": max(densities.values()) / min(densities.values()),
        "first heavier": next(iter(densities.values())) > 1.0,
        "colours": set(spec.colours) == set(densities) and len(densities) == 2,
        "balance mass": balance.mass,
        "part mass": part.mass,
        "same object": _same(balance.object, part.object),
        "end clearance": float(np.linalg.norm(ends[:, None] - possible, axis=-1).min()) if len(ends) else 0.0,
        "length": float(np.sqrt(((corners[:, None] - corners[None]) ** 2).sum(-1).max())),
        "height": spec.height,
        "graspable": balance_heading(spec, possible) is not None,
        "flat": bool(shapely.contains_xy(hull, possible).all()),
        "friction": spec.friction,
        "equal off": float(np.hypot(*(blind_grasps.EQUAL(spec) - centre))),
        "middle off": float(np.hypot(*centre)),
    }


def _same(first: ObjectSpec, second: ObjectSpec) -> bool:
    """Whether the intention left geometry, colours and friction alone."""
    return first.friction == second.friction and all(
        np.array_equal(a.outline, b.outline) and a.height == b.height and a.colour == b.colour
        for a, b in zip(first.parts, second.parts, strict=True)
    )


def _exchange(scene: Scene, episode: int) -> Record:
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
    return {"reset alike": alike, "settled apart": float(np.abs(settled[0] - settled[1]).max())}
