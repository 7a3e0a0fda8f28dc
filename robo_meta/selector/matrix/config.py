"""What a matrix is ordered to hold: the record behind `robo-meta select matrix`, and what a scene's condition is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from robo_meta.catalogue import CATALOGUE, bare
from robo_meta.evaluation.records import EXPERT
from robo_meta.scenarios.worlds import REPAINTED, UNTELLABLE
from robo_meta.selector.matrix.available import RETRY
from robo_meta.selector.matrix.matrix import MatrixError
from robo_meta.strategies import row_named
from sim.shapes.families import families_of
from sim.shapes.real_objects.loading import SPLIT as REAL_OBJECTS
from sim.tasks.scenes import PAINT, ROLE

PORTFOLIO = ("maml", "warped-replay", "role", "contrast", "retry")
"""What a selector chooses among where nothing else is named: strategies none of which another one replaces. The others
stand in tables of results."""
PHYSICS, KEYPOINTS = "physics", "keypoints"
LEFT_OUT = tuple(row.name for row in CATALOGUE.values() if row.file is not None)
"""Strategies that choose among the others."""
TESTED = ("unseen-objects", "unseen-families", REAL_OBJECTS)
"""Splits that selectors are judged on, and never trained on."""


@dataclass(frozen=True)
class MatrixOrder:
    """Which scenes to play, and with which strategies."""

    checkpoint: Path | None = None
    """A trained checkpoint, file or folder; without it, the one that comes with the package."""
    split: str = "validation"
    """Where tasks and objects come from: `validation` to train a selector, `unseen-families` to judge it."""
    meshes: str | None = None
    """A split or a group of imported objects that a quarter of the queries come from, in every world; `real-objects`
    only where `split` is a split for testing, as nothing is ever trained or chosen on it."""
    objects: Path | None = None
    """Folder of imported objects (`robo-meta objects import`) that a quarter of the queries come from, in place of
    `meshes`."""
    scenes: int = 80
    """Tasks, each with a condition of its own: played as it is met, and with each demonstration that can be asked for,
    three rows each."""
    rollouts: int = 12
    """Re-seeded rollouts of every strategy on every row; 12 or more to judge by."""
    asked_rollouts: int = 0
    """Of scenes that are only reached by asking; as many as `rollouts` where 0."""
    strategies: tuple[str, ...] = ()
    """Which strategies; where none is named, maml, warped-replay, role, contrast and retry, those of them that the
    checkpoint can play."""
    beside: tuple[str, ...] = ()
    """What to play beside, to be compared with and chosen by nobody: other strategies, or `expert`."""
    scored: Literal["physics", "keypoints"] = "physics"
    """What a success is: `physics` plays every rollout; `keypoints` only looks whether the chosen grasp is within 2 cm
    of where it should be, which takes a fraction of the time and serves for training, not for judging."""
    controller: Literal["learned", "scripted"] = "learned"
    """What drives strategies that choose where to grasp."""
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    """Processes; the matrix is the same for any number."""
    seed: int = 0
    """Root of all randomness."""

    def __post_init__(self) -> None:
        for name in ("strategies", "beside"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        families_of(self.split)
        if self.objects is not None:
            # Needs what reads meshes, which nobody should wait for who only asks for help.
            from robo_meta.objects.registration import register_library

            group = register_library(self.objects)
            if self.meshes not in (None, group):
                raise MatrixError(f"meshes {self.meshes!r} beside objects {self.objects}; expected one of them")
            object.__setattr__(self, "meshes", group)
        if self.meshes is not None:
            if self.meshes == REAL_OBJECTS and self.split not in TESTED:
                raise MatrixError(
                    f"meshes {self.meshes!r} with split {self.split!r}; they are for testing, with {', '.join(TESTED)}"
                )
            families_of(self.meshes)
        for name in (*self.strategies, *(name for name in self.beside if name != EXPERT)):
            row_named(bare(name))
        possible = [name for name in CATALOGUE if name not in LEFT_OUT]
        for name in (*self.strategies, *(name for name in self.beside if name != EXPERT)):
            if name not in possible:
                raise MatrixError(f"strategy {name!r} in a matrix; expected some of {', '.join(possible)}")
        if self.strategies == (RETRY,):
            raise MatrixError(f"strategy {RETRY!r} alone; expected others beside it, after whose failures it is played")
        named = (*self.strategies, *self.beside)
        if len(set(named)) != len(named):
            raise MatrixError(f"strategies {' '.join(named)}; expected each once")
        if self.scored not in (PHYSICS, KEYPOINTS):
            raise MatrixError(f"scored {self.scored!r}; expected {PHYSICS} or {KEYPOINTS}")
        for name in ("scenes", "workers"):
            if getattr(self, name) < 1:
                raise MatrixError(f"{name} {getattr(self, name)}; expected 1 or more")
        if self.rollouts < 2:
            raise MatrixError(f"rollouts {self.rollouts}; expected 2 or more, and 12 or more to judge by")
        if self.asked_rollouts and not 2 <= self.asked_rollouts <= self.rollouts:
            raise MatrixError(f"asked-rollouts {self.asked_rollouts}; expected 2 to {self.rollouts}, or 0 for as many")
        if self.seed < 0:
            raise MatrixError(f"seed {self.seed}; expected 0 or more")
        if self.controller not in ("learned", "scripted"):
            raise MatrixError(f"controller {self.controller!r}; expected learned or scripted")

    @property
    def library(self) -> str | None:
        """Checksum of the imported objects that queries come from; None where there are none."""
        from robo_meta.objects.library import library_checksum

        return None if self.objects is None else library_checksum(self.objects)


OPERATORS = ((0.003, 0.6), (0.008, 0.2), (0.012, 0.2))
"""(m, chance): how well the demonstrator aims; the first is the headline's."""
SENSINGS = ((1.0, 0.5), (2.0, 0.25), (3.0, 0.25))
"""(scale, chance) of the sensing noise."""
PUSHES = ((0.0, 0.65), (0.015, 0.175), (0.03, 0.175))
"""(m, chance)."""
WORLDS = ((PAINT, 0.45), (REPAINTED, 0.18), (ROLE, 0.27), (UNTELLABLE, 0.1))
"""(world, chance): a tenth that nobody can tell, for a slice of its own, and of the rest half colour-coded, a fifth
repainted and three tenths painted goods.

- `paint`, colour-coded stock: bars and castings from a shop that paints each alloy its colour, or toys of red wood and
  blue foam. Whatever shape comes next, its colours were seen; demonstrations on the same object, another of its make or
  another shape altogether.
- `repainted`, the same object under other paint: the hammer that was shown yesterday has got a taped handle, a rusty
  head or a new coat since. Colours that were learnt mislead; its shape is the same.
- `role`, painted goods: hammers, spoons and shovels of one make, steel head and plastic handle, in whatever colours the
  customer liked. The part tells the weight, on another of its make or on another shape.
- `untellable`: another object in colours that were never shown, of colour-coded stock; or a grey camera and a single
  demonstration. Asking for a demonstration is all that helps."""
SHOTS: Mapping[str, tuple[float, ...]] = {
    PAINT: (1 / 3, 1 / 3, 1 / 3),
    REPAINTED: (1 / 3, 1 / 3, 1 / 3),
    # From one demonstration on painted goods the world can hardly be told.
    ROLE: (0.25, 0.375, 0.375),
    UNTELLABLE: (1 / 3, 1 / 3, 1 / 3),
}
"""World → chance of one, two and three demonstrations, before the *one more*."""
GREY_SHARE = 0.5
"""Of the untellable scenes, those with a grey camera; they have one demonstration."""
DIMMED, DIMMEST = 0.3, 0.45
"""Chance that the light has changed since the demonstrations (evening, another lamp), and the smallest gain of a
channel, drawn evenly up to 1."""
FAILED = 0.4
"""Chance that of two and more demonstrations one failed; of three and more, half of these have two that did."""
MESHES = 0.25
"""Share of the scenes whose query is one of the order's meshes, where it has some."""


def tables() -> dict[str, Any]:
    """What conditions are drawn from, as plain data."""
    named = {"operator": OPERATORS, "sensing": SENSINGS, "push": PUSHES, "worlds": WORLDS}
    found: dict[str, Any] = {name: [[str(value), chance] for value, chance in table] for name, table in named.items()}
    shots = {world: list(chances) for world, chances in SHOTS.items()}
    shares = {"grey": GREY_SHARE, "dimmed": DIMMED, "dimmest": DIMMEST, "failed": FAILED, "meshes": MESHES}
    return found | {"shots": shots} | shares
