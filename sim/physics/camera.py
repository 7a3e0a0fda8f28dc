"""Cameras in the physics: colour and depth, as the software renderer draws them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.physics.world import World, pybullet

NEAR, FAR = 0.01, 4.0
"""m: what is nearer or farther isn't drawn, where a view says nothing else."""
LIGHT_DIRECTION = (0.5, -0.6, 1.6)
"""World: where the light comes from, above and to a side, so that shadows tell heights."""


@dataclass(frozen=True, eq=False)
class View:
    """Where a camera stands and looks, world frame."""

    eye: np.ndarray
    """(3,), m."""
    target: np.ndarray
    """(3,), m: a point in the middle of the picture."""
    up: np.ndarray
    """(3,): which way is up in the picture."""
    angle: float
    """Degrees: field of view from top to bottom."""
    shadow: bool = True
    """Whether things throw shadows; near the fingers they are ragged, and they cost as much as the rest."""
    near: float = NEAR
    """m: what is nearer isn't drawn."""


def take_picture(world: World, view: View, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture of the world as it stands.

    Returns:
        (H, W, 3) uint8 colour, and (H, W) float64 depth along the camera's axis, m; `FAR` where there is nothing.
    """
    image = pybullet.getCameraImage(
        width,
        height,
        pybullet.computeViewMatrix(list(view.eye), list(view.target), list(view.up)),
        pybullet.computeProjectionMatrixFOV(view.angle, width / height, view.near, FAR),
        shadow=int(view.shadow),
        lightDirection=LIGHT_DIRECTION,
        lightAmbientCoeff=0.55,
        lightDiffuseCoeff=0.5,
        lightSpecularCoeff=0.05,
        renderer=pybullet.ER_TINY_RENDERER,
        physicsClientId=world.client,
    )
    colour = np.reshape(np.asarray(image[2], dtype=np.uint8), (height, width, 4))[:, :, :3].copy()
    buffer = np.reshape(np.asarray(image[3], dtype=np.float64), (height, width))
    return colour, FAR * view.near / (FAR - (FAR - view.near) * buffer)
