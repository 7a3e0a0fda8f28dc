"""The scripted demonstrator: knows the true physics, aims with 3 mm of noise, moves with natural variation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demos.demo import Demo, Provenance
from demos.expert.demonstrator import demonstrator_action
from demos.expert.episode import Observation, record_episode, shared_env
from demos.expert.grasp_plan import aim, plan_grasp
from sim.env import GraspEnv
from sim.tasks.scenes import Scene


@dataclass(frozen=True)
class ExpertConfig:
    """How much demonstrations of one grasp differ."""

    slowest: float = 0.65
    """Speeds are uniform from here to 1."""
    motion_noise: float = 0.12
    """Action units: injected into executed motions, while the recorded label stays the clean corrective action
    (DART: Laskey et al., 2017)."""
    noisy_share: float = 0.4
    """Share of the open-handed steps that get motion noise."""
    kick: float = 0.03
    """Chance of a step, while approaching, that throws the hand off by a whole action, to be recovered from."""


def demonstrate(
    scene: Scene,
    seed: np.random.SeedSequence,
    *,
    object_id: str,
    provenance: Provenance,
    env: GraspEnv | None = None,
    config: ExpertConfig | None = None,
) -> Demo:
    """Play one demonstration of `scene`.

    Args:
        scene: what to grasp.
        seed: draws the episode (pose, arm start, noise) and the demonstrator's variation.
        object_id: public label of the object within its task.
        provenance: who and from which seed; stored.
        env: an environment to reuse; by default one is kept for the process.
        config: variation.

    Returns:
        The demo, successful or not: see `Demo.success`.

    Raises:
        demos.expert.grasp_plan.NoGrasp: the object has no grasp for the intention.
    """
    config = config or ExpertConfig()
    env = env or shared_env()
    rollout_seed, own_seed = seed.spawn(2)
    rng = np.random.default_rng(own_seed)
    target = aim(plan_grasp(scene), scene.noise, rng)
    speed = rng.uniform(config.slowest, 1.0)

    def act(observation: Observation) -> tuple[np.ndarray, np.ndarray]:
        label = demonstrator_action(env, observation, target, speed)
        return _disturb(label, observation["state"].astype(np.float64), target, config, rng), label

    return record_episode(env, scene, rollout_seed, act, object_id=object_id, provenance=provenance)


def _disturb(
    label: np.ndarray, state: np.ndarray, target: np.ndarray, config: ExpertConfig, rng: np.random.Generator
) -> np.ndarray:
    """The executed action (5,): clean near and in the grasp, noisy while the open hand is on its way.

    Args:
        label: (5,) the clean action, world frame.
        state: (14,) the observation; hand height (m) and last gripper command are looked at, alike in either frame.
        target: (4,) grasp, object frame, whose z is the height above the table as well.
        config: how strong the noise is.
        rng: draws it.
    """
    noisy, kicked = rng.random() < config.noisy_share, rng.random() < config.kick
    noise = rng.normal(0.0, config.motion_noise, 4)
    kick = rng.uniform(-1, 1, 2)
    action = label.copy()
    height, command = state[2], state[6]
    if label[4] > 0 and command > 0 and height - target[2] > 0.03:
        if noisy:
            action[:4] += noise
        if kicked:
            action[:2] = kick
    return np.clip(action, -1, 1).astype(np.float32)
