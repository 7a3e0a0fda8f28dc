"""Showing a training: a bar where rich is installed and someone watches, else lines; and what loggers are to note."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from robo_meta.runs.loggers import OpenLogger

LINES = 10
"""Lines printed for one part where there is no bar."""
LOGGED_EVERY = 10
"""Steps between losses that loggers note."""
KEYPOINT_MM = "validation/keypoint_mm"
"""What the median distance of keypoints on other objects is noted as."""


class TrainingProgress:
    """Reports the steps of one part; a context manager.

    Args:
        part: its name.
        start: steps already done.
        steps: steps in all.
        loggers: what opens each logger of the part.
        stream: where to print.
        bar: whether a bar may be drawn.
    """

    def __init__(
        self,
        part: str,
        start: int,
        steps: int,
        loggers: Sequence[OpenLogger] = (),
        stream: TextIO | None = None,
        *,
        bar: bool = True,
    ) -> None:
        self._part, self._start, self._steps = part, start, steps
        self._stream = stream or sys.stderr
        self._may_draw = bar and self._stream.isatty()
        self._bar: Any = None
        self._task: Any = None
        self._smooth: float | None = None
        self._missed = ""
        self._began = time.perf_counter()
        opened = [opening(part, start) for opening in loggers]
        self._loggers = [logger for logger in opened if logger is not None]

    def __enter__(self) -> TrainingProgress:
        if self._may_draw:
            try:
                from rich.progress import Progress
            except ImportError:
                return self
            self._bar = Progress(transient=False)
            self._bar.start()
            self._task = self._bar.add_task(self._part, total=self._steps, completed=self._start)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
        for logger in self._loggers:
            logger.close()

    def note(self, values: Mapping[str, float], step: int) -> None:
        """Tell the loggers what the part's `values` are at a step from 0; how far keypoints miss, the lines say too."""
        if KEYPOINT_MM in values:
            self._missed = f", keypoints {values[KEYPOINT_MM]:.0f} mm off on other objects"
        for logger in self._loggers:
            for name, value in values.items():
                logger.scalar(f"{self._part}/{name}", value, step)

    def __call__(self, step: int, loss: float) -> None:
        """Note that `step` (from 0) is done, with its loss."""
        self._smooth = loss if self._smooth is None else 0.98 * self._smooth + 0.02 * loss
        if step % LOGGED_EVERY == 0:
            self.note({"loss": loss}, step)
        if self._bar is not None:
            self._bar.update(self._task, completed=step + 1, description=f"{self._part} {self._smooth:.3f}")
        elif (step + 1) % max(1, self._steps // LINES) == 0:
            spent = (time.perf_counter() - self._began) / (step + 1 - self._start)
            print(
                f"{self._part}: step {step + 1}/{self._steps}, loss {self._smooth:.3f}{self._missed}, "
                f"{spent * 1e3:.0f} ms/step",
                file=self._stream,
                flush=True,
            )
