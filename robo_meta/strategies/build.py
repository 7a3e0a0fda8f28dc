"""The strategies that take part, built from what was named or given, each with the controller that drives it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from demos.expert.scripted_controller import scripted_controller
from demos.policy import Policy
from robo_meta.catalogue import CATALOGUE, CONTROLLER, SCRIPTED_SUFFIX, bare
from robo_meta.model.controller import LearnedController
from robo_meta.strategies import PriorStrategy, Strategy, make_strategy
from robo_meta.strategies.own import adopt
from robo_meta.strategies.policy import Controller
from robo_meta.strategies.resolve import resolve, resolve_all
from robo_meta.strategies.sources import OwnSource, Source
from robo_meta.training.checkpoint import Checkpoint, load_checkpoint


@dataclass(frozen=True)
class Participant:
    """A strategy that takes part, under the name that it has in the results."""

    name: str
    strategy: Strategy
    prior: Callable[[], Policy] | None = None
    """Gives the policy before any demonstration; None for strategies that have none."""


def default_names(parts: Collection[str] | None = None) -> tuple[str, ...]:
    """The strategies that take part where none is named.

    `maml` is among them twice, the second time with the scripted controller: the difference is what the learned
    controller costs.

    Args:
        parts: parts of the checkpoint; strategies that lack one of theirs are left out. None leaves out none.
    """
    rows = [row for row in CATALOGUE.values() if row.default and (parts is None or row.missing_part(parts) is None)]
    return (*(row.name for row in rows), *(row.name + SCRIPTED_SUFFIX for row in rows if row.scripted_too))


def needs_checkpoint(given: Sequence[object], controller: str) -> bool:
    """Whether anything learned takes part: a strategy, or the controller of one that only chooses where to grasp.

    Args:
        given: strategies, each as `resolve` takes it.
        controller: `learned` or `scripted`.
    """
    return any(_needs_checkpoint(resolve(one), controller) for one in given)


def _needs_checkpoint(source: Source, controller: str) -> bool:
    row = CATALOGUE.get(bare(source.name))
    driven = controller == "learned" and not source.scripted
    return driven if row is None else row.needs_checkpoint or (driven and not row.drives_itself)


def build_strategies(
    checkpoint: Path | None, given: Sequence[object], controller: str, selector: Path | None = None
) -> tuple[Participant, ...]:
    """Build the strategies that were named or given.

    Args:
        checkpoint: file of the checkpoint; None where `needs_checkpoint` is false.
        given: names, objects or sources, each as `resolve` takes it.
        controller: `learned` or `scripted`.
        selector: file for the strategy `selector`; None for the one that comes with the package.

    Raises:
        robo_meta.strategies.StrategyError: an unknown strategy, two of one name, or one that lacks what it needs.
        robo_meta.training.checkpoint.CheckpointError: damaged, or without a part that a strategy needs.
        robo_meta.selector.learner.file.SelectorError: no selector, or a damaged one.
    """
    sources = resolve_all(given)
    loaded = None if checkpoint is None else load_checkpoint(checkpoint)
    usual: Controller = scripted_controller
    if loaded is not None and controller == "learned":
        usual = LearnedController({name: value.numpy() for name, value in loaded.part(CONTROLLER).items()})
    return tuple(
        _participant(source, loaded, scripted_controller if source.scripted else usual, selector) for source in sources
    )


@lru_cache(maxsize=4)
def shared_strategies(
    checkpoint: Path | None, given: tuple[Hashable, ...], controller: str, selector: Path | None = None
) -> tuple[Participant, ...]:
    """The strategies of `build_strategies`, built once a process.

    PyTorch gets one thread, because every core has a worker of its own.
    """
    # Without PyTorch the strategies that need none can play.
    with suppress(ImportError):
        import torch

        torch.set_num_threads(1)
    return build_strategies(checkpoint, given, controller, selector)


def _participant(
    source: Source, checkpoint: Checkpoint | None, controller: Controller, selector: Path | None
) -> Participant:
    if isinstance(source, OwnSource):
        return Participant(source.name, adopt(source.load(), controller, bare(source.name)))
    name = bare(source.name)
    strategy = make_strategy(name, checkpoint, controller, selector)
    return Participant(source.name, strategy, _prior(strategy) if CATALOGUE[name].has_prior else None)


def _prior(strategy: PriorStrategy) -> Callable[[], Policy]:
    return strategy.prior_policy


def playable(checkpoint: Path | Checkpoint) -> tuple[str, ...]:
    """Names of the shipped strategies that the checkpoint holds everything for.

    Raises:
        robo_meta.training.checkpoint.CheckpointError: no checkpoint there, or a damaged one.
    """
    held = checkpoint if isinstance(checkpoint, Checkpoint) else load_checkpoint(checkpoint)
    return tuple(row.name for row in CATALOGUE.values() if row.missing_part(held.parts) is None)
