"""Showing a training: a bar where rich is installed and someone watches, else lines; TensorBoard where installed."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any, TextIO

LINES = 10
"""Lines printed for one part where there is no bar."""


class TrainingProgress:
    """Reports the steps of one part; a context manager.

    Args:
        part: its name.
        start: steps already done.
        steps: steps in all.
        log_folder: TensorBoard's folder, in which the part has one of its own; None for no logs.
        stream: where to print.
    """

    def __init__(
        self, part: str, start: int, steps: int, log_folder: Path | None = None, stream: TextIO | None = None
    ) -> None:
        self._part, self._start, self._steps = part, start, steps
        self._stream = stream or sys.stderr
        self._bar: Any = None
        self._task: Any = None
        self._smooth: float | None = None
        self._began = time.perf_counter()
        self._writer = None if log_folder is None else _writer(log_folder / part, start)

    def __enter__(self) -> TrainingProgress:
        if self._stream.isatty():
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
        if self._writer is not None:
            self._writer.close()

    def __call__(self, step: int, loss: float) -> None:
        """Note that `step` (from 0) is done, with its loss."""
        self._smooth = loss if self._smooth is None else 0.98 * self._smooth + 0.02 * loss
        if self._writer is not None and step % 10 == 0:
            self._writer.add_scalar(f"{self._part}/loss", loss, step)
        if self._bar is not None:
            self._bar.update(self._task, completed=step + 1, description=f"{self._part} {self._smooth:.3f}")
        elif (step + 1) % max(1, self._steps // LINES) == 0:
            spent = (time.perf_counter() - self._began) / (step + 1 - self._start)
            print(
                f"{self._part}: step {step + 1}/{self._steps}, loss {self._smooth:.3f}, {spent * 1e3:.0f} ms/step",
                file=self._stream,
                flush=True,
            )


def _writer(folder: Path, start: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    # What a stopped training had logged beyond its last saved state comes again, and must not stand there twice.
    return SummaryWriter(str(folder), purge_step=start)
