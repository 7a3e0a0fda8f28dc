"""Playing a scripted grasp in front of a camera."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from demos.expert.grasp_plan import aim, plan_grasp
from demos.expert.scripted_controller import scripted_hand
from sim.env import GraspEnv
from sim.frames import turn_displacement
from sim.object_frame import hand_in_object
from sim.tasks.scenes import Scene
from sim.tasks.seeds import seed_sequence

LOOKS_PER_FRAME = 2
"""Looks at the final hold, 20 a second, to a frame."""


@dataclass
class Take:
    """What the camera saw and how the grasp went."""

    frames: list[np.ndarray] = field(default_factory=list)
    """(H, W, 3) uint8 each, 10 a second; none where the camera was off."""
    closed: int | None = None
    """Frame at which the fingers begin to close."""
    lifted: int | None = None
    """First frame of the final hold."""
    steps: int = 0
    """Actions played."""
    success: bool = False
    verdict: dict[str, bool] = field(default_factory=dict)
    """Named parts of success."""


def film_take(scene: Scene, seed: int, rolling: bool = True) -> Take:
    """Play the demonstrator's grasp of `scene`; the camera is on where `rolling`."""
    env, take, looks = GraspEnv(render_mode="rgb_array" if rolling else None), Take(), 0

    def shoot() -> None:
        picture = env.render()
        if picture is not None:
            take.frames.append(picture)

    def watch_hold() -> None:
        nonlocal looks
        if take.lifted is None:
            take.lifted = len(take.frames)
        looks += 1
        if looks % LOOKS_PER_FRAME == 0:
            shoot()

    env.watch = watch_hold
    try:
        episode, aim_seed = seed_sequence(seed, "film", "episode").spawn(2)
        target = aim(plan_grasp(scene), scene.noise, np.random.default_rng(aim_seed))
        observation, info = env.reset(seed=int(episode.generate_state(1)[0]), options={"scene": scene})
        shoot()
        finished = False
        while not finished:
            object_to_world = env.object_to_world
            hand = hand_in_object(observation["state"].astype(np.float64), object_to_world)
            action = turn_displacement(scripted_hand(hand, target), object_to_world.yaw)
            if action[4] < 0 and take.closed is None:
                take.closed = len(take.frames)
            observation, _, terminated, truncated, info = env.step(np.clip(action, -1, 1))
            take.steps += 1
            finished = terminated or truncated
            if not terminated:  # the hold has been filmed from within the last step
                shoot()
    finally:
        env.close()
    take.success, take.verdict = bool(info["success"]), {str(k): bool(v) for k, v in info["verdict"].items()}
    return take
