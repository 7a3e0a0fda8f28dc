"""What is told of a training while it goes on: its losses, and how it does on other objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from robo_meta.runs.loggers import OpenLogger
from robo_meta.runs.progress import TrainingProgress
from robo_meta.training.outer_loop import Report
from robo_meta.training.ranks import Ranks
from robo_meta.training.state import MetaState
from robo_meta.training.validation import Validation

Watch = Callable[[MetaState], None]
"""Hears of the state after a step."""


@dataclass(frozen=True)
class Told:
    """Who is told."""

    loggers: tuple[OpenLogger, ...]
    """What opens each logger of a part."""
    validation: Validation | None
    """Scores methods on other objects, where there are any."""

    @contextmanager
    def of_part(self, part: str, start: int, steps: int, ranks: Ranks) -> Iterator[tuple[Report, Watch]]:
        """What shows and logs the steps of a part: rank 0's alone."""
        if not ranks.first:
            yield (lambda step, loss: None), (lambda state: None)
            return
        with TrainingProgress(part, start, steps, self.loggers) as progress:

            def watch(state: MetaState) -> None:
                if self.validation is not None and self.validation.due(part, state.step, steps):
                    progress.note(self.validation.scores(part, state.theta, state.rates), state.step - 1)

            yield progress, watch
