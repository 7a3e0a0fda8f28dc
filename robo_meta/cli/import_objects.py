"""`robo-meta objects import`: a user's own meshes become objects on the table."""

from __future__ import annotations

import json as json_format
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from robo_meta.cli.words import Unchecked, config_in
from robo_meta.objects.config import ImportConfig
from sim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from robo_meta.objects.importer import Import
    from robo_meta.objects.object_file import Outcome


class NoneAccepted(InputError):
    """An import that brought nothing in."""


@dataclass(frozen=True)
class ImportCommand(Unchecked, ImportConfig):
    """Bring in your own meshes: each is accepted or refused with one reason; the same command goes on where it was."""

    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")]
    """Folders and loose mesh files, each an object; one mesh file; `random-urdfs`, the shapes of PyBullet; or `curved`,
    generated ones."""
    json: bool = False
    """Print JSON."""

    def run(self) -> int | None:
        """Import and print the table."""
        from robo_meta.objects.importer import import_objects

        found = import_objects(config_in(self, ImportConfig))
        if self.json:
            print(json_format.dumps(_as_json(found)))
        else:
            _print_table(found)
        if not found.accepted:
            first = found.outcomes[0]
            others = f", and of {len(found.outcomes) - 1} others none" if len(found.outcomes) > 1 else ""
            raise NoneAccepted(f"{self.folder}: nothing accepted; {first.name}: {first.reason}{others}")
        return None


def _as_json(found: Import) -> dict[str, Any]:
    return {
        "library": str(found.out),
        "checksum": found.checksum,
        "accepted": len(found.accepted),
        "done_before": found.done_before,
        "objects": [asdict(outcome) for outcome in found.outcomes],
    }


def _print_table(found: Import) -> None:
    from rich.console import Console

    console = Console()
    console.print(outcome_table(found.outcomes))
    before = f", {found.done_before} of them imported before" if found.done_before else ""
    console.print(f"{len(found.accepted)} of {len(found.outcomes)} objects accepted{before}: {found.out}")


def outcome_table(outcomes: Sequence[Outcome]) -> Table:
    """What came of each object, for people."""
    from rich.markup import escape
    from rich.table import Table

    table = Table("object", "accepted for", "scale", "surface", "pieces", "s", "note or reason")
    for outcome in outcomes:
        said = "; ".join(filter(None, (outcome.reason, *outcome.notes)))
        table.add_row(
            outcome.name,
            ", ".join(outcome.accepted) or "refused",
            f"{outcome.scale:g}" if outcome.scale else "",
            outcome.surface,
            str(outcome.pieces or ""),
            f"{outcome.seconds:.1f}" if outcome.seconds else "",
            escape(said),
        )
    return table
