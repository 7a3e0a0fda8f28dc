"""The rollouts of one scene: what several strategies come to on it, each different episode played once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np

from demos.expert.episode import shared_env
from demos.policy import Policy
from demos.support import SupportItem
from robo_meta.scenarios.attempts import attempt_item
from robo_meta.scenarios.rollout import Outcome, Timed, outcome, play_policy
from sim.tasks.queries import QUERY_OBJECT
from sim.tasks.scenes import Scene

BY_TARGET = ("learned", "scripted")
"""Controllers that act as a function of the target alone: equal targets come to equal episodes."""
UNDECIDED = "undecided"
"""What a policy says that chooses among controllers, and has not seen the scan."""


class SceneRollouts:
    """A scene, its rollout seeds, and the episodes played so far, by rollout, controller and target.

    Args:
        scene: what to grasp.
        seeds: a rollout seed for each rollout: pose, arm start and noise.
        push: m by which the object is shoved during the approach.
    """

    def __init__(self, scene: Scene, seeds: Sequence[int], push: float = 0.0) -> None:
        self.scene, self.seeds, self.push = scene, tuple(seeds), push
        env = shared_env()
        self.scans = tuple(env.reset(seed=seed, options={"scene": scene})[0]["points"] for seed in self.seeds)
        """(P, 6) points of each rollout, as scanned at reset."""
        self.played = 0
        """Episodes that were played, the others being the same again."""
        self._kept: dict[tuple[int, str, bytes], Timed] = {}

    def outcome(self, policy: Policy, number: int = 0) -> Outcome:
        """What `policy` comes to in rollout `number`; the first action's latency is its own, whoever's episode is
        shared."""
        return self._outcome(policy, number)[0]

    def attempt(self, policy: Policy, number: int = 0) -> tuple[Outcome, SupportItem]:
        """What `outcome` and `item` say of one and the same episode."""
        found, timed = self._outcome(policy, number)
        return found, attempt_item(timed.episode, QUERY_OBJECT, self.seeds[number])

    def _outcome(self, policy: Policy, number: int) -> tuple[Outcome, Timed]:
        target, choosing = self._choose(policy, number)
        timed = self._episode(policy, number, target)
        if target is None:
            target = policy.target(self.scans[number])
        found = outcome(timed, target, policy.controller)
        first_act_ms, act_ms = found.first_act_ms + choosing, found.act_ms + choosing / found.steps
        return replace(found, act_ms=act_ms, first_act_ms=first_act_ms), timed

    def item(self, policy: Policy, number: int = 0) -> SupportItem:
        """The episode of `policy` in rollout `number`, as an attempt that others may learn from."""
        target, _ = self._choose(policy, number)
        return attempt_item(self._episode(policy, number, target).episode, QUERY_OBJECT, self.seeds[number])

    def _choose(self, policy: Policy, number: int) -> tuple[np.ndarray | None, float]:
        """The policy's target (4,), and the ms that it took; None and 0 where it is chosen while acting."""
        if policy.controller not in (*BY_TARGET, UNDECIDED):
            return None, 0.0
        start = perf_counter()
        target = np.asarray(policy.target(self.scans[number]), dtype=np.float64)
        return target, (perf_counter() - start) * 1e3

    def _episode(self, policy: Policy, number: int, target: np.ndarray | None) -> Timed:
        # Asked once more: whoever was undecided has decided with the target.
        if target is None or policy.controller not in BY_TARGET:
            return self._play(policy, number)
        key = (number, policy.controller, target.tobytes())
        if key not in self._kept:
            self._kept[key] = self._play(policy, number)
        return self._kept[key]

    def _play(self, policy: Policy, number: int) -> Timed:
        self.played += 1
        return play_policy(shared_env(), self.scene, self.seeds[number], policy, self.push)
