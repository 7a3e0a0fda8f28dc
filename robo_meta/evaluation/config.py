"""What an evaluation is asked for: the record behind `robo-meta evaluate`, checked at construction."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from demos.demo import installed_versions
from robo_meta.catalogue import CATALOGUE, bare
from robo_meta.checkpoints import shipped
from robo_meta.runs.provenance import fingerprint
from robo_meta.strategies.build import default_names, needs_checkpoint
from robo_meta.strategies.sources import resolve_all
from robo_meta.training.checkpoint import checkpoint_file, part_names
from sim.errors import InputError, did_you_mean
from sim.shapes.families import families_of
from sim.tasks.scenes import TRANSFERS

SCHEMA = "1"


class EvaluateError(InputError):
    """An evaluation that cannot be done as asked."""


@dataclass(frozen=True)
class EvaluateConfig:
    """What to evaluate."""

    checkpoint: Path | None = None
    """A trained checkpoint, file or folder; without it, the one that comes with the package."""
    split: tuple[str, ...] = ("unseen-objects", "unseen-families")
    """Where tasks and objects come from."""
    transfer: tuple[str, ...] = TRANSFERS
    """What demonstrations and query share."""
    shots: tuple[int, ...] = (1, 3)
    """Numbers of demonstrations to adapt from."""
    tasks: int = 60
    """Distinct tasks per split, one rollout each; half of them *balance*, half *part*."""
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    """Processes; the result is the same for any number."""
    seed: int = 0
    """Root of all randomness."""
    strategies: tuple[str, ...] = ()
    """Which strategies take part; where none is named, all whose part the checkpoint has. `NAME+scripted-controller`
    swaps one strategy's controller."""
    controller: Literal["learned", "scripted"] = "learned"
    """What drives strategies that choose where to grasp."""
    attempts: int = 1
    """More than one: let `retry` and, blindly, `maml` try every scene as often, and report success by attempt."""
    sloppy: bool = False
    """Compare `contrast` with `maml` on a novice's tries: a sloppy success and failures, or failures alone."""
    selector: Path | None = None
    """With the strategy `selector`: a trained selector's file; without it, the one that comes with the package."""
    out: Path | None = None
    """Folder for the result, its report, and finished tasks: the same command resumes there."""
    report: bool = True
    """Write `report.html` into the out folder, linked with a stream's or selector's page where there is one."""
    json: bool = False
    """Print JSON instead of a table."""

    def __post_init__(self) -> None:
        for name in ("split", "transfer", "shots", "strategies"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for split in self.split:
            families_of(split)
        _check_known("transfer", self.transfer, TRANSFERS)
        resolve_all(self.strategies)
        for name in ("split", "transfer", "shots"):
            values = getattr(self, name)
            if not values or len(set(values)) != len(values):
                raise EvaluateError(f"{name} {' '.join(map(str, values)) or 'empty'}; expected one or more, each once")
        for name, value in (
            ("shots", min(self.shots)),
            ("tasks", self.tasks),
            ("workers", self.workers),
            ("attempts", self.attempts),
        ):
            if value < 1:
                raise EvaluateError(f"{name} {value}; expected 1 or more")
        if self.seed < 0:
            raise EvaluateError(f"seed {self.seed}; expected 0 or more")
        if self.controller not in ("learned", "scripted"):
            raise EvaluateError(f"controller {self.controller!r}; expected learned or scripted")

    @property
    def names(self) -> tuple[str, ...]:
        """The strategies that take part."""
        return self.strategies or default_names(part_names(checkpoint_file(self.checkpoint)))

    @property
    def checkpoint_file(self) -> Path | None:
        """The checkpoint to load, or None where nothing learned takes part."""
        return checkpoint_file(self.checkpoint) if needs_checkpoint(self.players, self.controller) else None

    @property
    def players(self) -> tuple[str, ...]:
        """The strategies that take part, those of the further experiments included."""
        after_failure = (*("retry", "maml") * (self.attempts > 1), *("contrast", "maml") * self.sloppy)
        return tuple(dict.fromkeys((*self.names, *after_failure)))

    @property
    def selector_file(self) -> Path | None:
        """The selector to load, or None where none takes part."""
        rows = [CATALOGUE[bare(name)] for name in self.names if bare(name) in CATALOGUE]
        if not any(row.file == "selector" for row in rows):
            return None
        return shipped("selector") if self.selector is None else self.selector

    @property
    def identity(self) -> dict[str, Any]:
        """What the result depends on: an interrupted evaluation goes on only where all of it is the same."""
        file = self.checkpoint_file
        # Named only where it takes part, so that other evaluations go on as they were begun.
        chooser = {"selector": fingerprint(self.selector_file)} if self.selector_file is not None else {}
        return {
            **chooser,
            "schema": SCHEMA,
            "checkpoint": None if file is None else fingerprint(file),
            "split": list(self.split),
            "transfer": list(self.transfer),
            "shots": list(self.shots),
            "seed": self.seed,
            "strategies": list(self.names),
            "controller": self.controller,
            "attempts": self.attempts,
            "sloppy": self.sloppy,
            "versions": installed_versions(),
        }


def _check_known(what: str, names: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    for name in names:
        if name not in allowed:
            raise EvaluateError(f"unknown {what} {name!r}{did_you_mean(name, allowed)}")
