"""The demonstrations of a scene and what strategies come to on it, filmed: the same episodes as without a camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from demos.expert.demonstrator import demonstrator
from demos.film.camera import Take, film_episode, film_policy, film_replay
from demos.film.panel import Shot
from demos.film.scene_shots import shot_of
from demos.policy import Policy
from demos.replaying import replay_on
from robo_meta.scenarios.rollout import Outcome, Timed, expert_aim, outcome
from robo_meta.scenarios.supports import Demonstration, support_of
from robo_meta.strategies.build import Participant
from sim.env import GraspEnv
from sim.tasks.scenes import Scene


@dataclass(frozen=True, eq=False)
class FilmedStrategy:
    """One strategy's rollout on a scene, as it was filmed."""

    name: str
    """As the results have it."""
    take: Take
    """What the camera saw."""
    outcome: Outcome
    """What came of it."""

    def called(self, name: str) -> FilmedStrategy:
        """The same under another name."""
        return replace(self, name=name)

    @property
    def shot(self) -> Shot:
        """As a panel shows it."""
        family = self.take.episode.scene.object.family
        return shot_of(f"{self.name} on {family}", self.take, np.array(self.outcome.target))


def film_demonstrations(demonstrations: Sequence[Demonstration], env: GraspEnv) -> tuple[Shot, ...]:
    """Shots of demonstrations, each the very episode that strategies adapt from."""
    shots = []
    for number, one in enumerate(demonstrations, start=1):
        if one.demo is None:
            continue
        take = film_replay(replay_on(one.scene, one.demo), env=env)
        counted = f" {number}" if len(demonstrations) > 1 else ""
        shots.append(shot_of(f"demonstration{counted} on {one.item.family}", take, np.asarray(one.item.grasp)))
    return tuple(shots)


def film_strategy(
    player: Participant,
    demonstrations: Sequence[Demonstration],
    scene: Scene,
    seed: int,
    rolling: bool = True,
    env: GraspEnv | None = None,
) -> FilmedStrategy:
    """Adapt a strategy to demonstrations and film its rollout.

    Args:
        player: the strategy.
        demonstrations: what it adapts to.
        scene: what it has to grasp.
        seed: the rollout seed: pose, arm start and noise.
        rolling: whether the camera is on; the episode is the same either way.
        env: a `demos.film.camera.FilmEnv` to play in; by default one is made.
    """
    return film_adapted(player.name, player.strategy.adapt(support_of(demonstrations)), scene, seed, rolling, env)


def film_adapted(
    name: str, policy: Policy, scene: Scene, seed: int, rolling: bool = True, env: GraspEnv | None = None
) -> FilmedStrategy:
    """Film the rollout of a policy under a name; the others as for `film_strategy`."""
    take = film_policy(scene, seed, policy, rolling=rolling, env=env)
    found = outcome(Timed(take.episode), policy.target(take.episode.points), policy.controller)
    return FilmedStrategy(name, take, found)


def film_expert(
    name: str,
    scene: Scene,
    seed: int,
    rolling: bool = True,
    env: GraspEnv | None = None,
    grasp: np.ndarray | None = None,
) -> FilmedStrategy:
    """Film the demonstrator who knows the weights, on the same scene as the strategies; `grasp` as for
    `robo_meta.scenarios.rollout.expert_rollout`.

    Raises:
        demos.expert.grasp_plan.NoGrasp: the object can't be held as the task wants.
    """
    aimed = expert_aim(scene, seed, grasp)
    take = film_episode(scene, seed, lambda world: demonstrator(world, aimed), rolling=rolling, env=env)
    return FilmedStrategy(name, take, outcome(Timed(take.episode), aimed, "scripted"))
