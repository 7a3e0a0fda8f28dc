"""Strategies: from a support set to a policy. One file each, one literal table.

A strategy is constructed as `cls(checkpoint, controller)` and, once constructed, never changes.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Protocol

from demos.support import SupportSet
from robo_meta.strategies.policy import Controller, Policy
from sim.errors import InputError, did_you_mean


class StrategyError(InputError):
    """A strategy that does not exist, or that lacks what it needs."""


class Strategy(Protocol):
    """What `adapt` promises: the support is left as it is, the same support gives the same policy."""

    name: str

    def adapt(self, support: SupportSet) -> Policy:
        """A policy for the support's task."""


@dataclass(frozen=True)
class Lazy:
    """A strategy's class by its dotted place: imported when first used, so that one's needs are not another's."""

    place: str
    """`module:class`."""

    def load(self) -> Any:
        """The class itself."""
        module, _, attribute = self.place.partition(":")
        return getattr(importlib.import_module(module), attribute)

    def __call__(self, checkpoint: Any, controller: Controller | None) -> Strategy:
        """Construct the strategy.

        Args:
            checkpoint: a `robo_meta.training.checkpoint.Checkpoint`, or None for those that learned nothing beforehand.
            controller: drives the hand to a grasp.

        Raises:
            StrategyError: a learned strategy without a checkpoint.
            robo_meta.training.checkpoint.CheckpointError: the checkpoint lacks its part.
        """
        cls = self.load()
        if checkpoint is None and hasattr(cls, "part"):
            raise StrategyError(f"strategy {cls.name!r} needs a checkpoint with {cls.part!r}; found none")
        return cls(checkpoint, controller)


STRATEGIES: dict[str, Lazy] = {
    "zero-shot": Lazy("robo_meta.strategies.learned.zero_shot:ZeroShot"),
    "fine-tune": Lazy("robo_meta.strategies.learned.fine_tune:FineTune"),
    "maml": Lazy("robo_meta.strategies.learned.maml:Maml"),
    "context": Lazy("robo_meta.strategies.learned.context:Context"),
    "fomaml": Lazy("robo_meta.strategies.learned.maml:Fomaml"),
    "anil": Lazy("robo_meta.strategies.learned.maml:Anil"),
    "reptile": Lazy("robo_meta.strategies.learned.reptile:Reptile"),
    "scratch": Lazy("robo_meta.strategies.learned.scratch:Scratch"),
    "centre": Lazy("robo_meta.strategies.baselines.centre:Centre"),
    "replay": Lazy("robo_meta.strategies.baselines.replay:Replay"),
    "warped-replay": Lazy("robo_meta.strategies.baselines.warped_replay:WarpedReplay"),
    "density-fit": Lazy("robo_meta.strategies.baselines.density_fit:DensityFit"),
    "contrast": Lazy("robo_meta.strategies.learned.contrast:Contrast"),
    "retry": Lazy("robo_meta.strategies.learned.retry:Retry"),
    "selector": Lazy("robo_meta.selector.strategy:Selector"),
}
"""Name → strategy; `STRATEGIES[name](checkpoint, controller)` constructs it."""


def make_strategy(name: str, checkpoint: Any, controller: Controller | None) -> Strategy:
    """Construct the strategy called `name`; see `Lazy.__call__`.

    Raises:
        StrategyError: no such strategy, with a guess at what was meant.
    """
    if name not in STRATEGIES:
        raise StrategyError(f"unknown strategy {name!r}{did_you_mean(name, STRATEGIES)}")
    return STRATEGIES[name](checkpoint, controller)
