"""A camera on an episode: the frames of one grasp, whoever acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from demos.expert.episode import Act, Episode, Moment, in_world, play
from demos.policy import Policy
from demos.replaying import Replay
from sim.env import GraspEnv
from sim.episode.rendering import close_up_of
from sim.frames import Pose
from sim.tasks.scenes import Scene

LOOKS_PER_FRAME = 2
"""Looks at the final hold, 20 a second, to a frame."""
PICTURE_WIDTH = 480
"""Pixels: of a film's pictures."""
Watch = Callable[[Moment], None]
"""Called once after the reset, and once after each action."""


class FilmEnv(GraspEnv):
    """The environment as films show it: from near, so that arm and object are large.

    Args:
        width: pixels of its pictures, which are three quarters as high.
    """

    def __init__(self, width: int = PICTURE_WIDTH) -> None:
        super().__init__(render_mode="rgb_array")
        self._width = width

    def render(self) -> np.ndarray:
        """(3/4 width, width, 3) uint8."""
        return close_up_of(self.world, self._width)


@contextmanager
def filming(rolling: bool, env: GraspEnv | None = None) -> Iterator[GraspEnv]:
    """An environment for a film: `env`, or one that is made and closed again, with a camera where it is `rolling`."""
    world = env or (FilmEnv() if rolling else GraspEnv())
    try:
        yield world
    finally:
        if env is None:
            world.close()


@dataclass(frozen=True)
class Take:
    """What the camera saw, and the episode that it saw."""

    episode: Episode
    """What was played."""
    frames: tuple[np.ndarray, ...]
    """(H, W, 3) uint8 each, 10 a second; none where the camera was off."""
    poses: tuple[Pose, ...]
    """The object's true pose, object to world, in each frame."""
    closed: int | None
    """Frame at which the fingers begin to close; None where they never did."""
    lifted: int | None
    """First frame of the final hold; None where the object was never lifted."""


def film_episode(
    scene: Scene,
    seed: int,
    actor: Callable[[GraspEnv], Act],
    push: float = 0.0,
    rolling: bool = True,
    env: GraspEnv | None = None,
) -> Take:
    """Play one episode and film it.

    Args:
        scene: what to grasp.
        seed: the rollout seed: pose, arm start and noise.
        actor: who acts in an environment, e.g. `lambda env: demonstrator(env, target)`.
        push: m by which the object is shoved during the approach.
        rolling: whether the camera is on; the episode is the same either way.
        env: an environment with `render_mode="rgb_array"` to play in; by default one is made and closed again.
    """
    return _filmed(lambda world, seen: play(world, scene, seed, actor(world), push, seen), rolling, env)


def film_policy(
    scene: Scene, seed: int, policy: Policy, push: float = 0.0, rolling: bool = True, env: GraspEnv | None = None
) -> Take:
    """Film the episode that `robo_meta.scenarios.rollout.rollout` plays; see `film_episode`."""
    policy.reset()
    return film_episode(scene, seed, lambda world: in_world(policy.act), push, rolling, env)


def film_replay(replay: Replay, rolling: bool = True, env: GraspEnv | None = None) -> Take:
    """Film a recorded episode by playing it again; see `film_episode`.

    Raises:
        demos.replaying.ReplayError: it came out otherwise than recorded.
    """
    return _filmed(replay.run, rolling, env)


def _filmed(episode: Callable[[GraspEnv, Watch], Episode], rolling: bool, env: GraspEnv | None) -> Take:
    """Film what `episode` plays in an environment and lets a camera watch."""
    world = env or GraspEnv(render_mode="rgb_array" if rolling else None)
    camera = _Camera(world, rolling)
    world.watch = camera.see_hold
    try:
        played = episode(world, camera.see)
    finally:
        world.watch = None
        if env is None:
            world.close()
    return Take(played, tuple(camera.frames), tuple(camera.poses), camera.closed, camera.lifted)


class _Camera:
    """Takes a frame after every action, and of the final hold, which is filmed from within the last action."""

    def __init__(self, env: GraspEnv, rolling: bool) -> None:
        self.frames: list[np.ndarray] = []
        self.poses: list[Pose] = []
        self.closed: int | None = None
        self.lifted: int | None = None
        self._env, self._rolling, self._looks = env, rolling, 0

    def see(self, moment: Moment) -> None:
        """Once after the reset, and once after each action."""
        if moment.action is not None and moment.action[4] < 0 and self.closed is None:
            self.closed = len(self.frames)
        # At the end the hold has been filmed, but for its last look where that fell between two frames.
        if not moment.terminated or self._looks % LOOKS_PER_FRAME:
            self._shoot()

    def see_hold(self) -> None:
        """At each look that the judge takes at the hold."""
        if self.lifted is None:
            self.lifted = len(self.frames)
        self._looks += 1
        if self._looks % LOOKS_PER_FRAME == 0:
            self._shoot()

    def _shoot(self) -> None:
        picture = self._env.render() if self._rolling else None
        if picture is not None:
            self.frames.append(picture)
            self.poses.append(self._env.object_to_world)
