"""What a matrix is ordered to hold: the record behind `robo-meta select matrix`, and what a scene's condition is."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from robo_meta.catalogue import CATALOGUE, bare
from robo_meta.selector.matrix.matrix import RETRY, MatrixError
from robo_meta.strategies import row_named
from sim.shapes.families import families_of

LEFT_OUT = tuple(row.name for row in CATALOGUE.values() if row.file is not None)
"""Strategies that choose among the others."""


@dataclass(frozen=True)
class MatrixOrder:
    """Which scenes to play, and with which strategies."""

    checkpoint: Path | None = None
    """A trained checkpoint, file or folder; without it, the one that comes with the package."""
    split: str = "validation"
    """Where tasks and objects come from: `validation` to train a selector, `unseen-families` to judge it."""
    scenes: int = 80
    """Tasks, each with a condition of its own, played with its demonstrations and with one more: two rows each."""
    rollouts: int = 12
    """Re-seeded rollouts of every strategy on every row; 12 or more to judge by."""
    strategies: tuple[str, ...] = ()
    """Which strategies; all that the checkpoint can play where none is named."""
    controller: Literal["learned", "scripted"] = "learned"
    """What drives strategies that choose where to grasp."""
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    """Processes; the matrix is the same for any number."""
    seed: int = 0
    """Root of all randomness."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "strategies", tuple(self.strategies))
        families_of(self.split)
        for name in self.strategies:
            row_named(bare(name))
        possible = [name for name in CATALOGUE if name not in LEFT_OUT]
        for name in self.strategies:
            if name not in possible:
                raise MatrixError(f"strategy {name!r} in a matrix; expected some of {', '.join(possible)}")
        if self.strategies == (RETRY,):
            raise MatrixError(f"strategy {RETRY!r} alone; expected others beside it, after whose failures it is played")
        if len(set(self.strategies)) != len(self.strategies):
            raise MatrixError(f"strategies {' '.join(self.strategies)}; expected each once")
        for name in ("scenes", "workers"):
            if getattr(self, name) < 1:
                raise MatrixError(f"{name} {getattr(self, name)}; expected 1 or more")
        if self.rollouts < 2:
            raise MatrixError(f"rollouts {self.rollouts}; expected 2 or more, and 12 or more to judge by")
        if self.seed < 0:
            raise MatrixError(f"seed {self.seed}; expected 0 or more")
        if self.controller not in ("learned", "scripted"):
            raise MatrixError(f"controller {self.controller!r}; expected learned or scripted")


OPERATORS = ((0.003, 0.6), (0.008, 0.2), (0.012, 0.2))
"""(m, chance): how well the demonstrator aims; the first is the headline's."""
SENSINGS = ((1.0, 0.5), (2.0, 0.25), (3.0, 0.25))
"""(scale, chance) of the sensing noise."""
PUSHES = ((0.0, 0.65), (0.015, 0.175), (0.03, 0.175))
"""(m, chance)."""
BUDGETS = ((math.inf, 0.8), (0.1, 0.1), (0.03, 0.1))
"""(s, chance) of nominal time for adapting and choosing."""
MOST_FIRST = 4
"""Demonstrations at most before the *one more*."""
FOREIGN = 0.3
"""Chance that the demonstrations show other colours than the query's."""
FAILED = 0.4
"""Chance that of two and more demonstrations one failed; of three and more, half of these have two that did."""


def tables() -> dict[str, Any]:
    """What conditions are drawn from, as plain data."""
    named = {"operator": OPERATORS, "sensing": SENSINGS, "push": PUSHES, "budget": BUDGETS}
    found: dict[str, Any] = {name: [[str(value), chance] for value, chance in table] for name, table in named.items()}
    return found | {"shots": MOST_FIRST, "foreign": FOREIGN, "failed": FAILED}
