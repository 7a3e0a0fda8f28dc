"""The cameras that a dataset can be seen through."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.env import GraspEnv
from sim.episode.rendering import EYE_IN_WORLD, TARGET_IN_WORLD
from sim.physics.camera import View

FRONT_ANGLE, WRIST_ANGLE = 40.0, 80.0
"""Degrees, from top to bottom of a picture."""
WRIST_EYE = (0.055, 0.0, -0.05)
"""m, hand frame (z out of the hand, y the closing direction, origin between the finger tips): level with the palm's
underside and before it, where a bracket would hold a camera."""
WRIST_TARGET = (0.0, 0.0, 0.02)
"""m, hand frame: what it looks at, between the finger tips."""


def front(env: GraspEnv) -> View:
    """Beside the table, as films have it."""
    return View(np.array(EYE_IN_WORLD), np.array(TARGET_IN_WORLD), np.array([0.0, 0.0, 1.0]), FRONT_ANGLE)


def wrist(env: GraspEnv) -> View:
    """On the hand, looking down between the fingers; it turns with the hand."""
    hand_to_world = env.panda.hand_to_world()
    eye, target = (hand_to_world.apply(np.array(place)) for place in (WRIST_EYE, WRIST_TARGET))
    # The hand's own x axis, from the palm to the camera, points down in the picture.
    return View(eye, target, -hand_to_world.rotation[:, 0], WRIST_ANGLE, shadow=False)


CAMERAS: dict[str, Callable[[GraspEnv], View]] = {"front": front, "wrist": wrist}
"""Name → where it stands now."""
