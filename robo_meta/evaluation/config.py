"""What an evaluation is asked for: the record behind `robo-meta evaluate`, checked at construction."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from demos.code_identity import value_identity
from demos.demo import installed_versions
from demos.engines import check_engine
from demos.shards import Shard, shard_named
from demos.storage.files import real_place
from robo_meta.catalogue import ASKING, CATALOGUE, bare
from robo_meta.checkpoints import shipped
from robo_meta.objects.registration import register_library
from robo_meta.runs.provenance import fingerprint
from robo_meta.scenarios.matched_scenes import AUTO, NEW_SHAPE, OWN, PROCEDURAL, check_new_shapes, support_for
from robo_meta.strategies.identity import code_identity
from robo_meta.strategies.resolve import resolve, resolve_all
from robo_meta.strategies.sources import AskingSource, Source
from sim.errors import InputError, did_you_mean
from sim.shapes.families import families_of, family_named
from sim.tasks.benchmark import benchmark_of
from sim.tasks.scenes import TRANSFERS
from sim.versions import PHYSICS, VERDICT

REFERENCE = "maml"
"""What the others are compared with where nothing else is said."""
SCHEMA = "2"
"""Of the journal of finished tasks."""


class EvaluateError(InputError):
    """An evaluation that cannot be done as asked."""


@dataclass(frozen=True)
class EvaluateConfig:
    """What to evaluate."""

    checkpoint: Path | None = None
    """A trained checkpoint, file or folder; without it, the one that comes with the package."""
    split: tuple[str, ...] = ("unseen-objects", "unseen-families")
    """Where tasks and objects come from: training, validation, unseen-objects, unseen-families, real-objects, or a
    group of one's own."""
    objects: Path | None = None
    """Folder of imported objects (`robo-meta objects import`) to evaluate on, in place of `split`."""
    support: str = AUTO
    """What is demonstrated on where demonstrations show new shapes: `own`, other objects of the split, or `procedural`,
    objects of the training families; `auto` is procedural for real-objects, else own."""
    transfer: tuple[str, ...] = TRANSFERS
    """What demonstrations and query share: same-object, new-instance, new-shape."""
    shots: tuple[int, ...] = (1, 3)
    """Numbers of demonstrations to adapt from."""
    tasks: int = 60
    """Distinct tasks per split, one rollout each; half of them *balance*, half *part*."""
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    """Processes; the result is the same for any number."""
    engine: Literal["local", "ray"] = "local"
    """`local` processes, or a `ray` cluster (extra `ray`), whose cores all take part."""
    address: str | None = None
    """With `ray`: HOST:PORT of the cluster's head; without it, the cluster that this machine is a node of, or a Ray of
    its own with `workers` cores."""
    shard: str | None = None
    """I/N: only every N-th task, from number I on, for job arrays; each into a folder of its own, joined by `merge`."""
    merge: tuple[Path, ...] = ()
    """Folders of the shards of this very evaluation: play nothing, and write what they come to together into `out`."""
    seed: int = 0
    """Root of all randomness."""
    strategies: tuple[Any, ...] = ()
    """Which strategies take part; where none is named, all whose part the checkpoint has. Of zero-shot, fine-tune,
    maml, context, fomaml, anil, reptile, scratch, centre, replay, warped-replay, density-fit, role, contrast, retry,
    bc-finetune, in-context, maml-both, context-both and selector; `NAME+scripted-controller` swaps one's controller;
    `module:Class` is one of your own. Besides, `selector+asking`: the selector's whole policy, which may ask, attempt
    again and give up."""
    reference: str | None = None
    """What the others are compared with, by its name in the results; `maml` where it takes part, else the first."""
    controller: Literal["learned", "scripted"] = "learned"
    """What drives strategies that choose where to grasp."""
    attempts: int = 1
    """More than one: let `retry` and, blindly, `maml` attempt every scene as often; report success by attempt."""
    sloppy: bool = False
    """Compare `contrast` with `maml` on a novice's attempts: an imprecise success and failures, or failures alone."""
    selector: Path | None = None
    """With the strategy `selector`: a trained selector's file; without it, the one that comes with the package."""
    out: Path | None = None
    """Folder for the result, its report, and finished tasks: the same command resumes there."""
    report: bool = True
    """Write `report.html` into the out folder, linked with a stream's or selector's page where there is one."""
    films: Path | None = None
    """Folder for films of the rollouts: demonstrations and outcome, a file each, and `films.json`, which lists them."""
    only_failures: bool = False
    """With `films`: film only what failed."""
    most_films: int = 24
    """With `films`: how many to make at most, as many of each strategy, transfer and number of shots."""
    json: bool = False
    """Print JSON instead of a table."""

    def __post_init__(self) -> None:
        for name in ("split", "transfer", "shots", "strategies", "merge"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        self._check_films()
        self._take_objects()
        for split in self.split:
            families_of(split)
        _check_known("transfer", self.transfer, TRANSFERS)
        if NEW_SHAPE in self.transfer and self.support == OWN:
            for split in self.split:
                check_new_shapes(split)
        object.__setattr__(self, "strategies", resolve_all([_asking(given) for given in self.strategies]))
        for name in ("split", "transfer", "shots"):
            values = getattr(self, name)
            if not values or len(set(values)) != len(values):
                raise EvaluateError(f"{name} {' '.join(map(str, values)) or 'empty'}; expected one or more, each once")
        for name, value in (
            ("shots", min(self.shots)),
            ("tasks", self.tasks),
            ("workers", self.workers),
            ("attempts", self.attempts),
            ("most_films", self.most_films),
        ):
            if value < 1:
                raise EvaluateError(f"{name} {value}; expected 1 or more")
        check_engine(self.engine, self.address)
        self.part.check(self.tasks)
        self._check_merge()
        if self.seed < 0:
            raise EvaluateError(f"seed {self.seed}; expected 0 or more")
        if self.controller not in ("learned", "scripted"):
            raise EvaluateError(f"controller {self.controller!r}; expected learned or scripted")

    def _check_films(self) -> None:
        """Refuse options of films without a folder for them."""
        if self.films is not None:
            object.__setattr__(self, "films", Path(self.films))
            return
        for name in ("only_failures", "most_films"):
            if getattr(self, name) != getattr(EvaluateConfig, name):
                raise EvaluateError(f"{name} {getattr(self, name)} without films; name a folder for them")

    def _take_objects(self) -> None:
        """Register the imported objects as a split of their own, and settle what is demonstrated on."""
        if self.objects is not None:
            object.__setattr__(self, "objects", Path(self.objects))
            if self.split != EvaluateConfig.split:
                raise EvaluateError(f"split {' '.join(self.split)} beside objects {self.objects}; expected one of them")
            object.__setattr__(self, "split", (register_library(self.objects),))
        support = support_for(self.support, self.split, self.transfer, self.objects)
        object.__setattr__(self, "support", support)
        if support == PROCEDURAL:
            if self.transfer == TRANSFERS:
                object.__setattr__(self, "transfer", (NEW_SHAPE,))
            if self.transfer != (NEW_SHAPE,):
                raise EvaluateError(f"support procedural with transfer {' '.join(self.transfer)}; expected new-shape")

    def _check_merge(self) -> None:
        """Refuse to merge into nowhere, or a part, or one folder twice."""
        if not self.merge:
            return
        if self.out is None or self.shard is not None:
            raise EvaluateError("merge joins shards into the folder --out; expected that, and no --shard beside it")
        places = [real_place(folder) for folder in (*self.merge, self.out)]
        if len(set(places)) < len(places):
            raise EvaluateError(f"merge {' '.join(map(str, self.merge))} into {self.out}; expected each folder once")

    @property
    def part(self) -> Shard:
        """Which tasks of every split are to be played."""
        return shard_named(self.shard)

    @property
    def sources(self) -> tuple[Source, ...]:
        """What takes part: strategies, and the selector's whole policy where it is named."""
        if self.strategies:
            return self.strategies
        # Only here, as they import PyTorch, for which nobody should wait who asks for help.
        from robo_meta.strategies.build import default_names
        from robo_meta.training.checkpoint import checkpoint_file, part_names

        return resolve_all(default_names(part_names(checkpoint_file(self.checkpoint))))

    @property
    def adapting(self) -> tuple[Source, ...]:
        """The strategies that take part."""
        return tuple(source for source in self.sources if not isinstance(source, AskingSource))

    @property
    def asking(self) -> tuple[AskingSource, ...]:
        """The whole policies that take part."""
        return tuple(source for source in self.sources if isinstance(source, AskingSource))

    @property
    def names(self) -> tuple[str, ...]:
        """Their names in the results."""
        return tuple(source.name for source in self.sources)

    @property
    def compared(self) -> str:
        """The strategy that the others are compared with; `check_reference` says whether it takes part."""
        if self.reference is not None:
            return self.reference
        names = self.names
        return REFERENCE if REFERENCE in names else names[0]

    def check_reference(self) -> None:
        """Refuse a reference that takes no part. Which strategies do may depend on the checkpoint's file.

        Raises:
            EvaluateError: it doesn't take part.
            robo_meta.training.checkpoint.CheckpointError: no checkpoint, or a damaged one.
        """
        if self.reference is not None and self.reference not in self.names:
            hint = did_you_mean(self.reference, self.names)
            raise EvaluateError(f"reference {self.reference!r} takes no part{hint}")

    @property
    def checkpoint_file(self) -> Path | None:
        """The checkpoint to load, or None where nothing learned takes part."""
        from robo_meta.strategies.build import needs_checkpoint
        from robo_meta.training.checkpoint import checkpoint_file

        return checkpoint_file(self.checkpoint) if needs_checkpoint(self.players, self.controller) else None

    @property
    def players(self) -> tuple[Source, ...]:
        """The strategies that take part, those of the further experiments and whole policies included."""
        after_failure = (*("retry", "maml") * (self.attempts > 1), *("contrast", "maml") * self.sloppy)
        choosers = (source.chooser for source in self.asking)
        return tuple(dict.fromkeys((*self.adapting, *map(resolve, after_failure), *choosers)))

    @property
    def selector_file(self) -> Path | None:
        """The selector to load, or None where none takes part."""
        rows = [CATALOGUE[bare(source.name)] for source in self.players if bare(source.name) in CATALOGUE]
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
            "strategies": {source.name: code_identity(source) for source in self.sources},
            "families": {split: _own_families(split) for split in self.split},
            # Named only where it says more, so that other evaluations go on as they were begun.
            **({"support": self.support} if self.support != OWN else {}),
            "benchmark": {split: benchmark_of(split) for split in self.split},
            "physics": PHYSICS,
            "verdict": VERDICT,
            "controller": self.controller,
            "attempts": self.attempts,
            "sloppy": self.sloppy,
            "versions": installed_versions(),
        }

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        found = {field.name: getattr(self, field.name) for field in fields(self)} | {"strategies": self.names}
        return {name: _plain(value) for name, value in found.items()}


def _own_families(split: str) -> dict[str, str]:
    """Name → identity of the families of a group of one's own; the shipped splits are what their benchmark says."""
    if benchmark_of(split) is not None:
        return {}
    return {name: value_identity(family_named(name).origin) for name in families_of(split)}


def _asking(given: Any) -> Any:
    """What was given, or the selector's whole policy where its name was."""
    return AskingSource(given) if isinstance(given, str) and bare(given) == ASKING else given


def _plain(value: Any) -> Any:
    return (
        str(value) if isinstance(value, Path) else [_plain(one) for one in value] if isinstance(value, tuple) else value
    )


def _check_known(what: str, names: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    for name in names:
        if name not in allowed:
            raise EvaluateError(f"unknown {what} {name!r}{did_you_mean(name, allowed)}")
