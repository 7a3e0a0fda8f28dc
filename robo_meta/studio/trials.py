"""Strategies on the demonstrations made by hand: adapted, asked, set to act, and chosen among by the selector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gymnasium.utils.seeding import np_random

from demos.demo import Demo
from demos.expert.episode import Playing, in_world
from demos.hindsight import support_item
from demos.policy import Policy
from demos.support import SupportSet
from robo_meta.catalogue import CATALOGUE, SELECTOR
from robo_meta.scenarios.rollout import Timed, outcome
from robo_meta.selector.matrix.observe import shown
from robo_meta.selector.strategy import SelectorStrategy
from robo_meta.strategies.build import Participant, build_strategies, needs_checkpoint
from robo_meta.studio.commands import CommandError
from robo_meta.studio.table import LOOK, STEP
from robo_meta.studio.view import Advice, Film, Frame, Trial, Weighing
from robo_meta.training.checkpoint import checkpoint_file
from sim.env import GraspEnv
from sim.episode.start import Start
from sim.robot import Workspace
from sim.tasks.sampling import draw_families, draw_scene
from sim.tasks.scenes import Scene
from sim.tasks.seeds import seed_sequence

QUERY = "query"
"""Label of an object that nobody demonstrates on."""
STRATEGIES = tuple(CATALOGUE)
"""What can be adapted and watched."""


@dataclass(frozen=True)
class Query:
    """What strategies are asked about."""

    scene: Scene
    seed: int
    """Rollout seed: pose, arm start and noise."""

    @property
    def points(self) -> np.ndarray:
        """(P, 6): its scan, object frame; needs no physics."""
        return Start.draw(self.scene, Workspace(), np_random(self.seed)[0], push=0.0).points


def query_for(root: int, scene: Scene, transfer: str, family: str, demos: Sequence[Demo], turn: int) -> Query:
    """What demonstrations on a scene are transferred to.

    Args:
        root: root seed.
        scene: what is on the table.
        transfer: `same-object`, `new-instance` or `new-shape`.
        family: of the new shape; none: the first of the split that nobody demonstrated on.
        demos: of the task; their families are not new shapes.
        turn: another one, another pose.

    Raises:
        CommandError: no family is left, or one that was demonstrated on.
        sim.errors.InputError: no such family.
    """
    task = scene.task
    if transfer == "new-instance":
        scene = draw_scene(root, task, scene.object.family, QUERY)
    elif transfer == "new-shape":
        known = {scene.object.family, *(demo.family for demo in demos)}
        if family in known:
            raise CommandError(f"{family} was demonstrated on, so it is no new shape; choose another family")
        left = [name for name in draw_families(root, task) if name not in known]
        if not family and not left:
            raise CommandError(f"every family of split {task.split!r} was demonstrated on; choose one of another split")
        scene = draw_scene(root, task, family or left[0], QUERY)
    path = (task.split, task.index, "studio", scene.object.family, turn)
    return Query(scene, int(seed_sequence(root, *path).generate_state(1)[0]))


class Players:
    """Strategies by name, built once each, and an environment of their own for them to act in.

    Args:
        checkpoint: file or folder of a checkpoint; None for the one that comes with the package.
    """

    def __init__(self, checkpoint: Path | None) -> None:
        self._checkpoint = checkpoint
        self._built: dict[str, Participant] = {}
        self._env: GraspEnv | None = None

    def named(self, name: str) -> Participant:
        """The strategy called `name`.

        Raises:
            sim.errors.InputError: no such strategy, or one that lacks what it needs.
        """
        if name not in self._built:
            file = checkpoint_file(self._checkpoint) if needs_checkpoint((name,), "learned") else None
            (self._built[name],) = build_strategies(file, (name,), "learned")
        return self._built[name]

    def adapted(self, name: str, demos: Sequence[Demo]) -> Policy:
        """The policy of a strategy after the demonstrations of a task."""
        policy: Policy = self.named(name).strategy.adapt(shown(name, support_of(demos)))
        return policy

    def weigh(self, name: str, demos: Sequence[Demo], query: Query) -> Weighing:
        """How a strategy weighs a query before and after it adapts."""
        policy, player, points = self.adapted(name, demos), self.named(name), query.points
        prior = None if player.prior is None else player.prior()
        target = np.asarray(policy.target(points))
        first = None if prior is None else np.asarray(prior.target(points))
        return Weighing(
            strategy=name,
            shots=shown(name, support_of(demos)).shots,
            family=query.scene.object.family,
            points=points,
            before=None if prior is None else prior.point_scores(points),
            after=policy.point_scores(points),
            target_before=first,
            target_after=target,
            moved_mm=None if first is None else 1e3 * float(np.hypot(*(target - first)[:2])),
        )

    def act(self, name: str, demos: Sequence[Demo], query: Query) -> tuple[Trial, Film]:
        """Let a strategy act on a query; what came of it, and what it looked like."""
        policy = self.adapted(name, demos)
        self._env = env = self._env or GraspEnv()
        film: list[tuple[float, Frame]] = []
        env.watch = lambda: film.append((LOOK, Frame.of(env)))
        playing, act = Playing(env, query.scene, query.seed), in_world(policy.act)
        policy.reset()
        film.append((STEP, Frame.of(env)))
        while not playing.finished:
            playing.step(*act(playing.observation))
            film.append((STEP, Frame.of(env)))
        episode = playing.episode
        found = outcome(Timed(episode), policy.target(episode.points), policy.controller)
        return Trial(name, found.success, found.verdict, found.keypoint_mm), tuple(film)

    def advice(self, demos: Sequence[Demo], query: Query) -> Advice:
        """What the selector would take on a query, and why."""
        selector = self.named(SELECTOR).strategy
        assert isinstance(selector, SelectorStrategy)
        reason = selector.deciding.reason(selector.deciding.look(support_of(demos), query.points))
        return Advice(reason.chosen, reason.because, reason.predicted, query.scene.object.family)

    def close(self) -> None:
        """Free the physics."""
        if self._env is not None:
            self._env.close()


def support_of(demos: Sequence[Demo]) -> SupportSet:
    """All demonstrations of a task as a support; each strategy is shown what it is made for.

    Raises:
        CommandError: none of them succeeded.
    """
    if not any(demo.success for demo in demos):
        raise CommandError("no demonstration of this task succeeded yet; make one first")
    return SupportSet(tuple(support_item(demo) for demo in demos))
