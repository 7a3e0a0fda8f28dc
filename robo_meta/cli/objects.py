"""`robo-meta objects`: what shapes there are, whether the world needs the demonstration, and `import` of one's own."""

from __future__ import annotations

import json as json_format
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from robo_meta.cli.import_objects import ImportCommand, outcome_table
from robo_meta.cli.sheet_file import write_sheet

if TYPE_CHECKING:
    from robo_meta.evaluation.world.check import Check


@dataclass(frozen=True)
class Objects:
    """List the shape families, draw them, check that the world makes the demonstration necessary, or import meshes."""

    action: Annotated[ImportCommand, tyro.conf.subcommand("import")] | None = None
    """Something else than listing, drawing or checking."""
    from_: Annotated[Path | None, tyro.conf.arg(name="from")] = None
    """A folder of imported objects (`robo-meta objects import`): list, draw or check these."""
    image: Path | None = None
    """Write a contact sheet (PNG) with the centres of mass marked."""
    families: tuple[str, ...] = ()
    """Only these families, your own as `module:attribute`; all by default."""
    check: bool = False
    """Measure what needs no demonstration, in physics, against the bounds that it must stay under."""
    tasks: int = 24
    """Tasks for `--check`, per split, or with `--from` per kind of surface and intention."""
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    """Processes for `--check`."""
    seed: int = 0
    """Root seed."""
    json: bool = False
    """Print JSON."""

    def run(self) -> int | None:
        """List, draw or check."""
        if self.action is not None:
            return self.action.run()
        if self.from_ is not None:
            return self._library(self.from_)
        from sim.shapes.families import all_families, family_named

        chosen = [family_named(name) for name in self.families] or list(all_families().values())
        if self.check:
            from robo_meta.evaluation.world.check import CheckConfig, CheckError, check_world

            for name in ("families", "image"):
                if getattr(self, name):
                    raise CheckError(f"--{name} with --check, which measures all families of every split; leave it out")
            result = check_world(CheckConfig(tasks=self.tasks, workers=self.workers, seed=self.seed))
            return tell_check(result, self.json)
        if self.image is not None:
            write_sheet(self.image, tuple(family.name for family in chosen), seed=self.seed)
        rows = [{"family": f.name, "split": f.group, "description": f.description} for f in chosen]
        if self.json:
            print(json_format.dumps({"families": rows, "image": None if self.image is None else str(self.image)}))
            return None
        from rich.console import Console
        from rich.table import Table

        table = Table("family", "split", "description")
        for row in rows:
            table.add_row(*row.values())
        Console().print(table)
        return None

    def _library(self, folder: Path) -> int | None:
        """List, draw or check the objects of a library."""
        from robo_meta.evaluation.world.library_check import LibraryCheckConfig, check_library
        from robo_meta.objects.library import read_outcomes
        from robo_meta.objects.object_file import LibraryError
        from robo_meta.objects.registration import register_library
        from sim.shapes.families import families_of

        if self.families:
            raise LibraryError("--families with --from, which takes all objects of the library; leave it out")
        outcomes = read_outcomes(folder)
        config = LibraryCheckConfig(str(folder), self.tasks, self.workers, self.seed)
        if self.image is not None:
            write_sheet(self.image, families_of(register_library(folder)), seed=self.seed)
        if self.check:
            return tell_check(check_library(config), self.json)
        if self.json:
            rows = [asdict(outcome) for outcome in outcomes]
            found = {"library": str(folder), "objects": rows, "image": None if self.image is None else str(self.image)}
            print(json_format.dumps(found))
            return None
        from robo_meta.runs.console import wide_console

        wide_console().print(outcome_table(outcomes))
        return None


def tell_check(result: Check, json: bool) -> int:
    """Print what a check found, for people or as JSON; returns the exit status, 1 where a bound is missed."""
    from robo_meta.evaluation.world.check import print_check
    from robo_meta.runs.json_records import to_json

    if json:
        print(json_format.dumps(to_json(result)))
    else:
        print_check(result)
    return 1 if result.missed else 0
