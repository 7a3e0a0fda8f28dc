"""The file of shipped objects: what is read is what was written, bit for bit, and damage is told in one line."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.objects.meshes import MeshShape, TriangleMesh
from sim.records import FrozenMapping
from sim.shapes.mesh_file import MeshFileError, checksum, mesh_file_bytes, read_meshes
from tests.sim.objects.mesh_tools import rod


def in_32_bits(shape: MeshShape) -> MeshShape:
    """As a library of imported objects holds it."""
    divisions = tuple(
        replace(d, meshes=tuple(TriangleMesh(m.vertices.astype(np.float32), m.faces) for m in d.meshes))
        for d in shape.divisions
    )
    return replace(shape, divisions=divisions, pieces=tuple(piece.astype(np.float32) for piece in shape.pieces))


@pytest.fixture
def shapes() -> tuple[MeshShape, ...]:
    """Two rods, one with two divisions of unlike use."""
    one, other = in_32_bits(rod()), in_32_bits(rod(radius=0.012))
    further = replace(other.divisions[0], where="cut at 30 %", refusals=FrozenMapping({"balance": "no hold"}))
    return one, replace(other, name="thin", divisions=(*other.divisions, further), scale=0.1, licence="CC BY 4.0")


def written(path: Path, shapes: tuple[MeshShape, ...]) -> str:
    """Writes the file; returns its checksum."""
    raw = mesh_file_bytes(shapes)
    path.write_bytes(raw)
    return checksum(raw)


def test_what_is_read_is_what_was_written(tmp_path: Path, shapes: tuple[MeshShape, ...]):
    found = read_meshes(tmp_path / "a.npz", written(tmp_path / "a.npz", shapes))
    assert found == shapes
    assert [shape.fingerprint for shape in found] == [shape.fingerprint for shape in shapes]
    assert found[1].accepts("part") == found[1].divisions and len(found[1].accepts("balance")) == 1


def test_the_same_objects_make_the_same_bytes(shapes: tuple[MeshShape, ...]):
    assert mesh_file_bytes(shapes) == mesh_file_bytes(shapes)
    assert mesh_file_bytes(shapes) != mesh_file_bytes(shapes[::-1])


def test_numbers_that_the_file_would_round_are_refused():
    with pytest.raises(MeshFileError, match="object 'rod' has numbers that 32 bits don't hold"):
        mesh_file_bytes([rod()])


def test_a_file_that_is_missing_or_altered_anywhere_is_one_line(tmp_path: Path, shapes: tuple[MeshShape, ...]):
    path = tmp_path / "a.npz"
    expected = written(path, shapes)
    raw = path.read_bytes()
    for at in (0, 40, len(raw) // 2, len(raw) - 1):
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        with pytest.raises(MeshFileError, match=r"a\.npz: damaged or altered: .*; install robo_meta again$"):
            read_meshes(path, expected)
    path.unlink()
    with pytest.raises(MeshFileError, match=r"a\.npz: missing; install robo_meta again$"):
        read_meshes(path, expected)


def arrays_of(shapes: tuple[MeshShape, ...]) -> dict:
    with np.load(io.BytesIO(mesh_file_bytes(shapes)), allow_pickle=False) as content:
        return dict(content)


@pytest.mark.parametrize(
    "alter",
    [
        lambda arrays: arrays.pop("faces"),
        lambda arrays: arrays.update(record=np.frombuffer(b"[]", dtype=np.uint8)),
        lambda arrays: arrays.update(record=np.frombuffer(b"{", dtype=np.uint8)),
        lambda arrays: arrays.update(mesh_faces=arrays["mesh_faces"] + 1),
        lambda arrays: arrays.update(vertices=arrays["vertices"] * np.float32("nan")),
        lambda arrays: arrays.update(record=np.array([{"name": "a"}], dtype=object)),
    ],
    ids=["array missing", "no objects", "no JSON", "counts", "not finite", "pickle"],
)
def test_what_is_no_such_file_is_one_line(tmp_path: Path, shapes: tuple[MeshShape, ...], alter):
    arrays = arrays_of(shapes)
    alter(arrays)
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    with pytest.raises(MeshFileError, match=r"a\.npz: no file of objects") as caught:
        read_meshes(tmp_path / "a.npz", checksum((tmp_path / "a.npz").read_bytes()))
    assert "\n" not in str(caught.value)
