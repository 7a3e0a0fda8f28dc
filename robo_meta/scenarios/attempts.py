"""Attempts: what a demonstrator or the policy itself tried, whatever came of it, as a support item."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from demos.expert.episode import shared_env
from demos.expert.scripted_controller import scripted_controller
from demos.policy import Policy
from demos.support import SupportItem, hindsight_grasp
from sim.env import GraspEnv
from sim.frames import action_to_object, action_to_world, hand_in_object, observe, turn_displacement
from sim.tasks.scenes import Scene

ONLOOKER = 2
"""Stream below a rollout seed that draws what an onlooker gets wrong about the tip."""


def attempt(scene: Scene, seed: int, grasp: np.ndarray, object_id: str = "a0") -> SupportItem:
    """Play the scripted hand at `grasp` on a fresh rollout, as a demonstrator does who sees the object's true pose.

    Args:
        scene: what to grasp.
        seed: the rollout seed: pose, arm start and noise.
        grasp: (4,) x, y, z (m), yaw (rad), object frame.
        object_id: public label of the object within its task.

    Returns:
        The attempt, labelled by its outcome; the grasp is read back from the hand, as in a demonstration.
    """
    env = shared_env()

    def act(seen: Mapping[str, np.ndarray]) -> np.ndarray:
        object_to_world = env.object_to_world
        hand = hand_in_object(np.asarray(seen["state"], dtype=np.float64), object_to_world)
        return turn_displacement(scripted_controller(hand, grasp), object_to_world.yaw)

    return _played(env, scene, seed, act, object_id)


def policy_attempt(scene: Scene, seed: int, policy: Policy, object_id: str = "a0", push: float = 0.0) -> SupportItem:
    """Play `policy` on a rollout, as `robo_meta.scenarios.rollout.rollout` does, and keep the episode as a support
    item."""
    policy.reset()
    return _played(
        shared_env(), scene, seed, lambda seen: action_to_world(policy.act(observe(seen)), seen), object_id, push
    )


def _played(
    env: GraspEnv,
    scene: Scene,
    seed: int,
    act: Callable[[Mapping[str, np.ndarray]], np.ndarray],
    object_id: str,
    push: float = 0.0,
) -> SupportItem:
    observation, info = env.reset(seed=seed, options={"scene": scene, "push": push} if push else {"scene": scene})
    points, hand, actions = observation["points"], [observe(observation)["hand"]], []
    finished = False
    while not finished:
        action = np.clip(act(observation), -1, 1).astype(np.float32)
        actions.append(action_to_object(action, observation))
        observation, _, terminated, truncated, info = env.step(action)
        hand.append(observe(observation)["hand"])
        finished = terminated or truncated
    path = np.stack(hand)
    return SupportItem(
        points=points,
        hand=path,
        actions=np.stack(actions),
        grasp=hindsight_grasp(path),
        success=bool(info["success"]),
        family=scene.object.family,
        object_id=object_id,
        tip=seen_tip(env.tip, scene.noise.yaw, seed),
    )


def seen_tip(tip: np.ndarray, noise: float, seed: int) -> np.ndarray:
    """A true tip (2,) as an onlooker sees it, who errs by `noise` rad in the tilt about either axis."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(ONLOOKER,)))
    return tip + noise * rng.standard_normal(2)
