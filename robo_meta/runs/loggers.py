"""Where a training's numbers go: TensorBoard, Weights & Biases, or whatever else a caller hands in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from sim.libraries import library


class Logger(Protocol):
    """Takes the numbers of one part of a training."""

    def scalar(self, name: str, value: float, step: int) -> None:
        """Note the value of `name` (such as `maml/loss`) at a step from 0."""

    def close(self) -> None:
        """No more will come."""


OpenLogger = Callable[[str, int], Logger | None]
"""(part, first step) → its logger, or None for none. Of a training that goes on, steps from the first one on may have
been logged before: they come again."""


class _TensorBoard:
    def __init__(self, folder: Path, start: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        # What a stopped training had logged beyond its last saved state comes again, and must not stand there twice.
        self._writer = SummaryWriter(str(folder), purge_step=start)

    def scalar(self, name: str, value: float, step: int) -> None:
        self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        self._writer.close()


def tensorboard(folder: Path) -> OpenLogger:
    """TensorBoard logs, a folder a part below `folder`; none where TensorBoard isn't installed."""
    # No closure, nor below: it travels to the processes in which parts train side by side.
    return partial(_open_tensorboard, folder)


def _open_tensorboard(folder: Path, part: str, start: int) -> Logger | None:
    try:
        return _TensorBoard(folder / part, start)
    except ImportError:
        return None


class _Wandb:
    def __init__(self, wandb: Any, project: str, part: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._run = wandb.init(
            project=project,
            name=f"{folder.name}-{part}",
            id=f"{folder.name}-{part}",
            resume="allow",
            dir=str(folder),
            reinit="create_new",
        )

    def scalar(self, name: str, value: float, step: int) -> None:
        self._run.log({name: value}, step=step)

    def close(self) -> None:
        self._run.finish()


def wandb_project(project: str, folder: Path) -> OpenLogger:
    """A run of Weights & Biases for each part, with its files below `folder`; `WANDB_MODE=offline` needs no account.

    Raises:
        sim.libraries.LibraryMissing: the package `wandb` isn't installed.
    """
    _wandb_library()  # missing, it is told now and not by a worker
    return partial(_open_wandb, project, folder)


def _open_wandb(project: str, folder: Path, part: str, start: int) -> Logger:
    return _Wandb(_wandb_library(), project, part, folder)


def _wandb_library() -> Any:
    return library("wandb", "--wandb", "wandb")
