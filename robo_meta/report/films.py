"""Films that lie beside a page: the index `films.json` of a folder, whose files the page links to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from demos.storage.files import read_bounded, real_place
from demos.storage.schema import Unfit, parse_json
from sim.errors import InputError

INDEX = "films.json"
LARGEST = 2**26
"""Bytes of an index at most."""
FIELDS: dict[str, type | tuple[type, ...]] = {
    "task": (int, str),
    "strategy": str,
    "shots": int,
    "rollout": int,
    "success": bool,
    "file": str,
}
"""Fields that every entry has; `split` and `transfer`, where they are there, tell tasks of one number apart."""


class FilmsError(InputError):
    """An index of films that can't be read."""


@dataclass(frozen=True)
class Film:
    """One film."""

    task: str
    """Number or name of the task, as the index has it."""
    strategy: str
    shots: int
    rollout: int
    success: bool
    href: str
    """Where it lies, seen from the page's folder, as a link has it."""
    split: str | None = None
    transfer: str | None = None

    def shows(self, split: str, transfer: str | None, index: int, strategy: str, shots: int) -> bool:
        """Whether it is the film of that rollout."""
        names = (str(index), f"{split}-{index}", f"{split}/{index}", f"{split} {index}")
        return (
            (self.strategy, self.shots) == (strategy, shots)
            and self.task in names
            and self.split in (None, split)
            and self.transfer in (None, transfer)
        )


def films_beside(page: Path, named: Path | None = None) -> tuple[Film, ...]:
    """The films of the page's folder, of those in it, and of one that is named, wherever it lies.

    Args:
        page: the HTML file.
        named: another folder of films, whether there is an index in it or not.
    """
    folders = [page.parent, *sorted(path.parent for path in page.parent.glob(f"*/{INDEX}"))]
    found = {real_place(folder): folder for folder in ([*folders, named] if named is not None else folders)}
    indices = [folder / INDEX for folder in found.values() if (folder / INDEX).is_file()]
    return tuple(film for index in indices for film in read_films(index, page.parent))


def read_films(index: Path, folder: Path) -> tuple[Film, ...]:
    """The films of an index.

    Args:
        index: the file `films.json`.
        folder: of the page that links to them.

    Raises:
        FilmsError: it is no such index.
        DamagedFile: it can't be read.
    """
    try:
        found = parse_json(read_bounded(index, LARGEST))
    except Unfit as error:
        raise FilmsError(f"{index}: damaged ({error})") from error
    if not isinstance(found, list):
        raise FilmsError(f"{index}: expected a list of films")
    return tuple(_film(entry, number, index, folder) for number, entry in enumerate(found))


def _film(entry: Any, number: int, index: Path, folder: Path) -> Film:
    if not isinstance(entry, dict):
        raise FilmsError(f"{index}: film {number} is no table")
    for name, kind in FIELDS.items():
        if not isinstance(entry.get(name), kind):
            raise FilmsError(f"{index}: film {number}: {name} {entry.get(name)!r}; expected {_called(kind)}")
    path = Path(entry["file"])
    if path.is_absolute() or ".." in path.parts:
        raise FilmsError(f"{index}: film {number}: file {entry['file']!r}; expected a file of that folder")
    href = os.path.relpath(index.parent / path, folder)
    values = (str(entry["task"]), entry["strategy"], entry["shots"], entry["rollout"], entry["success"])
    return Film(*values, quote(Path(href).as_posix()), entry.get("split"), entry.get("transfer"))


def _called(kind: type | tuple[type, ...]) -> str:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    names = {int: "a whole number", str: "a text", bool: "true or false"}
    return " or ".join(names[one] for one in kinds)
