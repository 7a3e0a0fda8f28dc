"""Strategies: each maps a support set to a policy. One file each; their table is `robo_meta.catalogue`.

A shipped strategy is constructed as `cls(checkpoint, controller)` and, once constructed, never changes. A strategy of a
user's own is taken in by `robo_meta.strategies.own`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from demos.support import SupportItem, SupportSet
from robo_meta.catalogue import CATALOGUE, StrategyRow
from robo_meta.strategies.policy import Controller, Policy
from sim.errors import InputError, did_you_mean


class StrategyError(InputError):
    """A strategy that does not exist, that lacks what it needs, or that does not do what a strategy must."""


class Strategy(Protocol):
    """All that is called of any strategy. `adapt` leaves the support as it is; the same support gives the same policy.

    What only some can do are protocols of their own below, and a strategy's row says which of them it follows.

    Example:
        >>> class Middle:
        ...     name = "middle"
        ...     def adapt(self, support):
        ...         return lambda points: [*points[:, :2].mean(axis=0), 0.02, 0.0]
    """

    @property
    def name(self) -> str:
        """As the results have it."""

    def adapt(self, support: SupportSet) -> Policy:
        """A policy for the support's task."""


class PriorStrategy(Strategy, Protocol):
    """A strategy that can also act before any demonstration: rows with `has_prior`."""

    def prior_policy(self) -> Policy:
        """The policy before any demonstration."""


class RetryStrategy(Strategy, Protocol):
    """A strategy that also learns from its own attempts: `retry`."""

    def adapt_after(self, support: SupportSet, attempts: tuple[SupportItem, ...]) -> Policy:
        """A policy for the scene on which `attempts` were made after adapting to `support`, in that order."""


def load_class(row: StrategyRow) -> Any:
    """The class of a row, imported only now, so that what one strategy needs is not asked of the others."""
    module, _, attribute = row.place.partition(":")
    return getattr(importlib.import_module(module), attribute)


def row_named(name: str, others: Iterable[str] = ()) -> StrategyRow:
    """The row of the shipped strategy called `name`.

    Args:
        name: without `SCRIPTED_SUFFIX`.
        others: further names that could have been meant.

    Raises:
        StrategyError: no such strategy, with a guess at what was meant.
    """
    if name not in CATALOGUE:
        raise StrategyError(f"unknown strategy {name!r}{did_you_mean(name, (*CATALOGUE, *others))}")
    return CATALOGUE[name]


def make_strategy(name: str, checkpoint: Any, controller: Controller, file: Path | None = None) -> Any:
    """Construct the shipped strategy called `name`.

    Args:
        name: of the catalogue.
        checkpoint: a `robo_meta.training.checkpoint.Checkpoint`, or None for strategies that need none.
        controller: drives the hand to a grasp.
        file: for strategies that have a file of their own; None for the one that comes with the package.

    Raises:
        StrategyError: no such strategy, or one that needs a checkpoint where there is none.
        robo_meta.training.checkpoint.CheckpointError: the checkpoint lacks a part that it needs.
        robo_meta.selector.learner.file.SelectorError: the selector has no file, or a damaged one.
    """
    row = row_named(name)
    if checkpoint is None and row.needs_checkpoint:
        wanted = f" with {row.parts[0][-1]!r}" if row.parts else ""
        raise StrategyError(f"strategy {name!r} needs a checkpoint{wanted}; found none")
    cls = load_class(row)
    return cls(checkpoint, controller) if row.file is None else cls(checkpoint, controller, file)
