"""The baseline that uses the shape alone: grasp the middle of the object."""

from __future__ import annotations

import numpy as np

from demos.support import SupportSet
from robo_meta.strategies.baselines.scan_alignment import principal_frames
from robo_meta.strategies.baselines.scan_grasps import snap
from robo_meta.strategies.policy import Controller, GraspPolicy


class Centre:
    """Grasps the middle of the object's extents along its principal axes, across the narrow direction there.

    Args:
        checkpoint: unused; nothing is learned beforehand.
        controller: drives the hand to a target.
    """

    name = "centre"

    def __init__(self, checkpoint: object, controller: Controller) -> None:
        self._controller = controller

    def adapt(self, support: SupportSet) -> GraspPolicy:
        """The same policy whatever the demonstrations."""
        return GraspPolicy(middle_grasp, self._controller)


def middle_grasp(points: np.ndarray) -> np.ndarray:
    """(4,) grasp x, y, z, yaw at the middle of the scan (P, 6), or at the nearest place that can be grasped."""
    _, middle, _ = principal_frames(points)[1]
    return snap(points, middle, plain=True)
