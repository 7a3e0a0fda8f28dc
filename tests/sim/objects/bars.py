"""Plain two-coloured bars and a scripted grasp of them, for tests of physics and verdict."""

from __future__ import annotations

from typing import Any

import numpy as np

from demos.expert.scripted_controller import scripted_controller
from sim.env import GraspEnv
from sim.frames import hand_in_object, turn_displacement
from sim.objects.prisms import Prism
from sim.objects.spec import ObjectSpec
from sim.tasks.sampling import SPINNING_FRICTION
from sim.tasks.scenes import BALANCE, NO_NOISE, Scene, Task

LENGTH, WIDTH, HEIGHT = 0.26, 0.03, 0.03


def rectangle(x0: float, x1: float, width: float) -> np.ndarray:
    return np.array([[x0, -width / 2], [x1, -width / 2], [x1, width / 2], [x0, width / 2]])


def bar_scene(
    ratio: float = 4.0, mass: float = 0.5, intention: str = BALANCE, part_colour: str | None = None, joint: float = 0.0
) -> Scene:
    """A red and blue bar along x; red, on the left of `joint` (m), is `ratio` times as dense."""
    parts = (
        Prism("box", rectangle(-LENGTH / 2, joint, WIDTH), HEIGHT, "red"),
        Prism("box", rectangle(joint, LENGTH / 2, WIDTH), HEIGHT, "blue"),
    )
    task = Task("training", 0, {"red": ratio, "blue": 1.0}, intention, part_colour)
    return Scene(task, ObjectSpec("bar", parts, 0.72, SPINNING_FRICTION[intention]), mass, NO_NOISE)


def grasp_bar(env: GraspEnv, scene: Scene, x: float, seed: int = 0) -> dict[str, Any]:
    """Scripted grasp across the bar at `x` m along it; the final info, with `rise`, m, added."""
    observation, _ = env.reset(seed=seed, options={"scene": scene})
    target = np.array([x, 0.0, HEIGHT / 2, np.pi / 2])
    while True:
        yaw = env.object_to_world.yaw
        hand = hand_in_object(observation["state"].astype(np.float64), env.object_to_world)
        action = turn_displacement(scripted_controller(hand, target), yaw)
        observation, _, terminated, truncated, info = env.step(np.clip(action, -1, 1))
        if terminated or truncated:
            return info
