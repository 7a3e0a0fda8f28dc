"""What `render` shows."""

from __future__ import annotations

import numpy as np

from sim.physics.camera import View, take_picture
from sim.physics.world import World

RENDER_MODES = ("rgb_array", "human")
PICTURE_SIZE = (640, 480)
"""Pixels: width, height."""
EYE_IN_WORLD = (1.02, -0.42, 0.38)
"""m: where the camera stands."""
TARGET_IN_WORLD = (0.50, 0.0, 0.13)
"""m: what it looks at."""

WIDE, CLOSE_UP = 40.0, 30.5
"""deg: field of view of a picture's height, and of a close-up's."""
NEAREST = 0.05
"""m: what is nearer to the camera isn't drawn."""


def check_render_mode(render_mode: str | None) -> None:
    """Refuse what is neither None nor one of `RENDER_MODES`.

    Raises:
        ValueError: as Gymnasium's own environments do.
    """
    if render_mode is not None and render_mode not in RENDER_MODES:
        raise ValueError(f"render_mode {render_mode!r}; expected one of {list(RENDER_MODES)} or None")


def picture_of(world: World) -> np.ndarray:
    """(480, 640, 3) uint8."""
    return take_picture(world, _beside_the_table(WIDE), *PICTURE_SIZE)[0]


def close_up_of(world: World, width: int) -> np.ndarray:
    """(3/4 width, width, 3) uint8: the same from nearer, so that arm and object are large and the rest is left out."""
    return take_picture(world, _beside_the_table(CLOSE_UP), width, round(width * 3 / 4))[0]


def _beside_the_table(angle: float) -> View:
    up = np.array([0.0, 0.0, 1.0])
    return View(np.array(EYE_IN_WORLD), np.array(TARGET_IN_WORLD), up, angle, near=NEAREST)


def places_in_close_up(points_in_world: np.ndarray, width: int) -> np.ndarray:
    """Where points (..., 3), m, world, are in a picture of `close_up_of`.

    Returns:
        (..., 2), pixels: to the right and down from the upper left corner.
    """
    eye, height = np.array(EYE_IN_WORLD), round(width * 3 / 4)
    forward = np.array(TARGET_IN_WORLD) - eye
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    offset = np.asarray(points_in_world, dtype=np.float64) - eye
    # Pixels to a metre at the point's distance; the field of view is that of the picture's height.
    scale = height / 2 / np.tan(np.deg2rad(CLOSE_UP / 2)) / (offset @ forward)
    across, down = offset @ right * scale, -(offset @ np.cross(right, forward)) * scale
    return np.stack([width / 2 + across, height / 2 + down], axis=-1)
