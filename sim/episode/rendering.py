"""What `render` shows."""

from __future__ import annotations

import numpy as np

from sim.physics.world import FIELD_OF_VIEW, World

RENDER_MODES = ("rgb_array", "human")
PICTURE_SIZE = (640, 480)
"""Pixels: width, height."""
EYE_IN_WORLD = (1.02, -0.42, 0.38)
"""m: where the camera stands."""
TARGET_IN_WORLD = (0.50, 0.0, 0.13)
"""m: what it looks at."""


def check_render_mode(render_mode: str | None) -> None:
    """Refuse what is neither None nor one of `RENDER_MODES`.

    Raises:
        ValueError: as Gymnasium's own environments do.
    """
    if render_mode is not None and render_mode not in RENDER_MODES:
        raise ValueError(f"render_mode {render_mode!r}; expected one of {list(RENDER_MODES)} or None")


def picture_of(world: World) -> np.ndarray:
    """(480, 640, 3) uint8."""
    return world.picture(*PICTURE_SIZE, np.array(EYE_IN_WORLD), np.array(TARGET_IN_WORLD))


def places_in_picture(points_in_world: np.ndarray, width: int, height: int) -> np.ndarray:
    """Where points (..., 3), m, world, are in a picture of `picture_of`, or in one of another size from there.

    Returns:
        (..., 2), pixels: to the right and down from the upper left corner.
    """
    eye = np.array(EYE_IN_WORLD)
    forward = np.array(TARGET_IN_WORLD) - eye
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    offset = np.asarray(points_in_world, dtype=np.float64) - eye
    # Pixels to a metre at a distance of 1 m; the field of view is that of the picture's height.
    scale = height / 2 / np.tan(np.deg2rad(FIELD_OF_VIEW / 2))
    at_one = scale / (offset @ forward)
    across, down = offset @ right * at_one, -(offset @ np.cross(right, forward)) * at_one
    return np.stack([width / 2 + across, height / 2 + down], axis=-1)
