"""Who takes part in an evaluation: strategies by name, each with the controller that drives it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demos.expert.scripted_controller import scripted_controller
from robo_meta.model.controller import LearnedController
from robo_meta.strategies import STRATEGIES, StrategyError
from robo_meta.training.checkpoint import Checkpoint, load_checkpoint
from sim.errors import did_you_mean

SCRIPTED_SUFFIX = "+scripted-controller"
"""A strategy's name with this is that strategy driven by the scripted controller, whatever controller the others
have."""
LEARNED = (
    "zero-shot",
    "fine-tune",
    "maml",
    "context",
    "fomaml",
    "anil",
    "reptile",
    "scratch",
    "contrast",
    "retry",
    "selector",
)
"""Strategies that need a checkpoint."""
SELECTOR = "selector"
"""The strategy that comes from a file of its own."""
NAMED_ONLY = ("contrast", "retry", SELECTOR)
"""Strategies that take part only where they are named: `contrast` and `retry` differ from `maml` only once something
has failed, and the selector chooses among the others."""


@dataclass(frozen=True)
class Contestant:
    """A strategy under the name it has in the results."""

    name: str
    strategy: Any


def default_names(parts: Collection[str] | None = None) -> tuple[str, ...]:
    """All strategies but `NAMED_ONLY`, and `maml` once more with the scripted controller.

    The two rows of `maml` tell what the learned controller costs.

    Args:
        parts: of the checkpoint; strategies of which it has no part are left out. None leaves out none.
    """
    names = (*(name for name in STRATEGIES if name not in NAMED_ONLY), "maml" + SCRIPTED_SUFFIX)
    return names if parts is None else tuple(name for name in names if _part(name, parts) in (None, *parts))


def _part(name: str, parts: Collection[str]) -> str | None:
    """The part that the strategy called `name` would use of a checkpoint with `parts`; None where it needs none."""
    cls = STRATEGIES[name.removesuffix(SCRIPTED_SUFFIX)].load()
    return cls.part_among(parts) if hasattr(cls, "part_among") else getattr(cls, "part", None)


def check_names(names: tuple[str, ...]) -> None:
    """Raises StrategyError for a name that is neither in `STRATEGIES` nor one of them with `SCRIPTED_SUFFIX`."""
    for name in names:
        if name.removesuffix(SCRIPTED_SUFFIX) not in STRATEGIES:
            raise StrategyError(f"unknown strategy {name!r}{did_you_mean(name, STRATEGIES)}")


def needs_checkpoint(names: tuple[str, ...], controller: str) -> bool:
    """Whether anything learned takes part: a strategy, or the controller of one that chooses a target only."""
    bare = {name.removesuffix(SCRIPTED_SUFFIX) for name in names}
    driven = any(not name.endswith(SCRIPTED_SUFFIX) and name != "replay" for name in names)
    return bool(bare & set(LEARNED)) or (controller == "learned" and driven)


def contestants(
    checkpoint: Path | None, names: tuple[str, ...], controller: str, selector: Path | None = None
) -> tuple[Contestant, ...]:
    """Build the strategies called `names`.

    Args:
        checkpoint: file of the checkpoint; None where `needs_checkpoint` is false.
        names: checked by `check_names`.
        controller: `learned` or `scripted`.
        selector: file of the selector, where one takes part; the shipped one where None.

    Raises:
        robo_meta.training.checkpoint.CheckpointError: damaged, or without a part that a strategy needs.
        robo_meta.selector.learner.file.SelectorError: no selector, or a damaged one.
    """
    loaded, learned_controller = None, None
    if checkpoint is not None:
        loaded = load_checkpoint(checkpoint)
        if controller == "learned":
            learned_controller = LearnedController({name: value.numpy() for name, value in loaded.part("hand").items()})
    built = []
    for name in names:
        drive = (
            scripted_controller if learned_controller is None or name.endswith(SCRIPTED_SUFFIX) else learned_controller
        )
        entry = STRATEGIES[name.removesuffix(SCRIPTED_SUFFIX)]
        chooses = name.removesuffix(SCRIPTED_SUFFIX) == SELECTOR
        built.append(Contestant(name, entry.load()(loaded, drive, selector) if chooses else entry(loaded, drive)))
    return tuple(built)


def playable(checkpoint: Path | Checkpoint) -> tuple[str, ...]:
    """Names of `STRATEGIES` whose part, if they have one, is in the checkpoint.

    Raises:
        robo_meta.training.checkpoint.CheckpointError: no checkpoint there, or a damaged one.
    """
    held = checkpoint if isinstance(checkpoint, Checkpoint) else load_checkpoint(checkpoint)
    needs = {name: getattr(entry.load(), "part", None) for name, entry in STRATEGIES.items()}
    return tuple(name for name, part in needs.items() if part is None or part in held.parts)
