"""The learned selector as one more strategy: looks at the scene, then lets the strategy act that it expects most of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from demos.support import SupportSet
from robo_meta.selector.deciding import Deciding
from robo_meta.selector.learner.file import load_selector
from robo_meta.strategies import make_strategy
from robo_meta.strategies.policy import Controller, Policy
from robo_meta.training.checkpoint import Checkpoint


class SelectorStrategy:
    """Chooses once for every scan; one attempt, and no demonstration more.

    Args:
        checkpoint: with the parts of all strategies that it chooses among.
        controller: drives the hand to a grasp.
        file: a trained selector; None for the one that comes with the package.

    Raises:
        robo_meta.selector.learner.file.SelectorError: no selector, or a damaged one.
        robo_meta.strategies.StrategyError: it chooses among strategies that don't exist, or that need a checkpoint.
        robo_meta.training.checkpoint.CheckpointError: the checkpoint lacks a part that one of them needs.
    """

    name = "selector"

    def __init__(self, checkpoint: Checkpoint, controller: Controller, file: Path | None = None) -> None:
        selector = load_selector(file)
        strategies = {name: make_strategy(name, checkpoint, controller) for name in selector.strategies}
        self.deciding = Deciding(selector, strategies)
        """Its whole policy, for whoever can ask and attempt again."""

    def adapt(self, support: SupportSet) -> SelectedPolicy:
        """A policy that decides once it sees the query: features need its scan."""
        return SelectedPolicy(self, support)

    def choose(self, support: SupportSet, points: np.ndarray) -> tuple[str, Policy]:
        """The strategy of largest value on a scan (P, 6), and its policy adapted to the support."""
        seen = self.deciding.look(support, points)
        name = self.deciding.first(seen)
        return name, seen.policies[name]


class SelectedPolicy:
    """Decides at the first sight of a scan and then is the chosen strategy's policy."""

    def __init__(self, selector: SelectorStrategy, support: SupportSet) -> None:
        self._selector, self._support = selector, support
        self._scan = b""
        self._policy: Policy | None = None
        self.chosen = ""
        """Name of the strategy that was chosen, empty before any scan was seen."""

    @property
    def controller(self) -> str:
        """The chosen policy's controller; `undecided` before any scan was seen."""
        return "undecided" if self._policy is None else self._policy.controller

    def target(self, points: np.ndarray) -> np.ndarray:
        """(4,) the chosen strategy's grasp."""
        return self._decide(points).target(points)

    def act(self, observation: Mapping[str, np.ndarray]) -> np.ndarray:
        """(5,) the chosen strategy's action."""
        policy = self._policy if self._policy is not None else self._decide(observation["points"])
        return policy.act(observation)

    def point_scores(self, points: np.ndarray) -> np.ndarray | None:
        """(P,) the chosen strategy's weights, or None where it doesn't weigh points."""
        return self._decide(points).point_scores(points)

    def reset(self) -> None:
        """Forget the episode; the decision for the same scan would be the same and stays."""
        if self._policy is not None:
            self._policy.reset()

    def _decide(self, points: np.ndarray) -> Policy:
        scan = np.ascontiguousarray(points).tobytes()
        if self._policy is None or scan != self._scan:
            self.chosen, self._policy = self._selector.choose(self._support, points)
            self._scan = scan
        return self._policy
