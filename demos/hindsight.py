"""From a stored demonstration to what a strategy sees of it: object frame, grasp read back from the hand."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from demos.demo import Demo
from demos.support import SupportItem, hindsight_grasp
from sim.frames import action_to_object, observe


class Played(Protocol):
    """What is read of a stored demonstration, or of an episode just played."""

    @property
    def points(self) -> np.ndarray:
        """(P, 6), object frame."""

    @property
    def state(self) -> np.ndarray:
        """(T+1, 14), world frame."""


def hand_path(played: Played) -> np.ndarray:
    """(T+1, 7) float32: what a policy sees of the hand at each step, as in `SupportItem.hand`."""
    return np.stack([observe({"points": played.points, "state": state})["hand"] for state in played.state])


def actions_in_object(played: Played, actions: np.ndarray) -> np.ndarray:
    """World-frame actions (T, 5) of `played` along the axes of the object as seen when each was chosen, float32.

    They are not clipped again: a turned diagonal's component may reach √2, and turns back to the action as it was.
    """
    states = played.state[:-1]
    return np.stack([action_to_object(action, {"state": state}) for action, state in zip(actions, states, strict=True)])


def support_item(demo: Demo) -> SupportItem:
    """`demo` without its secrets, in the object's frame."""
    hand = hand_path(demo)
    return SupportItem(
        points=demo.points,
        hand=hand,
        actions=actions_in_object(demo, demo.actions),
        grasp=hindsight_grasp(hand),
        success=demo.success,
        family=demo.family,
        object_id=demo.object_id,
    )
