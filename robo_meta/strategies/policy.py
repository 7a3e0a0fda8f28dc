"""A policy made of two halves: a function that chooses the grasp, and a controller that drives the hand there.

Everything is in the object's planar frame; m and rad. Whoever plays the episode converts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from demos.policy import Policy

__all__ = ["Controller", "GraspPolicy", "Policy", "TargetFunction"]

TargetFunction = Callable[[np.ndarray], np.ndarray]
"""points (P, 6) → grasp (4,): x, y, z, yaw."""
ScoresFunction = Callable[[np.ndarray], np.ndarray | None]
"""points (P, 6) → (Q,) weights of the first Q points, or None."""


class Controller(Protocol):
    """Drives the hand to a grasp, one action at a time."""

    @property
    def whose(self) -> str:
        """Which controller it is: `learned` or `scripted`."""

    def __call__(self, hand: np.ndarray, target: np.ndarray, /) -> np.ndarray:
        """Action (5,) in [−1, 1] for hand (7,) and grasp (4,), object frame."""


class GraspPolicy:
    """Chooses a grasp at the first observation of an episode, then drives the hand to it in closed loop.

    Args:
        target_fn: points → grasp.
        controller: hand and grasp → action.
        scores_fn: points (P, 6) → (Q,) weights that the choice gave the first Q of them, for pictures.
    """

    def __init__(
        self, target_fn: TargetFunction, controller: Controller, scores_fn: ScoresFunction | None = None
    ) -> None:
        self._target_fn, self._controller, self._scores_fn = target_fn, controller, scores_fn
        self._target: np.ndarray | None = None
        self._last: tuple[bytes, np.ndarray] | None = None

    @property
    def controller(self) -> str:
        """`learned` or `scripted`."""
        return self._controller.whose

    def target(self, points: np.ndarray) -> np.ndarray:
        """Grasp (4,) float64 x, y, z, yaw, object frame; asked again of the last scan, it is remembered."""
        scan = np.asarray(points).tobytes()
        if self._last is None or self._last[0] != scan:
            self._last = scan, np.asarray(self._target_fn(points), dtype=np.float64)
        return self._last[1].copy()

    def act(self, observation: Mapping[str, np.ndarray]) -> np.ndarray:
        """Next action (5,) float32, object frame."""
        if self._target is None:
            self._target = self.target(observation["points"])
        return np.asarray(self._controller(observation["hand"], self._target), dtype=np.float32)

    def point_scores(self, points: np.ndarray) -> np.ndarray | None:
        """(Q,) weights over the first Q points, summing to one, or None where the strategy doesn't weigh points."""
        return None if self._scores_fn is None else self._scores_fn(points)

    def reset(self) -> None:
        """Forget the grasp, so that the next episode's scan is looked at."""
        self._target = None
