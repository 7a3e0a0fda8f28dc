"""`robo-meta select matrix | train | evaluate | explain`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import tyro

from robo_meta.cli.select_judging import EvaluateCommand, ExplainCommand
from robo_meta.cli.select_options import Scenes, play, warn_of_few
from robo_meta.cli.words import print_result
from robo_meta.selector.learner.config import LearnerConfig
from robo_meta.selector.learner.prices import PRICED, Prices
from robo_meta.selector.matrix.config import MatrixOrder

if TYPE_CHECKING:  # loaded by the commands that need them
    from robo_meta.selector.matrix.matrix import Matrix

Number = float | str
"""Words are let through, so that a price that is no number is refused in one line of our own."""


@dataclass(frozen=True)
class MatrixCommand(MatrixOrder):
    """Play every strategy on every scene and store what came of it; the same command goes on where it was stopped."""

    out: Path = Path("matrix.safetensors")
    """The matrix file; while scenes are missing, a journal of finished ones stands beside it."""
    json: bool = False
    """Print JSON."""

    def __post_init__(self) -> None:
        """Check nothing yet: the order that `run` makes does, so that a bad one is one line of our own."""

    def run(self) -> int | None:
        """Play and print what it holds."""
        from robo_meta.selector.matrix.play import play_matrix

        order = MatrixOrder(**{f.name: getattr(self, f.name) for f in fields(MatrixOrder)})
        matrix = play_matrix(order, self.out)
        rates = dict(zip(matrix.strategies, matrix.means.mean(axis=0).round(4).tolist(), strict=True))
        found = {
            "matrix": str(self.out),
            "rows": len(matrix),
            "rollouts": matrix.rollouts,
            "families": list(matrix.families),
            "skipped": len(matrix.provenance["skipped"]),
            "success": rates,
            "seconds": dict(zip(matrix.strategies, matrix.seconds.tolist(), strict=True)),
        }
        print_result(found, self.json)
        return None


@dataclass(frozen=True)
class TrainCommand(Scenes):
    """Learn a selector from a matrix, by fitted Q-iteration."""

    matrix: Path | None = None
    """A matrix file of families that it will not be judged on; without it, the one that comes with the package."""
    validation: Path | None = None
    """A matrix file, played by physics, of families that it is neither trained nor judged on: what it says of chances
    is sharpened on it."""
    split: str = "validation"
    """With `--fresh`: where tasks and objects come from; families that it will not be judged on."""
    strategies: tuple[str, ...] = ()
    """With `--fresh`: which strategies; all that the checkpoint can play where none is named."""
    matrix_out: Path | None = None
    """With `--fresh`: keep the matrix here; an interrupted command goes on."""
    out: Path = Path("selector.safetensors")
    """The selector's file; its card is written beside it."""
    trees: int = LearnerConfig.trees
    """Trees of an ensemble."""
    checkpoint: Path | None = None
    """The checkpoint whose strategies it selects among; without it, the one that comes with the package."""
    price_attempt: Number = Prices.attempt
    """Of one attempt, in successes."""
    price_failure: Number = Prices.failure
    """Of a failed attempt, besides: a dropped object."""
    price_demo: Number = Prices.demo
    """Of one more demonstration, on whatever is at hand."""
    price_own_demo: Number = Prices.own_demo
    """Of a demonstration on the very object that is to be grasped."""
    price_second: Number = Prices.second
    """Of a nominal second of adapting and choosing."""
    gamma: Number = Prices.gamma
    """How much a reward one decision later counts, in (0, 1]."""
    attempts: int = Prices.attempts
    """Attempts at most in one scene."""
    seed: int = 0
    """Of the trees, and with `--fresh` of all that is played."""
    fresh_only: ClassVar[tuple[str, ...]] = (*Scenes.fresh_only, "strategies", "matrix_out")

    def run(self) -> int | None:
        """Train and name the file."""
        from robo_meta.selector.judging.cross_validation import cross_judge, learn
        from robo_meta.selector.learner.file import refuse_shared_families, save_selector
        from robo_meta.selector.learner.fitted_q import LEARNER
        from robo_meta.selector.matrix.file import load_matrix

        self.check(shipped=True)
        priced = {name: getattr(self, f"price_{name}") for name in PRICED}
        prices = Prices(**priced, gamma=self.gamma, attempts=self.attempts)  # type: ignore[arg-type]
        learner = LearnerConfig(trees=self.trees)
        matrix = self._load()
        validation = None
        if self.validation is not None:
            validation = load_matrix(self.validation)
            refuse_shared_families(str(self.validation), matrix.families, validation.query_families)
        selector, learner, left_out = learn(matrix, prices, learner, self.seed, validation)
        path = save_selector(self.out, selector)
        found = {
            "selector": str(path),
            "learner": LEARNER,
            **self._source(),
            "rows": len(matrix),
            "families": list(matrix.families),
            "least": learner.least,
            "sharpness": list(selector.sharpness),
            "left_out_families": None if left_out is None else cross_judge(left_out),
        }
        warn_of_few(matrix)
        print_result(found, self.json)
        return None

    def _load(self) -> Matrix:
        from robo_meta.selector.judging.virtual_best import refuse_few

        if self.fresh:
            refuse_few(self.rollouts, "--fresh")
            return play(self.order(self.strategies), self.matrix_out)
        matrix = self.read()
        refuse_few(matrix.rollouts, str(self.matrix or "the shipped matrix"))
        return matrix

    def _source(self) -> dict[str, str | None]:
        """Which matrix it learned from, and whether that was `fresh`, a `file`, or `shipped` with the package."""
        from robo_meta.checkpoints import shipped

        if self.fresh:
            return {"source": "fresh", "matrix": None if self.matrix_out is None else str(self.matrix_out)}
        if self.matrix is not None:
            return {"source": "file", "matrix": str(self.matrix)}
        return {"source": "shipped", "matrix": str(shipped("matrix"))}


@dataclass(frozen=True)
class Select:
    """Learn which strategy to use on which scene: play the matrix, train, evaluate, explain."""

    action: (
        Annotated[MatrixCommand, tyro.conf.subcommand("matrix")]
        | Annotated[TrainCommand, tyro.conf.subcommand("train")]
        | Annotated[EvaluateCommand, tyro.conf.subcommand("evaluate")]
        | Annotated[ExplainCommand, tyro.conf.subcommand("explain")]
    )
    """What to do."""

    def run(self) -> int | None:
        """Do it."""
        return self.action.run()
