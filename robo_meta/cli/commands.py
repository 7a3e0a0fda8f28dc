"""What each command of `robo-meta` does with its options; the options are the configuration records' own fields."""

from __future__ import annotations

import json as json_format
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from demos.film import FilmConfig
from demos.recording.config import RecordConfig
from robo_meta.cli.bench import BenchConfig
from robo_meta.cli.quickstart import QuickstartConfig
from robo_meta.evaluation.config import EvaluateConfig
from robo_meta.training.options import TrainOptions


def _print(result: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print(json_format.dumps(result, default=str))
        return
    for key, value in result.items():
        print(f"{key}: {value}")


def _config(command: Any, kind: type) -> Any:
    """The configuration record of `kind` inside a command that extends it."""
    return kind(**{field.name: getattr(command, field.name) for field in fields(kind)})


class Unchecked:
    """Options as given: the record that `_config` builds checks them, so that a bad one is one line of our own."""

    def __post_init__(self) -> None:
        """Check nothing yet."""


@dataclass(frozen=True)
class Quickstart(Unchecked, QuickstartConfig):
    """Objects, demonstrations, meta-training, adaptation on unseen families: the whole way in under five minutes."""

    json: bool = False
    """Print JSON; progress and tables go to standard error then."""

    def run(self) -> int | None:
        """Run every stage and print the table."""
        from robo_meta.cli.quickstart import quickstart

        found = quickstart(_config(self, QuickstartConfig), Console(stderr=True) if self.json else None)
        if self.json:
            print(json_format.dumps(found))
        return None


@dataclass(frozen=True)
class Sim(Unchecked, FilmConfig):
    """Play one scripted grasp and write a video or a strip of pictures."""

    json: bool = False
    """Print JSON."""

    def run(self) -> int | None:
        """Play and print the verdict."""
        from demos.film import film

        _print(film(_config(self, FilmConfig)), self.json)
        return None


@dataclass(frozen=True)
class Objects:
    """List the shape families, draw them, or check that the world makes the demonstration necessary."""

    image: Path | None = None
    """Write a contact sheet (PNG) with the centres of mass marked."""
    families: tuple[str, ...] = ()
    """Only these families; all by default."""
    check: bool = False
    """Measure what needs no demonstration, in physics, against the bounds that it must stay under."""
    tasks: int = 24
    """Tasks per split for `--check`."""
    workers: int = 2
    """Processes for `--check`."""
    seed: int = 0
    """Root seed."""
    json: bool = False
    """Print JSON."""

    def run(self) -> int | None:
        """List, draw or check."""
        from sim.shapes.families import FAMILIES, family_named

        chosen = [family_named(name) for name in self.families] or list(FAMILIES.values())
        if self.check:
            from robo_meta.evaluation.world.check import CheckConfig, CheckError, check_world, print_check

            for name in ("families", "image"):
                if getattr(self, name):
                    raise CheckError(f"--{name} with --check, which measures all families of every split; leave it out")
            result = check_world(CheckConfig(tasks=self.tasks, workers=self.workers, seed=self.seed))
            if self.json:
                print(json_format.dumps(result))
            else:
                print_check(result)
            return 1 if result["missed"] else 0
        if self.image is not None:
            from sim.gallery import contact_sheet

            contact_sheet(self.image, tuple(family.name for family in chosen), seed=self.seed)
        rows = [{"family": f.name, "split": f.group, "description": f.description} for f in chosen]
        if self.json:
            print(json_format.dumps({"families": rows, "image": None if self.image is None else str(self.image)}))
            return None
        table = Table("family", "split", "description")
        for row in rows:
            table.add_row(*row.values())
        Console().print(table)
        return None


@dataclass(frozen=True)
class Record(Unchecked, RecordConfig):
    """Record demonstrations into a dataset, or say what is in one. The same command goes on where it was stopped."""

    out: Path = Path("data")
    """Dataset folder; made if absent, continued if it holds a part of the same recording."""
    describe: Path | None = None
    """Say what this dataset holds, and record nothing."""
    check_expert: int = 0
    """Measure the expert's success on this many fresh objects of each family, and record nothing."""
    json: bool = False
    """Print JSON."""

    def run(self) -> int | None:
        """Record and pack, or describe."""
        if self.describe is not None:
            from demos.storage.dataset import describe

            _print(describe(self.describe), self.json)
            return None
        if self.check_expert:
            from robo_meta.evaluation.world.demonstrator import ExpertCheckConfig, check_expert

            result = check_expert(ExpertCheckConfig(self.families, self.check_expert, self.workers, self.seed))
            if self.json:
                print(json_format.dumps(result))
                return None
            table = Table("family", "split", "intention", "n", "success", "95 % interval")
            for row in result["rows"]:
                low_high = f"{row['low']:.3f}–{row['high']:.3f}"
                named = (row["family"], row["split"], row["intention"])
                table.add_row(*named, str(row["n"]), f"{row['rate']:.3f}", low_high)
            Console().print(table)
            return None
        from demos.recording.pack import pack
        from demos.recording.recorder import record
        from robo_meta.evaluation.policy_actor import PREFIX, policy_actor

        config = _config(self, RecordConfig)
        # `demos` knows nothing of learned policies, so they are looked up here.
        recording = record(config, policy_actor(config.actor) if config.actor.startswith(PREFIX) else None)
        packed = pack(recording.folder) if recording.successes or recording.planned else None
        result = {**{f.name: getattr(recording, f.name) for f in fields(recording)}, "packed": packed}
        _print(result, self.json)
        return None


@dataclass(frozen=True)
class Train(TrainOptions):
    """Meta-train on a dataset; a checkpoint holds every method trained into its folder, and the hand.

    With `--stream`, learn online instead: tasks arrive one by one, in phases that bring new families and colours.
    """

    def run(self) -> int | None:
        """Train and name the checkpoint."""
        from robo_meta.cli.train import run

        run(self)
        return None


@dataclass(frozen=True)
class Evaluate(Unchecked, EvaluateConfig):
    """Adapt to unseen objects from a few demonstrations and judge by physics, baselines beside."""

    def run(self) -> int | None:
        """Evaluate, print, and write the result."""
        from robo_meta.cli.evaluate import run

        run(_config(self, EvaluateConfig))
        return None


@dataclass(frozen=True)
class Bench(Unchecked, BenchConfig):
    """Time what is used most: demonstrations, physics, scans, adapting and acting."""

    json: bool = False
    """Print JSON."""

    def run(self) -> int | None:
        """Measure and print."""
        from robo_meta.cli.bench import bench

        _print(bench(_config(self, BenchConfig)), self.json)
        return None
