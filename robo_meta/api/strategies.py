"""Strategies: made, and evaluated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robo_meta.api.arguments import ApiError, check_options
from robo_meta.strategies import Strategy

if TYPE_CHECKING:  # only names
    from robo_meta.evaluation.result import Evaluation


def make_strategy(
    strategy: object, checkpoint: Path | str | None = None, controller: str = "learned", selector: Path | None = None
) -> Strategy:
    """A strategy, ready to adapt.

    Args:
        strategy: the name of a shipped strategy (`maml`, `warped-replay`, …), `module:Class`, or an object of one's own
            with `adapt(support)`.
        checkpoint: file or run folder; None for the checkpoint that comes with the package.
        controller: `learned` or `scripted`: what drives the hand to a chosen grasp.
        selector: for the strategy `selector`: its file; None for the one that comes with the package.

    Raises:
        robo_meta.strategies.StrategyError: no such strategy, or one that lacks what it needs.
        robo_meta.training.checkpoint.CheckpointError: no checkpoint, or a damaged one.

    Example:
        >>> policy = make_strategy("maml").adapt(load_support("mine"))  # doctest: +SKIP
    """
    from robo_meta.strategies.build import build_strategies, needs_checkpoint
    from robo_meta.training.checkpoint import checkpoint_file

    if controller not in ("learned", "scripted"):
        raise ApiError(f"controller {controller!r}; expected learned or scripted")
    place = None if checkpoint is None else Path(checkpoint)
    file = checkpoint_file(place) if needs_checkpoint((strategy,), controller) else None
    return build_strategies(file, (strategy,), controller, selector)[0].strategy


def evaluate(strategies: Sequence[object] | object = (), progress: bool = False, **options: Any) -> Evaluation:
    """Adapt strategies to unseen objects and judge them by physics.

    Args:
        strategies: names of shipped strategies, `module:Class`, or objects of one's own; one or several. None named:
            all that the checkpoint can play.
        progress: draw a bar on standard error.
        options: fields of `robo_meta.evaluation.config.EvaluateConfig`, such as `split`, `objects`, `support`,
            `transfer`, `shots`, `tasks`, `seed`, `workers`, `reference`, `out`. A single value may stand for a list
            of one.

    Returns:
        What came of it; prints as a table.

    Raises:
        ApiError: an unknown option.
        robo_meta.evaluation.config.EvaluateError, robo_meta.strategies.StrategyError: options that make no sense.

    Example:
        >>> print(evaluate(["maml", "replay"], split="validation", shots=1, tasks=2))  # doctest: +SKIP
        >>> print(evaluate("maml", objects="mine", support="procedural", shots=1))  # doctest: +SKIP
    """
    from robo_meta.evaluation.config import EvaluateConfig
    from robo_meta.evaluation.evaluate import evaluate as evaluate_config

    check_options("evaluate", options, EvaluateConfig)
    for name in ("split", "transfer", "shots"):
        if name in options and isinstance(options[name], str | int):
            options[name] = (options[name],)
    given = tuple(strategies) if isinstance(strategies, list | tuple) else (strategies,)
    return evaluate_config(EvaluateConfig(strategies=given, **options), progress)
