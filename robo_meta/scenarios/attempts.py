"""Attempts: what a demonstrator or the policy itself tried, whatever came of it, as a support item."""

from __future__ import annotations

import numpy as np

from demos.expert.demonstrator import demonstrator
from demos.expert.episode import Episode, play, shared_env
from demos.hindsight import actions_in_object, hand_path
from demos.policy import Policy
from demos.support import SupportItem, hindsight_grasp
from robo_meta.scenarios.rollout import play_policy
from sim.tasks.scenes import Scene

TILT_NOISE = 2
"""Spawn key, below a rollout seed, of the random stream for observation noise on the tilt."""


def attempt(scene: Scene, seed: int, grasp: np.ndarray, object_id: str = "a0") -> SupportItem:
    """Play the scripted controller at `grasp` on a fresh rollout, as a demonstrator does who sees the true pose.

    Args:
        scene: what to grasp.
        seed: the rollout seed: pose, arm start and noise.
        grasp: (4,) x, y, z (m), yaw (rad), object frame.
        object_id: public label of the object within its task.

    Returns:
        The attempt, labelled by its outcome; the grasp is read back from the hand, as in a demonstration.
    """
    env = shared_env()
    return attempt_item(play(env, scene, seed, demonstrator(env, grasp)), object_id, seed)


def policy_attempt(scene: Scene, seed: int, policy: Policy, object_id: str = "a0", push: float = 0.0) -> SupportItem:
    """Play `policy` on a rollout, as `robo_meta.scenarios.rollout.rollout` does, and keep the episode as a support
    item."""
    return attempt_item(play_policy(shared_env(), scene, seed, policy, push).episode, object_id, seed)


def attempt_item(episode: Episode, object_id: str, seed: int) -> SupportItem:
    """An episode as a support item, with the tilt as a camera would see it.

    Args:
        episode: what was played.
        object_id: public label of the object within its task.
        seed: the rollout seed that it was played from; the tilt's noise has a stream of its own below it.
    """
    hand = hand_path(episode)
    return SupportItem(
        points=episode.points,
        hand=hand,
        actions=actions_in_object(episode, episode.actions),
        grasp=hindsight_grasp(hand),
        success=episode.success,
        family=episode.scene.object.family,
        object_id=object_id,
        tip=seen_tip(episode.tip, episode.scene.noise.yaw, seed),
    )


def seen_tip(tip: np.ndarray, noise: float, seed: int) -> np.ndarray:
    """A true tip (2,) as observed, with `noise` rad (standard deviation) in the tilt about either axis."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(TILT_NOISE,)))
    return tip + noise * rng.standard_normal(2)
