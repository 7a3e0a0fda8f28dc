"""The environment as LeRobot's policies meet it, and the `make_env` that its EnvHub calls."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import gymnasium
import numpy as np

from demos.exchange.meaning import GRASP_ID
from demos.exchange.sentence import task_sentence
from demos.pictures.cameras import CAMERAS
from demos.storage.episode_file import task_record
from sim.episode.observation import state_space
from sim.physics.camera import take_picture

SUITE = "robo_meta"
WIDTH, HEIGHT = 320, 240
"""Pixels of a picture, as `robo-meta data render` draws them."""


class LeRobotView(gymnasium.ObservationWrapper):
    """Observations under the names that LeRobot gives its own meaning.

    `agent_pos` is our `state` (14,), in exported data `observation.state`; `pixels` are the cameras, there
    `observation.images.CAMERA`. The scan isn't among them: LeRobot's policies have no place for points.

    Args:
        env: `RoboMeta/Grasp-v0` with `render_mode="rgb_array"`.
        cameras: `front`, `wrist`.
    """

    def __init__(self, env: gymnasium.Env, cameras: Sequence[str] = tuple(CAMERAS)) -> None:
        super().__init__(env)
        self._cameras = tuple(cameras)
        picture = gymnasium.spaces.Box(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
        pixels = gymnasium.spaces.Dict(dict.fromkeys(self._cameras, picture))
        self.observation_space = gymnasium.spaces.Dict({"agent_pos": state_space(), "pixels": pixels})

    def observation(self, observation: dict[str, np.ndarray]) -> dict[str, Any]:
        """The environment's observation under LeRobot's names, and what the cameras see now."""
        env: Any = self.env.unwrapped
        views = {camera: CAMERAS[camera](env) for camera in self._cameras}
        pixels = {camera: take_picture(env.world, view, WIDTH, HEIGHT)[0] for camera, view in views.items()}
        return {"agent_pos": observation["state"], "pixels": pixels}

    @property
    def task_description(self) -> str:
        """The task in words, as in exported data; it tells the intention."""
        scene = self.env.unwrapped.scene  # type: ignore[attr-defined]
        return task_sentence(scene.object.family, task_record(scene.task))


def _view(split: str, cameras: Sequence[str]) -> gymnasium.Env:
    import sim  # noqa: F401  registers the environment, in worker processes too

    return LeRobotView(gymnasium.make(GRASP_ID, split=split, render_mode="rgb_array"), cameras)


def make_env(
    n_envs: int = 1,
    use_async_envs: bool = False,
    cfg: Any = None,
    split: str = "validation",
    cameras: Sequence[str] = tuple(CAMERAS),
) -> dict[str, dict[int, gymnasium.vector.VectorEnv]]:
    """Environments for LeRobot: suite → number of the task → vector environment.

    Args:
        n_envs: how many at once.
        use_async_envs: a process for each.
        cfg: LeRobot's configuration; unused.
        split: that scenes are drawn from.
        cameras: `front`, `wrist`.
    """
    kind = gymnasium.vector.AsyncVectorEnv if use_async_envs else gymnasium.vector.SyncVectorEnv
    made = kind(
        [partial(_view, split, tuple(cameras))] * n_envs, autoreset_mode=gymnasium.vector.AutoresetMode.SAME_STEP
    )
    return {SUITE: {0: made}}
