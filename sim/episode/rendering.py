"""What `render` shows."""

from __future__ import annotations

import numpy as np

from sim.physics.world import World

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
