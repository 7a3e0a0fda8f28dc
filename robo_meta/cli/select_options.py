"""Where a selection command's scenes come from: a matrix file, or rollouts played afresh."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from robo_meta.selector.matrix.config import MatrixOrder
from sim.errors import InputError

if TYPE_CHECKING:  # loaded by the commands that need them
    from robo_meta.selector.matrix.matrix import Matrix


class ScenesError(InputError):
    """A selection command that can't be done as asked."""


@dataclass(frozen=True)
class Scenes:
    """What training, evaluating and explaining share: the scenes to look at."""

    matrix: Path | None = None
    """A matrix file."""
    fresh: bool = False
    """Play fresh rollouts instead of reading a matrix."""
    split: str = "unseen-families"
    """With `--fresh`: where tasks and objects come from."""
    scenes: int = 80
    """With `--fresh`: how many tasks."""
    rollouts: int = 12
    """With `--fresh`: rollouts of every strategy on every scene."""
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    """With `--fresh`: processes."""
    checkpoint: Path | None = None
    """The checkpoint; without it, the one that comes with the package."""
    seed: int = 0
    """Root of all randomness."""
    json: bool = False
    """Print JSON."""
    fresh_only: ClassVar[tuple[str, ...]] = ("split", "scenes", "rollouts")
    """Options that say nothing to a matrix that is read."""

    def check(self, shipped: bool = False) -> None:
        """Refuse a negative seed, a matrix file beside `--fresh`, neither unless there is a `shipped` one, and without
        `--fresh` what only a fresh matrix heeds.

        Raises:
            ScenesError: one of these.
        """
        given = self.matrix is not None
        if (self.fresh and given) or not (self.fresh or given or shipped):
            raise ScenesError("expected either --matrix FILE or --fresh")
        if self.seed < 0:
            raise ScenesError(f"seed {self.seed}; expected 0 or more")
        usual = {option.name: option.default for option in fields(self)}
        for name in self.fresh_only:
            if not self.fresh and getattr(self, name) != usual[name]:
                raise ScenesError(f"--{name.replace('_', '-')} without --fresh; it says nothing to a matrix file")

    def order(self, strategies: Sequence[str]) -> MatrixOrder:
        """What `--fresh` plays, checked."""
        return MatrixOrder(
            checkpoint=self.checkpoint,
            split=self.split,
            scenes=self.scenes,
            rollouts=self.rollouts,
            strategies=tuple(strategies),
            workers=self.workers,
            seed=self.seed,
        )

    def read(self) -> Matrix:
        """The matrix file, or the shipped one where none is named.

        Raises:
            ScenesError: it has a strategy that the checkpoint lacks.
            robo_meta.selector.matrix.matrix.MatrixError: no matrix, or a damaged one.
        """
        from robo_meta.selector.matrix.file import load_matrix

        matrix = load_matrix(self.matrix)
        refuse_unplayable(str(self.matrix or "the shipped matrix"), matrix.strategies, self.checkpoint)
        return matrix


def play(order: MatrixOrder, keep: Path | None) -> Matrix:
    """Play what is ordered, into the file `keep`, where an interrupted command goes on, or into one that is removed."""
    from robo_meta.selector.matrix.play import play_matrix

    if keep is not None:
        return play_matrix(order, keep)
    with tempfile.TemporaryDirectory(prefix="robo_meta_") as folder:
        return play_matrix(order, Path(folder) / "matrix.safetensors")


def players(strategies: Sequence[str], checkpoint: Path | None) -> dict[str, Any]:
    """Name → strategy, with the checkpoint's parts and its learned controller."""
    from robo_meta.strategies.build import needs_checkpoint, shared_strategies
    from robo_meta.training.checkpoint import checkpoint_file

    file = checkpoint_file(checkpoint) if needs_checkpoint(strategies, "learned") else None
    return {player.name: player.strategy for player in shared_strategies(file, tuple(strategies), "learned")}


def warn_of_few(matrix: Matrix) -> None:
    """Say in one line on standard error where the virtual best was estimated from few rollouts."""
    from robo_meta.selector.judging.virtual_best import ENOUGH_ROLLOUTS

    if matrix.rollouts < ENOUGH_ROLLOUTS:
        found = f"{matrix.rollouts} rollouts a cell; under {ENOUGH_ROLLOUTS}, virtual best and closed gap say little"
        print(f"robo-meta: warning: {found}", file=sys.stderr)


def refuse_unplayable(where: str, strategies: Sequence[str], checkpoint: Path | None) -> None:
    """Raises ScenesError where a matrix has a strategy that the checkpoint lacks."""
    from robo_meta.strategies.build import playable
    from robo_meta.training.checkpoint import checkpoint_file

    file = checkpoint_file(checkpoint)
    held = playable(file)
    for name in strategies:
        if name not in held:
            raise ScenesError(f"{where}: strategy {name!r} is none of the checkpoint's; {file} has {', '.join(held)}")
