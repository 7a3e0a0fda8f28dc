"""The scene that several pictures tell of: one demonstration, and what strategies made of it on another object.

It is task 48 of the validation families with a demonstration on a training family, and was chosen for instruction: the
copied grasp fails on it and the learned ones succeed. How often that is so is measured in docs/RESULTS.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

import robo_meta
from robo_meta.scenarios.conditions import Condition
from robo_meta.scenarios.matched_scenes import MatchedTask, matched_task
from robo_meta.scenarios.rollout import true_keypoints
from robo_meta.scenarios.supports import record_support
from sim.tasks.sampling import draw_scene
from sim.tasks.scenes import Scene

SPLIT, TASK = "validation", 48


@dataclass(frozen=True)
class Story:
    """A task, one demonstration of it, and the object that is to be held."""

    matched: MatchedTask
    support: robo_meta.SupportSet

    @property
    def query(self) -> Scene:
        """The object that is to be held."""
        return self.matched.query

    @property
    def shown(self) -> Scene:
        """The object that was demonstrated."""
        item = self.support.items[0]
        return draw_scene(self.matched.root, self.matched.task, item.family, item.object_id)

    @property
    def points(self) -> np.ndarray:
        """(P, 6): the query's scan, object frame."""
        env = robo_meta.make_env()
        observation, _ = env.reset(seed=self.matched.rollout_seed, options={"scene": self.query})
        env.close()
        return observation["points"]

    def play(self, strategy: str, frames: bool = False) -> robo_meta.Rollout:
        """What a shipped strategy makes of the demonstration on the query."""
        policy = robo_meta.make_strategy(strategy).adapt(self.support)
        return robo_meta.rollout(policy, self.query, seed=self.matched.rollout_seed, frames=frames)


@cache
def story(transfer: str = "new-shape") -> Story:
    """The story, demonstrated on the same object, on another one of its family, or on another family."""
    matched = matched_task(0, SPLIT, TASK, "procedural" if transfer == "new-shape" else "own")
    return Story(matched, record_support(matched, Condition(transfer), 1))


def right_places(scene: Scene) -> np.ndarray:
    """(E, 2), m, object frame: where it should be held."""
    return true_keypoints(scene)
