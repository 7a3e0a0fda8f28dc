"""`robo-meta data exclude | append | merge | render | export | import`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from robo_meta.cli.words import print_result

if TYPE_CHECKING:
    from demos.exchange.exporting import Exported
    from demos.exchange.importing import Imported
    from demos.pictures.render import Rendered
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


FormatName = Literal["lerobot", "robomimic", "minari"]
"""The formats of `demos.exchange.formats`, which comes in only when a command runs."""


@dataclass(frozen=True)
class ExportCommand:
    """Write a dataset in another library's format, with success, task text and what it takes to replay it."""

    data: Annotated[Path, tyro.conf.Positional]
    """Dataset folder."""
    to: FormatName
    """Library that shall read it."""
    out: Path
    """New folder; for robomimic a new file, for minari MINARI_DATASETS_PATH, the folder of all its datasets."""
    name: str | None = None
    """What minari calls the dataset, after `robo_meta/`; by default as its folder is called."""
    pictures: bool = True
    """Take along what `robo-meta data render` drew."""
    json: bool = False
    """Print JSON."""

    def run(self) -> int | None:
        """Export and say what went along."""
        from demos.exchange.exporting import export

        _print(export(self.data, self.to, self.out, self.name, self.pictures), self.json)
        return None


@dataclass(frozen=True)
class ImportCommand:
    """Make a dataset of another library's data, if its actions mean what they mean here."""

    source: Annotated[Path, tyro.conf.Positional]
    """Folder, for robomimic a file."""
    library: Annotated[FormatName, tyro.conf.arg(name="from")]
    """Library whose format it is."""
    out: Path
    """New dataset folder."""
    json: bool = False
    """Print JSON."""

    def run(self) -> int | None:
        """Import and say what is there."""
        from demos.exchange.importing import import_dataset

        _print(import_dataset(self.source, self.library, self.out), self.json)
        return None


@dataclass(frozen=True)
class RenderCommand:
    """Draw what cameras saw of every episode, by replaying it. The same command goes on where it was stopped."""

    data: Annotated[Path, tyro.conf.Positional]
    """Dataset folder; pictures come beside its episodes."""
    cameras: tuple[str, ...] = ("front", "wrist")
    """`front`, beside the table, and `wrist`, on the hand."""
    depth: bool = False
    """Depth as well, mm."""
    width: int = 320
    """Pixels; even, as videos want it."""
    height: int = 240
    """Pixels; even."""
    workers: int = 1
    """Processes; changes nothing but the time it takes."""
    objects: tuple[Path, ...] = ()
    """Folders of imported objects that it was recorded on."""
    json: bool = False
    """Print JSON."""

    def run(self) -> int | None:
        """Render and say what was drawn."""
        from demos.pictures.render import RenderConfig, render

        config = RenderConfig(self.data, self.cameras, self.depth, self.width, self.height, self.workers)
        if self.objects:
            from robo_meta.objects.registration import register_libraries

            register_libraries(self.objects)
        _print(render(config), self.json)
        return None


@dataclass(frozen=True)
class Data:
    """Edit datasets, draw pictures of them, and carry them to other libraries and back."""

    action: (
        Annotated[ExcludeCommand, tyro.conf.subcommand("exclude")]
        | Annotated[AppendCommand, tyro.conf.subcommand("append")]
        | Annotated[MergeCommand, tyro.conf.subcommand("merge")]
        | Annotated[RenderCommand, tyro.conf.subcommand("render")]
        | Annotated[ExportCommand, tyro.conf.subcommand("export")]
        | Annotated[ImportCommand, tyro.conf.subcommand("import")]
    )
    """What to do."""

    def run(self) -> int | None:
        """Do it."""
        return self.action.run()


def _print(result: Edit | Exported | Imported | Rendered, as_json: bool) -> None:
    print_result({field.name: getattr(result, field.name) for field in fields(result)}, as_json)
