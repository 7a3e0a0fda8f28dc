"""A library comes back as it was written, and nothing altered in it is read."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from robo_meta.objects.library import LibraryError, library_checksum, read_library, write_index
from robo_meta.objects.object_file import OBJECTS, object_file, read_outcome, write_object
from sim.objects.meshes import Division, MeshShape, TriangleMesh
from sim.records import FrozenMapping
from tests.robo_meta.objects.meshes import box

SOURCE = "0" * 64


def shape(name: str, refused: bool = False) -> MeshShape:
    halves = tuple(TriangleMesh(*box((low, 0, 0), (low + 0.125, 0.03125, 0.03125))) for low in (-0.125, 0.0))
    divisions = (
        Division(
            halves,
            "cut at 50 %",
            FrozenMapping({"balance": "too short"} if not refused else {"balance": "x", "part": "x"}),
        ),
        Division(halves[:1], "cut at 40 %", FrozenMapping({"balance": "a", "part": "b"})),
    )
    pieces = (np.concatenate([half.vertices for half in halves]),)
    return MeshShape(name, divisions, pieces, "flat", 0.5, "CC BY 4.0")


def write(folder: Path, name: str, found: MeshShape | None, accepted: list[str], reason: str) -> None:
    about = {
        "accepted": accepted,
        "reason": reason,
        "source": SOURCE,
        "options": {},
        "seconds": 1.0,
        "notes": [],
        "unit": "m",
    }
    write_object(folder, name, found, about)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / OBJECTS).mkdir()
    write(tmp_path, "pan", shape("pan"), ["part"], "not for balance: too short")
    write(tmp_path, "spoon", shape("spoon", refused=True), [], "x")
    write(tmp_path, "broken", None, [], "a.obj has no faces")
    write_index(tmp_path, [read_outcome(object_file(tmp_path, name))[0] for name in ("broken", "pan", "spoon")])
    return tmp_path


def test_what_is_read_is_what_was_written(folder: Path) -> None:
    (found,) = read_library(folder)
    written = shape("pan")
    assert (found.name, found.surface, found.scale, found.licence) == ("pan", "flat", 0.5, "CC BY 4.0")
    assert found.divisions == written.divisions[:1]
    assert np.array_equal(found.pieces[0], written.pieces[0]) and len(found.pieces) == 1
    assert found.accepts("part") and not found.accepts("balance")
    outcome, record = read_outcome(object_file(folder, "pan"))
    assert outcome.divisions == ("cut at 50 %", "cut at 40 %") and record["divisions"][1]["refusals"] == {
        "balance": "a",
        "part": "b",
    }


def test_a_bit_that_changes_anywhere_is_noticed(folder: Path) -> None:
    path = object_file(folder, "pan")
    raw = path.read_bytes()
    for at in (20, len(raw) // 2, len(raw) - 3):
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        with pytest.raises(LibraryError, match=r"pan\.safetensors: .*import again$"):
            read_library(folder)
    path.write_bytes(raw[:-7])
    with pytest.raises(LibraryError, match=r"pan\.safetensors: .*import again$"):
        read_library(folder)
    path.unlink()
    with pytest.raises(LibraryError, match=r"pan\.safetensors: missing; import again$"):
        read_library(folder)


def test_an_object_from_elsewhere_is_noticed(folder: Path) -> None:
    write(folder, "pan", shape("pan"), ["part"], "another")
    with pytest.raises(LibraryError, match=r"pan\.safetensors: not the file that library\.json lists; import again$"):
        read_library(folder)


def test_an_index_that_was_changed_is_noticed(folder: Path) -> None:
    path = folder / "library.json"
    before = path.read_text()
    for after, line in {
        before.replace("too short", "too long"): "altered: its checksum does not fit its content",
        before[:-9]: "damaged",
        before.replace('"schema": "1"', '"schema": "9"'): "damaged",
        json.dumps([]): "damaged",
    }.items():
        path.write_text(after)
        with pytest.raises(LibraryError, match=rf"library\.json: {line}"):
            read_library(folder)


def test_the_checksum_is_of_all_objects(folder: Path) -> None:
    before = library_checksum(folder)
    write_index(folder, [read_outcome(object_file(folder, "pan"))[0]])
    assert library_checksum(folder) != before


def test_what_is_no_library_is_one_line(folder: Path, tmp_path: Path) -> None:
    for place, line in {
        tmp_path / "none": "no such library; make one with",
        tmp_path / OBJECTS: "no library of objects",
    }.items():
        with pytest.raises(LibraryError, match=line):
            read_library(place)
    (folder / "library.json").unlink()
    with pytest.raises(LibraryError, match="an import that is not finished; give the same command again"):
        read_library(folder)
    write_index(folder, [read_outcome(object_file(folder, "spoon"))[0]])
    with pytest.raises(LibraryError, match="none of its 1 objects was accepted"):
        read_library(folder)


def test_reading_needs_neither_physics_nor_libraries_for_meshes(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from robo_meta.objects.library import read_library;"
        f"assert len(read_library(Path({str(folder)!r}))) == 1;"
        "heavy = {'pybullet', 'scipy', 'trimesh', 'coacd', 'manifold3d', 'skimage', 'torch', 'shapely'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
