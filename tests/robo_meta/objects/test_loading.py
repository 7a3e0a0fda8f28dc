"""Mesh files are read in every format, and nothing in them is trusted."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from robo_meta.objects import loading
from robo_meta.objects.loading import LoadError, guessed_unit, load_parts, read_mesh
from robo_meta.objects.settings import Settings
from robo_meta.objects.sources import find_sources
from tests.robo_meta.objects.meshes import bar, write_obj, write_stl, write_urdf

trimesh = pytest.importorskip("trimesh", reason='needs pip install "robo-meta[meshes]"')


def extent(part: loading.Part) -> np.ndarray:
    return np.ptp(part.vertices[part.faces.ravel()], axis=0)


@pytest.mark.parametrize("suffix", ["obj", "stl", "ply", "glb"])
def test_every_format_gives_the_same_body(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    trimesh.Trimesh(*bar(), process=False).export(path)
    part = read_mesh(path, tmp_path)
    assert len(part.faces) == 12
    assert extent(part) == pytest.approx([0.2, 0.03, 0.025], abs=1e-6)


def write_gltf(path: Path, uri: str) -> None:
    vertices, faces = (array.astype(kind) for array, kind in zip(bar(), ("<f4", "<u2"), strict=True))
    data = vertices.tobytes() + faces.tobytes()
    views = [{"buffer": 0, "byteOffset": 0, "byteLength": 96}, {"buffer": 0, "byteOffset": 96, "byteLength": 72}]
    accessors = [
        {"bufferView": 0, "componentType": 5126, "count": 8, "type": "VEC3"},
        {"bufferView": 1, "componentType": 5123, "count": 36, "type": "SCALAR"},
    ]
    (path.parent / "a.bin").write_bytes(data)
    own = uri or "data:application/octet-stream;base64," + base64.b64encode(data).decode()
    content = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "buffers": [{"uri": own, "byteLength": len(data)}],
        "bufferViews": views,
        "accessors": accessors,
        "images": [{"uri": "/etc/passwd"}],
    }
    path.write_text(json.dumps(content))


@pytest.mark.parametrize("uri", ["", "a.bin"])
def test_a_gltf_has_its_data_inside_or_beside_it(uri: str, tmp_path: Path) -> None:
    write_gltf(tmp_path / "a.gltf", uri)
    assert len(read_mesh(tmp_path / "a.gltf", tmp_path).faces) == 12


@pytest.mark.parametrize("uri", ["../a.bin", "/etc/a.bin", "inner/a.bin", "a.txt", "http://x/a.bin", "gone.bin"])
def test_a_gltf_has_its_data_nowhere_else(uri: str, tmp_path: Path) -> None:
    write_gltf(tmp_path / "a.gltf", uri)
    with pytest.raises(LoadError, match=r"it refers to|can't be read|has no faces"):
        read_mesh(tmp_path / "a.gltf", tmp_path)


def test_materials_of_an_obj_are_not_looked_for(tmp_path: Path) -> None:
    path = write_obj(tmp_path / "a.obj", *bar())
    path.write_text("mtllib /etc/passwd\nmtllib ../../x.mtl\nusemtl a\n" + path.read_text())
    assert len(read_mesh(path, tmp_path).faces) == 12


@pytest.mark.parametrize(
    "text, line",
    [
        ("", "a.obj (has no faces|can't be read)"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "a.obj (has faces of vertices that it hasn't|can't be read)"),
        ("v 0 0 0\nv 1 0 0\nv 0 inf 0\nf 1 2 3\n", "a.obj has vertices that are not finite numbers"),
        ("v 0 0 0\nv 1 0 0\nv 0 1e12 0\nf 1 2 3\n", "a.obj has vertices farther away than any object"),
        ("v a b c\nf 1 2 3\n", "a.obj (can't be read|has no faces)"),
    ],
)
def test_a_bad_obj_is_one_line(text: str, line: str, tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text(text)
    with pytest.raises(LoadError, match=line) as error:
        read_mesh(tmp_path / "a.obj", tmp_path)
    assert "\n" not in str(error.value)


def test_a_stl_that_promises_more_than_it_holds_is_one_line(tmp_path: Path) -> None:
    path = write_stl(tmp_path / "a.stl", *bar())
    raw = bytearray(path.read_bytes())
    raw[80:84] = b"\xff\xff\xff\x7f"
    path.write_bytes(bytes(raw))
    with pytest.raises(LoadError, match=r"a.stl"):
        read_mesh(path, tmp_path)


def test_files_and_meshes_have_a_largest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_obj(tmp_path / "a.obj", *bar())
    monkeypatch.setattr(loading, "MOST_FACES", 11)
    with pytest.raises(LoadError, match=r"a.obj has 12 faces; expected 11 at most"):
        read_mesh(path, tmp_path)
    monkeypatch.setattr(loading, "LARGEST_FILE", 100)
    with pytest.raises(LoadError, match=r"a.obj is larger than 0 MB, or no file"):
        read_mesh(path, tmp_path)


def test_units_are_guessed_by_the_length() -> None:
    lengths = (0.005, 0.2, 0.6, 1.0, 2, 20, 29, 30, 200, 500, 501)
    assert [guessed_unit(length) for length in lengths] == ["m"] * 4 + ["cm"] * 3 + ["mm"] * 3 + ["m"]


def test_a_unit_that_is_said_is_not_guessed(tmp_path: Path) -> None:
    vertices, faces = bar()
    write_obj(tmp_path / "a.obj", vertices * 20, faces)
    (source,) = find_sources(tmp_path)
    said = load_parts(source, Settings(unit="inch"))
    assert said.unit == "inch" and said.notes == ()
    assert extent(said.parts[0])[0] == pytest.approx(4 * 0.0254)
    assert load_parts(source, Settings(unit="inch"), "cm").unit == "cm"
    guessed = load_parts(source, Settings(scale=10))
    assert guessed.notes == ("unit guessed: mm (4.0 cm long)",)


def test_one_shape_in_several_formats_is_one_part(tmp_path: Path) -> None:
    write_obj(tmp_path / "a" / "textured.obj", *bar())
    write_stl(tmp_path / "a" / "plain.stl", *bar())
    (source,) = find_sources(tmp_path)
    loaded = load_parts(source, Settings(unit="m"))
    assert [part.name for part in loaded.parts] == ["plain.stl"]
    assert loaded.notes == ("textured.obj is another format of the same shape, left out",)


def test_a_urdf_moves_scales_and_mirrors(tmp_path: Path) -> None:
    write_obj(tmp_path / "a" / "a.obj", *bar())
    write_urdf(tmp_path / "a" / "a.urdf", "<mesh filename='a.obj' scale='-1 1 1'/>")
    (source,) = find_sources(tmp_path)
    (part,) = load_parts(source, Settings()).parts
    a, b, c = np.moveaxis(part.vertices[part.faces], 1, 0)
    assert np.einsum("ij,ij->", a, np.cross(b, c)) / 6 == pytest.approx(0.2 * 0.03 * 0.025)
    assert part.vertices[:, 0].min() == pytest.approx(-0.2)
