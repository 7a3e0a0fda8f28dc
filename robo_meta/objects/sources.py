"""Which objects a folder holds, and by which files."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from robo_meta.objects.curved.objects import LICENCE, VERSION, name_of
from sim.errors import InputError
from sim.shapes.mesh_splits import CURVED_IDS

MESH_SUFFIXES = (".obj", ".stl", ".ply", ".glb", ".gltf")
SUFFIXES = (".urdf", *MESH_SUFFIXES)
LARGEST_FILE = 200_000_000
"""Bytes."""
DEEPEST = 4
"""Folders inside one another in which an object's files are looked for."""
MOST_OBJECTS = 10_000
RANDOM_URDFS = "random-urdfs"
"""Stands for the shapes that come with PyBullet."""
CURVED = "curved"
"""Stands for the generated shapes of `robo_meta.objects.curved`."""
RANDOM_SCALE = 0.02
"""What the lengths of those shapes' files are multiplied by, so that they are of the hand's order."""


class SourceError(InputError):
    """A folder of no objects, or one that isn't there."""


@dataclass(frozen=True)
class Source:
    """One object before anything of it is read."""

    name: str
    """Lower-case words with hyphens."""
    folder: Path
    """What its files may lie in; nothing outside of it is read."""
    files: tuple[Path, ...]
    """One URDF, or meshes that lie in one frame."""
    settings: Path
    """Its `object.json`, which needn't be there."""
    scale: float = 1.0
    """What its lengths are multiplied by besides what its settings say."""
    licence: str = ""
    """Where its settings say none."""
    number: int | None = None
    """Of the generated object (`robo_meta.objects.curved`) that it is; it has no files then."""

    def checksum(self) -> str:
        """SHA-256 over the names and contents of what it may be made of."""
        digest = hashlib.sha256(f"{self.scale!r} {self.licence}".encode())
        if self.number is not None:
            digest.update(f"\n{CURVED} {VERSION} {self.number}".encode())
        for path in sorted({*self.files, self.settings, *self._referable()}):
            if not path.is_file() or path.stat().st_size > LARGEST_FILE:
                continue
            digest.update(f"\n{path.relative_to(self.folder)} ".encode(errors="replace"))
            with open(path, "rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        return digest.hexdigest()

    def _referable(self) -> Iterator[Path]:
        """What a URDF or a GLTF may name: everything of these kinds that lies about."""
        if any(path.suffix.lower() in (".urdf", ".gltf") for path in self.files):
            yield from _found(self.folder, (*MESH_SUFFIXES, ".bin"), DEEPEST)


def find_sources(folder: Path, ids: str = "") -> tuple[Source, ...]:
    """The objects that a folder holds, by name; `random-urdfs` stands for those that come with PyBullet, `curved` for
    generated ones, unless there is a folder of that name and no number is asked for.

    Args:
        folder: of folders, each an object, and of loose mesh files, each an object; or one mesh file.
        ids: only these numbers of `random-urdfs` or `curved`, as `100-120,148`.

    Raises:
        SourceError: no such folder, no object in it, or two of one name.
    """
    if str(folder) == RANDOM_URDFS:
        return _random_urdfs(ids)
    if str(folder) == CURVED and (ids or not folder.exists()):
        return _curved(ids)
    if ids:
        raise SourceError(f"ids {ids!r} are of {RANDOM_URDFS} or {CURVED}; leave them out")
    if not folder.exists():
        raise SourceError(f"{folder}: no such folder")
    if folder.is_file():
        if folder.suffix.lower() not in SUFFIXES:
            raise SourceError(f"{folder}: expected a folder, or a file {', '.join(SUFFIXES)}")
        return (_loose(folder),)
    found = [_loose(path) for path in _found(folder, SUFFIXES, 1)]
    found += [source for inner in sorted(folder.iterdir()) if (source := _of_folder(inner, folder)) is not None]
    if not found:
        raise SourceError(f"{folder}: no objects; expected folders or files of {', '.join(SUFFIXES)}")
    if len(found) > MOST_OBJECTS:
        raise SourceError(f"{folder}: {len(found)} objects; expected {MOST_OBJECTS} at most")
    names: dict[str, Source] = {}
    for source in found:
        if source.name in names:
            first, second = (_told(other, folder) for other in (names[source.name], source))
            raise SourceError(f"{folder}: {first} and {second} would both be named {source.name!r}; rename one")
        names[source.name] = source
    return tuple(names[name] for name in sorted(names))


def refuse_names(source: Source) -> None:
    """Refuse an object with a file whose name is no text, as names stand in notes and indices.

    Raises:
        SourceError: naming the file.
    """
    for path in source.files:
        if any("\ud800" <= letter <= "\udfff" for letter in path.name):
            raise SourceError(f"file {path.name!r}: its name is no text in {sys.getfilesystemencoding()}; rename it")


def slug(name: str) -> str:
    """A name as lower-case words with hyphens.

    Example:
        >>> slug("003_Cracker Box")
        '003-cracker-box'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:80].rstrip("-") or "object"


def _told(source: Source, folder: Path) -> str:
    inner = source.folder.relative_to(folder)
    return str(inner) if inner.parts else source.files[0].name


def _loose(path: Path) -> Source:
    return Source(slug(path.stem), path.parent, (path,), path.with_suffix(".json"))


def _of_folder(inner: Path, folder: Path) -> Source | None:
    """The object that a folder is; None for one that holds nothing of the kind."""
    if inner.name.startswith(".") or inner.is_symlink() or not inner.is_dir():
        return None
    settings = inner / "object.json"
    for depth in range(1, DEEPEST + 1):
        urdfs, meshes = (tuple(_found(inner, kinds, depth)) for kinds in ((".urdf",), MESH_SUFFIXES))
        if urdfs or meshes:
            return Source(slug(inner.name), inner, urdfs or meshes, settings)
    # Settings without meshes are an object whose files went missing; it is refused, not passed over.
    return Source(slug(inner.name), inner, (), settings) if settings.is_file() else None


def _found(folder: Path, suffixes: tuple[str, ...], depth: int) -> Iterator[Path]:
    """Regular files of these kinds in a folder and those in it, by name; links and hidden ones are passed over."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir() and depth > 1:
            yield from _found(path, suffixes, depth - 1)
        elif path.is_file() and path.suffix.lower() in suffixes:
            yield path


def _random_urdfs(ids: str) -> tuple[Source, ...]:
    from sim.physics.world import pybullet_data

    folder = Path(pybullet_data.getDataPath()) / "random_urdfs"
    there = {int(path.name): path for path in folder.iterdir() if path.name.isdigit()} if folder.is_dir() else {}
    if not there:
        raise SourceError(f"{folder}: PyBullet was installed without its random_urdfs")
    numbers = sorted(_numbers(ids) if ids else there)
    for number in numbers:
        if number not in there:
            raise SourceError(f"no {RANDOM_URDFS} {number}; there are {min(there)} to {max(there)}")
    places = [there[number] for number in numbers]
    licence = "zlib (Bullet Physics SDK)"
    return tuple(
        Source(
            f"random-{path.name}",
            path,
            (path / f"{path.name}.obj",),
            path / "object.json",
            scale=RANDOM_SCALE,
            licence=licence,
        )
        for path in places
    )


def _curved(ids: str) -> tuple[Source, ...]:
    numbers = sorted(_numbers(ids) if ids else CURVED_IDS)
    for number in numbers:
        if number not in CURVED_IDS:
            raise SourceError(f"no {CURVED} {number}; there are {CURVED_IDS.start} to {CURVED_IDS.stop - 1}")
    # No file is read of it: where its settings would be, there are none.
    place = Path(__file__).parent / "curved"
    found = [Source(name_of(n), place, (), place / "object.json", licence=LICENCE, number=n) for n in numbers]
    return tuple(sorted(found, key=lambda source: source.name))


def _numbers(ids: str) -> set[int]:
    found: set[int] = set()
    for word in ids.split(","):
        match = re.fullmatch(r"\s*(\d{1,4})(?:\s*-\s*(\d{1,4}))?\s*", word)
        if match is None or int(match[1]) > int(match[2] or match[1]):
            raise SourceError(f"ids {ids!r}; expected numbers and ranges such as 100-120,148")
        found |= set(range(int(match[1]), int(match[2] or match[1]) + 1))
    return found
