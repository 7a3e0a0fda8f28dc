"""One recorded episode: whoever acts, the same loop and the same record."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from demos.demo import Demo, Provenance
from sim.env import GraspEnv
from sim.tasks.scenes import Scene

Act = Callable[[Mapping[str, np.ndarray]], tuple[np.ndarray, np.ndarray]]
"""Observation → executed action and clean label, both (5,) in [−1, 1], world frame."""

_shared: list[GraspEnv] = []


def shared_env() -> GraspEnv:
    """The process's own environment, made at first use: loading the arm costs more than an episode's reset."""
    if not _shared:
        _shared.append(GraspEnv())
    return _shared[0]


def record_episode(
    env: GraspEnv, scene: Scene, seed: np.random.SeedSequence, act: Act, *, object_id: str, provenance: Provenance
) -> Demo:
    """Play `scene` to its end and keep everything.

    Args:
        env: the environment to play in.
        scene: what to grasp.
        seed: draws pose, arm start and noise.
        act: what to do at each observation.
        object_id: public label of the object within its task.
        provenance: who and from which seed; stored.
    """
    observation, info = env.reset(seed=int(seed.generate_state(1)[0]), options={"scene": scene})
    points, states, actions, labels, rewards = observation["points"], [observation["state"]], [], [], []
    finished = False
    while not finished:
        action, label = act(observation)
        observation, reward, terminated, truncated, info = env.step(action)
        states.append(observation["state"])
        actions.append(action)
        labels.append(label)
        rewards.append(reward)
        finished = terminated or truncated
    return Demo(
        state=np.array(states),
        points=points,
        actions=np.array(actions),
        labels=np.array(labels),
        rewards=np.array(rewards, dtype=np.float32),
        verdict=info["verdict"],
        family=scene.object.family,
        object_id=object_id,
        task=scene.task,
        provenance=provenance,
    )
