"""`robo-meta data exclude | append | merge`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from robo_meta.cli.words import print_result

if TYPE_CHECKING:
    from demos.recording.edit import Edit


@dataclass(frozen=True)
class ExcludeCommand:
    """Leave episodes out of a dataset for good; index and packed file are made anew."""

    data: Path
    """Dataset folder."""
    keys: tuple[str, ...] = ()
    """Episodes by key, the name of their file."""
    families: tuple[str, ...] = ()
    """All episodes on objects of these families."""
    tasks: tuple[int, ...] = ()
    """All episodes of the tasks with these numbers."""
    failures: bool = False
    """All episodes that failed."""
    json: bool = False
    """Print JSON."""

    def run(self) -> int | None:
        """Exclude and say what is left."""
        from demos.recording.edit import Exclusion, exclude

        _print(exclude(self.data, Exclusion(self.keys, self.families, self.tasks, self.failures)), self.json)
        return None


@dataclass(frozen=True)
class AppendCommand:
    """Add what one dataset holds to another."""

    data: Path
    """Dataset folder that grows."""
    source: Path
    """Dataset folder whose files are copied; it stays as it is."""
    json: bool = False
    """Print JSON."""

    def run(self) -> int | None:
        """Append and say what is there."""
        from demos.recording.edit import append

        _print(append(self.data, self.source), self.json)
        return None


@dataclass(frozen=True)
class MergeCommand:
    """Make a new dataset of several."""

    sources: tuple[Path, ...]
    """Dataset folders; they stay as they are."""
    out: Path
    """Folder of the new dataset."""
    json: bool = False
    """Print JSON."""

    def run(self) -> int | None:
        """Merge and say what is there."""
        from demos.recording.edit import merge

        _print(merge(self.sources, self.out), self.json)
        return None


@dataclass(frozen=True)
class Data:
    """Edit datasets: leave episodes out, add one dataset to another, merge several."""

    action: (
        Annotated[ExcludeCommand, tyro.conf.subcommand("exclude")]
        | Annotated[AppendCommand, tyro.conf.subcommand("append")]
        | Annotated[MergeCommand, tyro.conf.subcommand("merge")]
    )
    """What to do."""

    def run(self) -> int | None:
        """Do it."""
        return self.action.run()


def _print(edit: Edit, as_json: bool) -> None:
    print_result({field.name: getattr(edit, field.name) for field in fields(edit)}, as_json)
