"""What is told of a training while it goes on: its losses, and how it does on other objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from robo_meta.runs.loggers import OpenLogger, tensorboard
from robo_meta.runs.progress import TrainingProgress
from robo_meta.training.outer_loop import Report
from robo_meta.training.presets import TrainConfig
from robo_meta.training.ranks import Ranks
from robo_meta.training.state import MetaState
from robo_meta.training.validation import Validation

LOGS = "logs"
"""TensorBoard's folder, in the run folder."""
Watch = Callable[[MetaState], None]
"""Hears of the state after a step."""


def told_of(
    out: Path,
    config: TrainConfig,
    loggers: Sequence[OpenLogger],
    validation: Sequence[Path],
    device: torch.device,
    *,
    bar: bool = True,
) -> Told:
    """Whoever a training into `out` was asked to tell: TensorBoard too, unless the preset leaves it out and nothing is
    scored on other objects.

    Raises:
        TrainingDataError, TrainError: no such validation data, or too few demonstrations a task.
    """
    opening = (*((tensorboard(out / LOGS),) if config.tensorboard or validation else ()), *loggers)
    return Told(opening, Validation.of(validation, device) if validation else None, bar)


@dataclass(frozen=True)
class Told:
    """Who is told."""

    loggers: tuple[OpenLogger, ...]
    """What opens each logger of a part."""
    validation: Validation | None
    """Scores methods on other objects, where there are any."""
    bar: bool = True
    """Whether a part's steps may be shown as a bar: several processes would draw over each other's."""

    @contextmanager
    def of_part(self, part: str, start: int, steps: int, ranks: Ranks) -> Iterator[tuple[Report, Watch]]:
        """What shows and logs the steps of a part: rank 0's alone."""
        if not ranks.first:
            yield (lambda step, loss: None), (lambda state: None)
            return
        with TrainingProgress(part, start, steps, self.loggers, bar=self.bar) as progress:

            def watch(state: MetaState) -> None:
                if self.validation is not None and self.validation.due(part, state.step, steps):
                    progress.note(self.validation.scores(part, state.theta, state.rates), state.step - 1)

            yield progress, watch
