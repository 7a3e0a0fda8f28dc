"""What a seed draws for an episode of a scene, before the physics has a part in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.frames import Pose, quat_from_yaw
from sim.physics.push import Shove
from sim.robot import Workspace
from sim.sensing import PoseBias, scan
from sim.tasks.sampling import draw_families, draw_scene, draw_task
from sim.tasks.scenes import Scene


@dataclass(frozen=True, eq=False)
class Start:
    """Where an episode starts from."""

    object_to_world: Pose
    """The object's true pose."""
    hand: np.ndarray
    """(3,) of the hand, m, world."""
    yaw: float
    """rad: heading of the closing direction, world."""
    bias: PoseBias
    """What perception gets wrong about the object's pose."""
    points: np.ndarray
    """(512, 6) float32: the scan."""
    shove: Shove | None
    """None where nobody shoves."""

    @staticmethod
    def draw(scene: Scene, space: Workspace, rng: np.random.Generator, push: float) -> Start:
        """Draw pose, arm start and noise.

        Args:
            scene: the scene to play.
            space: where object and hand may start.
            rng: the environment's generator.
            push: m by which the object is shoved; 0: not at all.
        """
        object_to_world = Pose(
            np.array([rng.uniform(*space.object_x), rng.uniform(*space.object_y), 0.0]),
            quat_from_yaw(rng.uniform(-np.pi, np.pi)),
        )
        hand = np.array(space.hand_centre) + rng.uniform(-1, 1, 3) * np.array(space.hand_spread)
        yaw = rng.uniform(-1, 1) * space.yaw_spread
        bias = PoseBias.draw(scene.noise, rng)
        points = scan(scene.object, object_to_world, scene.noise, rng, light=scene.light)
        # Drawn last, so that pose, scan and noise are those of the same seed without a push.
        shove = Shove.draw(push, rng) if push else None
        return Start(object_to_world, hand, yaw, bias, points, shove)


def draw_scene_of(split: str, rng: np.random.Generator) -> Scene:
    """A scene of a task of `split`, where `reset` is given none."""
    root = int(rng.integers(2**31))
    task = draw_task(root, split, 0)
    return draw_scene(root, task, draw_families(root, task, 1)[0], "a0")
