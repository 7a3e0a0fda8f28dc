"""A policy from two halves: where to grasp, and how the hand gets there.

Everything is in the object's planar frame; m and rad. The rollout converts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from demos.policy import Policy

__all__ = ["Controller", "GraspPolicy", "Policy", "TargetFunction"]

TargetFunction = Callable[[np.ndarray], np.ndarray]
"""points (P, 6) → grasp (4,): x, y, z, yaw."""
Controller = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""hand (7,), grasp (4,) → action (5,) in [−1, 1]. Its attribute `whose`, if any, names which controller it is."""


class GraspPolicy:
    """Chooses a grasp at the first observation of an episode, then drives the hand to it in closed loop.

    Args:
        target_fn: points → grasp.
        controller: hand and grasp → action.
        scores_fn: points (P, 6) → (Q,) weights that the choice gave the first Q of them, for pictures.
    """

    def __init__(
        self, target_fn: TargetFunction, controller: Controller, scores_fn: TargetFunction | None = None
    ) -> None:
        self._target_fn, self._controller, self._scores_fn = target_fn, controller, scores_fn
        self._target: np.ndarray | None = None
        self._last: tuple[bytes, np.ndarray] | None = None

    @property
    def controller(self) -> str:
        """`learned` or `scripted`."""
        return getattr(self._controller, "whose", "scripted")

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
