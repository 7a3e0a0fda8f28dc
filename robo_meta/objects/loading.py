"""Mesh files as triangles, with nothing trusted: not their sizes, their numbers, nor what they refer to."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from demos.storage.files import DamagedFile, read_bounded, real_place
from robo_meta.objects.curved.objects import curved_object, cut_of
from robo_meta.objects.libraries import mesh_library
from robo_meta.objects.settings import UNITS, Settings, SettingsError
from robo_meta.objects.sources import LARGEST_FILE, Source
from robo_meta.objects.urdf import UrdfShape, read_urdf
from sim.errors import InputError, did_you_mean
from sim.records import Record

MOST_FACES = 2_000_000
METRIC = (".urdf", ".glb", ".gltf")
"""Kinds of file whose lengths are m by their own rules."""
ALIKE = 0.01
"""Two files whose bounding boxes differ by less than this share of their length are one shape in two formats."""
TOO_LARGE = 0.6
"""In a file's own lengths: what is longer can't be m, as nothing of that size is held in one hand."""


class LoadError(InputError):
    """Files that hold no usable triangles."""


@dataclass(frozen=True, eq=False)
class Part(Record):
    """Triangles of one file or shape, not yet a body."""

    name: str
    """Of its file."""
    vertices: np.ndarray
    """(V, 3), file frame; m once `load_parts` has scaled them."""
    faces: np.ndarray
    """(F, 3): rows of `vertices`."""


@dataclass(frozen=True)
class Loaded:
    """An object's parts, and how its lengths were understood."""

    parts: tuple[Part, ...]
    """In m, file frame."""
    unit: str
    """Of its files' lengths."""
    notes: tuple[str, ...]
    """What was guessed or left out."""
    pieces: tuple[np.ndarray, ...] = ()
    """Each (C, 3), m, file frame: convex pieces that fill the object, where they are known beforehand."""
    cut: tuple[float, ...] = ()
    """Shares of its length at which it is to be cut, where its settings say nothing."""


def load_parts(source: Source, settings: Settings, unit: str | None = None) -> Loaded:
    """The triangles of an object, in m.

    Args:
        source: where its files are.
        settings: its `object.json`.
        unit: overrides that of the settings.

    Raises:
        InputError: a file is missing, unreadable, too large, or holds no finite triangles.
    """
    if source.number is not None:
        return _generated(source.number, unit)
    if not source.files:
        raise LoadError("no mesh file in its folder")
    parts, notes = _read(source)
    parts, doubles = _without_doubles(parts) if not settings.parts else (parts, ())
    notes = [*notes, *(f"{name} is another format of the same shape, left out" for name in doubles)]
    names = {part.name for part in parts}
    for name in settings.parts:
        if name not in names:
            raise SettingsError(f"{source.settings.name}: parts: no mesh file {name!r}{did_you_mean(name, names)}")
    # A file of a format that is metric may still hold other lengths; a scale that is declared was meant, though.
    scale = settings.scale * source.scale
    corners = np.concatenate([part.vertices[part.faces.ravel()] for part in parts])
    longest = float(np.ptp(corners, axis=0).max()) * scale
    chosen = unit or settings.unit
    if chosen is None:
        chosen = "m" if source.scale != 1.0 else guessed_unit(longest)
        if chosen != "m" or (source.scale == 1.0 and source.files[0].suffix.lower() not in METRIC):
            notes.append(f"unit guessed: {chosen} ({longest * UNITS[chosen] * 100:.1f} cm long)")
    factor = scale * UNITS[chosen]
    return Loaded(tuple(Part(p.name, p.vertices * factor, p.faces) for p in parts), chosen, tuple(notes))


def _generated(number: int, unit: str | None) -> Loaded:
    if unit not in (None, "m"):
        raise LoadError(f"generated in m, not in {unit}; leave the unit out")
    bodies = curved_object(number)
    parts = tuple(Part(name, body.vertices, body.faces) for name, body in bodies.items())
    pieces = tuple(piece for body in bodies.values() for piece in body.pieces)
    return Loaded(parts, "m", (), pieces, () if len(parts) > 1 else (cut_of(number),))


def guessed_unit(longest: float) -> str:
    """The unit in which an object of this length, in its file's own lengths, is of a size that a hand holds.

    Example:
        >>> guessed_unit(0.2), guessed_unit(20), guessed_unit(200)
        ('m', 'cm', 'mm')
    """
    if longest <= TOO_LARGE:
        return "m"
    return "cm" if 2 <= longest < 30 else "mm" if 30 <= longest <= 500 else "m"


def _read(source: Source) -> tuple[list[Part], list[str]]:
    first = source.files[0]
    if first.suffix.lower() != ".urdf":
        return [read_mesh(path, source.folder) for path in source.files], []
    if len(source.files) > 1:
        raise LoadError(f"{len(source.files)} URDF files; expected one an object")
    parts = [_of_urdf(first, shape, source.folder) for shape in read_urdf(first)]
    return parts, []


def _of_urdf(urdf: Path, shape: UrdfShape, folder: Path) -> Part:
    trimesh = mesh_library("trimesh")
    if shape.kind == "mesh":
        found = urdf.parent / shape.file
        # `package://NAME/` stands for the folder; packages in packages, for the URDF's own.
        path = found if found.is_file() or not (folder / shape.file).is_file() else folder / shape.file
        part = read_mesh(path, folder)
        vertices, faces = part.vertices * np.array(shape.size), part.faces
        if np.prod(shape.size) < 0:
            faces = faces[:, ::-1]
    else:
        makers: Mapping[str, Any] = {
            "box": lambda: trimesh.creation.box(shape.size),
            "cylinder": lambda: trimesh.creation.cylinder(shape.size[0], shape.size[1], sections=48),
            "sphere": lambda: trimesh.creation.icosphere(3, shape.size[0]),
        }
        made = makers[shape.kind]()
        part = Part(shape.kind, np.array(made.vertices), np.array(made.faces))
        vertices, faces = part.vertices, part.faces
    return Part(part.name, vertices @ shape.to_link[:3, :3].T + shape.to_link[:3, 3], faces)


def read_mesh(path: Path, folder: Path) -> Part:
    """The triangles of one mesh file, in its own lengths.

    Args:
        path: the file.
        folder: nothing outside of it is read.

    Raises:
        LoadError: missing, elsewhere, unreadable, too large, without faces, or with numbers that aren't finite.
    """
    name = path.name
    if not real_place(path).is_relative_to(real_place(folder)):
        raise LoadError(f"{name} lies outside of its folder")
    suffix = path.suffix.lower()
    if suffix not in (".obj", ".stl", ".ply", ".glb", ".gltf"):
        raise LoadError(f"{name}: format {suffix or 'unknown'!r} is not read; expected OBJ, STL, PLY, GLB or GLTF")
    try:
        raw = read_bounded(path, LARGEST_FILE)
    except FileNotFoundError:
        raise LoadError(f"mesh file {name} is missing") from None
    except DamagedFile:
        raise LoadError(f"{name} is larger than {LARGEST_FILE // 1_000_000} MB, or no file") from None
    vertices, faces = _parsed(raw, suffix, path)
    if len(faces) == 0:
        raise LoadError(f"{name} has no faces")
    if len(faces) > MOST_FACES:
        raise LoadError(f"{name} has {len(faces)} faces; expected {MOST_FACES} at most")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise LoadError(f"{name} has faces of vertices that it hasn't")
    used = vertices[np.unique(faces)]
    if not np.isfinite(used).all():
        raise LoadError(f"{name} has vertices that are not finite numbers")
    if np.abs(used).max() > 1e9:
        raise LoadError(f"{name} has vertices farther away than any object")
    return Part(name, np.where(np.isfinite(vertices), vertices, 0.0), faces)


def _parsed(raw: bytes, suffix: str, path: Path) -> tuple[np.ndarray, np.ndarray]:
    trimesh = mesh_library("trimesh")
    try:
        # From bytes: the library can then follow no reference into the file system by itself.
        scene = trimesh.load_scene(
            io.BytesIO(raw),
            file_type=suffix[1:],
            resolver=_Beside(path.parent),
            process=False,
            skip_materials=True,
        )
        meshes = [mesh for mesh in scene.dump() if hasattr(mesh, "faces") and len(mesh.faces)]
    except MemoryError:
        raise
    except LoadError:
        raise
    except Exception as error:
        reason = " ".join([f"{type(error).__name__}:", *str(error).split()])[:100]
        raise LoadError(f"{path.name} can't be read ({reason.rstrip(': ')})") from error
    if not meshes:
        return np.zeros((0, 3)), np.zeros((0, 3), dtype=np.int64)
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes])
    vertices = np.concatenate([np.asarray(mesh.vertices, dtype=np.float64) for mesh in meshes])
    faces = [np.asarray(mesh.faces, dtype=np.int64) + at for mesh, at in zip(meshes, starts[:-1], strict=True)]
    return vertices, np.concatenate(faces)


class _Beside(Mapping):
    """What a mesh file may refer to: data of a GLTF file in the same folder, and nothing else anywhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str, default: Any = None) -> Any:
        return self[key]

    def __getitem__(self, key: str) -> bytes:
        path = self.folder / str(key)
        if not str(key).lower().endswith(".bin") or "/" in str(key) or "\\" in str(key) or path.is_symlink():
            raise LoadError(f"it refers to {str(key)[:60]!r}, which is not read")
        try:
            return read_bounded(path, LARGEST_FILE)
        except (FileNotFoundError, DamagedFile):
            raise LoadError(f"it refers to {str(key)[:60]!r}, which is missing") from None

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


def _without_doubles(parts: list[Part]) -> tuple[list[Part], tuple[str, ...]]:
    """The parts, and the names of those that have the bounding box of an earlier one."""
    kept: list[Part] = []
    doubles = []
    boxes: list[np.ndarray] = []
    for part in parts:
        used = part.vertices[np.unique(part.faces)]
        box = np.stack([used.min(axis=0), used.max(axis=0)])
        length = float(np.ptp(box, axis=0).max())
        if any(np.abs(box - other).max() < ALIKE * length for other in boxes):
            doubles.append(part.name)
            continue
        kept.append(part)
        boxes.append(box)
    return kept, tuple(doubles)
