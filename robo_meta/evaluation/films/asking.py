"""Films of a whole policy that may ask: every demonstration that it saw, then every attempt, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from demos.policy import Policy
from demos.support import SupportItem
from robo_meta.evaluation.asking import Decider, play_asking
from robo_meta.evaluation.films.scene import FilmedStrategy, film_adapted
from robo_meta.scenarios.attempts import attempt_item
from robo_meta.scenarios.conditions import Condition
from robo_meta.scenarios.matched_scenes import MatchedTask, attempt_seeds
from robo_meta.scenarios.rollout import Outcome
from robo_meta.scenarios.scene_rollouts import SceneRollouts
from robo_meta.scenarios.supports import Demonstration, NoDemonstration, asked_demonstration, support_of
from sim.env import GraspEnv
from sim.tasks.queries import QUERY_OBJECT
from sim.tasks.scenes import Scene


class FilmedRollouts:
    """`robo_meta.evaluation.asking.Rollouts` of a scene, whose attempts are filmed.

    Args:
        scene: what to grasp.
        seeds: a rollout seed for each attempt.
        env: a `demos.film.camera.FilmEnv` to play in.
    """

    def __init__(self, scene: Scene, seeds: Sequence[int], env: GraspEnv) -> None:
        self._scene, self._seeds, self._env, self._unfilmed = scene, seeds, env, SceneRollouts(scene, seeds)
        self.scans = self._unfilmed.scans
        """(P, 6) points of each rollout, as scanned at reset."""
        self.attempts = list[FilmedStrategy]()
        """In their order."""

    def outcome(self, policy: Policy, number: int = 0) -> Outcome:
        """What `policy` comes to in rollout `number`, which nobody films."""
        return self._unfilmed.outcome(policy, number)

    def attempt(self, policy: Policy, number: int = 0) -> tuple[Outcome, SupportItem]:
        """The same of an attempt, which is filmed, and its episode as others may learn from it."""
        seed = self._seeds[number]
        filmed = film_adapted(f"attempt {number + 1}", policy, self._scene, seed, env=self._env)
        self.attempts.append(filmed)
        return filmed.outcome, attempt_item(filmed.take.episode, QUERY_OBJECT, seed)


def film_asking(
    decider: Decider, matched: MatchedTask, condition: Condition, shown: Sequence[Demonstration], env: GraspEnv
) -> tuple[tuple[Demonstration, ...], tuple[FilmedStrategy, ...]]:
    """Film what `play_asking` plays.

    Args:
        decider: what to do.
        matched: the task.
        condition: of the demonstrations.
        shown: those that it begins with.
        env: a `demos.film.camera.FilmEnv` to play in.

    Returns:
        The demonstrations that it had in the end, and its attempts, none where it gave up at once.
    """
    table = FilmedRollouts(matched.query, attempt_seeds(matched, decider.attempts), env)
    found = play_asking(decider, matched, condition, support_of(shown), table)
    had = list(shown)
    for kind in found.asked:
        try:
            had.append(asked_demonstration(matched, condition, kind, len(had)))
        except NoDemonstration:
            continue
    tried = [action for action in found.actions if action in decider.strategies]
    named = zip(tried, table.attempts, strict=True)
    return tuple(had), tuple(one.called(f"{one.name}, {action},") for action, one in named)
