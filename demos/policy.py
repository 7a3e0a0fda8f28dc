"""What acts in an episode once a strategy has adapted: the one protocol that all policies follow.

Everything is in the object's planar frame (m, rad; z is the height above the table); whoever plays the episode
converts to the world and back. Axis letters: P scanned points, Q of them that a policy weighs. Needs only numpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np


class Policy(Protocol):
    """What an adapted strategy does in one episode after another. Every member is there; none is probed for.

    Example:
        >>> class Still:
        ...     controller = "own"
        ...     def target(self, points):
        ...         return np.zeros(4)
        ...     def act(self, observation):
        ...         return np.zeros(5, np.float32)
        ...     def reset(self):
        ...         pass
        ...     def point_scores(self, points):
        ...         return None
        >>> policy: Policy = Still()
    """

    @property
    def controller(self) -> str:
        """What drives the hand to the grasp: `learned` (a network), `scripted` (the rule of
        `demos.expert.scripted_controller`), `replayed` (a recorded path) or `own` (the policy's own way).

        Policies of controller `learned` or `scripted` act as a function of their target alone: two of one controller
        and one target play the same episode. A policy that chooses between controllers says `undecided` before its
        first scan.
        """

    def target(self, points: np.ndarray) -> np.ndarray:
        """Where the policy means to grasp.

        Args:
            points: (P, 6) float32: x, y, z in m, object frame, then r, g, b in [0, 1].

        Returns:
            (4,) float64: x, y, z (m) and heading of the closing direction (rad), object frame.
        """

    def act(self, observation: Mapping[str, np.ndarray]) -> np.ndarray:
        """The next action.

        Args:
            observation: `points` (P, 6) as for `target`, and `hand` (7,) float32: x, y, z (m), yaw (rad), opening (m),
                opening rate (m/s), last gripper command (±1); object frame.

        Returns:
            (5,) float32 in [−1, 1]: displacement x, y, z in units of 0.05 m along the object's axes, turn in units
            of 0.3 rad, gripper (below 0 closes).
        """

    def reset(self) -> None:
        """Forget the episode that was played; called before each."""

    def point_scores(self, points: np.ndarray) -> np.ndarray | None:
        """How much the choice weighs each point, for pictures.

        Args:
            points: (P, 6) as for `target`.

        Returns:
            (Q,) weights of the first Q points, summing to one; None where the policy doesn't weigh points.
        """
