"""A novice demonstrator: failed attempts in wrong places, and an imprecise success near the right one."""

from __future__ import annotations

import numpy as np

from demos.expert.grasp_plan import plan_grasp
from demos.support import SupportItem
from robo_meta.scenarios.attempts import attempt
from robo_meta.scenarios.rollout import true_keypoints
from sim.objects.graspable import footprint_of, grasp_at
from sim.tasks.scenes import BALANCE, Scene

IMPRECISE = (0.010, 0.020)
"""m: how far from the right place an imprecise success takes hold."""
WRONG = {True: (0.025, 0.08), False: (0.035, np.inf)}
"""Whether the task is *balance* → m: how far from the right place a failed attempt takes hold."""
DRAWS = 200
"""Places drawn at most until one is graspable and as far off as asked for."""
PATIENCE = 12
"""Attempts at most until one comes out as asked for."""


class NoAttempt(RuntimeError):
    """An object on which no attempt came out as asked for."""


def imprecise_success(scene: Scene, seed: np.random.SeedSequence, object_id: str) -> SupportItem:
    """A success 1–2 cm off the right place. Raises NoAttempt."""
    return _until(scene, seed, object_id, IMPRECISE, True)


def failure(scene: Scene, seed: np.random.SeedSequence, object_id: str) -> SupportItem:
    """A failed attempt elsewhere on the object. Raises NoAttempt."""
    return _until(scene, seed, object_id, WRONG[scene.task.intention == BALANCE], False)


def _until(
    scene: Scene, seed: np.random.SeedSequence, object_id: str, off: tuple[float, float], success: bool
) -> SupportItem:
    rng = np.random.default_rng(seed)
    for _ in range(PATIENCE):
        grasp = place_off(scene, off, rng)
        item = attempt(scene, int(rng.integers(2**32)), grasp, object_id)
        if item.success is success:
            return item
    outcome = "succeeded" if success else "failed"
    raise NoAttempt(f"{scene.task.split} task {scene.task.index}: no attempt {off} m off {outcome} on {object_id}")


def place_off(scene: Scene, off: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """A graspable place (4,), x, y, z (m) and yaw (rad), object frame, `off` (least, most) m from the right one.

    Raises:
        NoAttempt: there is none.
        demos.expert.grasp_plan.NoGrasp: the object has no grasp for the intention.
    """
    right, keypoints = plan_grasp(scene), true_keypoints(scene)
    footprint = footprint_of(scene.object)
    along = np.array([-np.sin(right[3]), np.cos(right[3])])
    for draw in range(DRAWS):
        if off[1] < 0.03 and draw < DRAWS // 2:
            place = right[:2] + rng.choice([-1, 1]) * rng.uniform(*off) * along
        else:
            outline = scene.object.parts[rng.integers(len(scene.object.parts))].outline
            place = rng.dirichlet(np.ones(len(outline))) @ outline
        grasp = grasp_at(footprint, place)
        if grasp is not None and off[0] <= np.linalg.norm(grasp[:2] - keypoints, axis=1).min() <= off[1]:
            return grasp
    raise NoAttempt(f"{scene.object.family}: no graspable place {off} m off the right one")
