"""Episodes: the environment, scenes for it, and a policy's way through one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from demos.policy import Policy
from sim.tasks.scenes import Scene

if TYPE_CHECKING:  # only names
    import gymnasium


def draw_scene(
    family: str = "hammer", seed: int = 0, intention: str | None = None, split: str = "training", task: int = 0
) -> Scene:
    """An object of `family` with materials and intention drawn anew.

    Args:
        family: shape family of the object, any that is registered.
        seed: root of all randomness.
        intention: `balance` or `part`; None draws either.
        split, task: the stream that materials are drawn from.

    Raises:
        sim.shapes.families.UnknownFamily, sim.tasks.sampling.UnknownIntention: a name that is not known.

    Example:
        >>> scene = draw_scene("hammer", seed=3, intention="part")
        >>> scene.object.family, scene.task.intention
        ('hammer', 'part')
    """
    from sim.tasks.sampling import draw_scene as draw
    from sim.tasks.sampling import draw_task

    return draw(seed, draw_task(seed, split, task, intention), family, "a0")


def make_env(**options: Any) -> gymnasium.Env:
    """`gymnasium.make("RoboMeta/Grasp-v0", **options)`; see `sim.env.GraspEnv`.

    Example:
        >>> env = make_env()
        >>> observation, _ = env.reset(seed=0, options={"scene": draw_scene("hammer")})
        >>> observation["state"].shape
        (14,)
        >>> env.close()
    """
    import gymnasium

    return gymnasium.make("RoboMeta/Grasp-v0", **options)


def act(policy: Policy, observation: Mapping[str, np.ndarray]) -> np.ndarray:
    """The next action of a policy for an observation of the environment.

    Args:
        policy: adapted by a strategy. Call its `reset()` when an episode begins.
        observation: of `RoboMeta/Grasp-v0`, world frame.

    Returns:
        (5,) float32 in [−1, 1], world frame, for the environment's `step`.

    Example:
        >>> policy = make_strategy("maml").adapt(load_support("mine"))  # doctest: +SKIP
        >>> observation, *_ = env.step(act(policy, observation))  # doctest: +SKIP
    """
    from sim.frames import action_to_world, observe

    return np.clip(action_to_world(policy.act(observe(observation)), observation), -1, 1).astype(np.float32)


@dataclass(frozen=True)
class Rollout:
    """One episode of a policy.

    Example:
        >>> rollout(policy, scene, frames=True).save("grasp.gif")  # doctest: +SKIP
        PosixPath('grasp.gif')
    """

    success: bool
    """Whether every part of the verdict holds."""
    verdict: Mapping[str, bool]
    """The named parts of success."""
    steps: int
    """Actions played, one every 0.1 s."""
    target: tuple[float, ...]
    """Grasp x, y, z (m), yaw (rad) that the policy aimed at, object frame."""
    keypoint_mm: float
    """mm in the plane from that grasp to the true centre of mass, or to the nearest wanted outer end."""
    frames: tuple[np.ndarray, ...] = ()
    """(H, W, 3) uint8 each, 10 a second; none where they were not asked for."""

    def save(self, path: Path | str) -> Path:
        """Write the frames as `.gif` or `.mp4`, whole or not at all.

        Raises:
            demos.film.files.FilmError: no frames, another ending, or a folder that can't be written to.
        """
        from demos.film.files import FilmError, write_film

        if not self.frames:
            raise FilmError(f"{path}: no frames to write; call rollout with frames=True")
        write_film(Path(path), self.frames)
        return Path(path)


def rollout(policy: Policy, scene: Scene, seed: int = 0, frames: bool = False, push: float = 0.0) -> Rollout:
    """Play one episode of a policy.

    Args:
        policy: adapted by a strategy.
        scene: what to grasp.
        seed: draws pose, arm start and noise.
        frames: also film it.
        push: m by which the object is shoved during the approach.

    Example:
        >>> policy = make_strategy("maml").adapt(load_support("mine"))  # doctest: +SKIP
        >>> rollout(policy, scene_of("mine", family="hook"), seed=0).success  # doctest: +SKIP
        True
    """
    from demos.expert.episode import shared_env
    from demos.film.camera import film_policy
    from robo_meta.scenarios.rollout import Timed, outcome, play_policy

    pictures: tuple[np.ndarray, ...] = ()
    if frames:
        take = film_policy(scene, seed, policy, push)
        timed, pictures = Timed(take.episode), take.frames
    else:
        timed = play_policy(shared_env(), scene, seed, policy, push)
    found = outcome(timed, policy.target(timed.episode.points), policy.controller)
    return Rollout(found.success, found.verdict, found.steps, found.target, found.keypoint_mm, pictures)
