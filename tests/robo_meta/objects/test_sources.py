"""What a folder holds, and what a URDF and an `object.json` say."""

import json
from pathlib import Path

import numpy as np
import pytest

from robo_meta.objects.settings import SettingsError, settings_from
from robo_meta.objects.sources import SourceError, find_sources, slug
from robo_meta.objects.urdf import UrdfError, mesh_name, read_urdf
from tests.robo_meta.objects.meshes import bar, write_obj, write_urdf


def test_folders_and_loose_files_are_objects_by_name(tmp_path: Path) -> None:
    write_obj(tmp_path / "My Mug" / "b.obj", *bar())
    write_obj(tmp_path / "My Mug" / "a.obj", *bar())
    write_obj(tmp_path / "Pan_2.obj", *bar())
    write_obj(tmp_path / "deep" / "google_16k" / "textured.obj", *bar())
    write_obj(tmp_path / "arm" / "meshes" / "link.obj", *bar())
    write_urdf(tmp_path / "arm" / "a.urdf", "<mesh filename='meshes/link.obj'/>")
    (tmp_path / "licences").mkdir()
    (tmp_path / ".hidden").mkdir()
    found = {source.name: [file.name for file in source.files] for source in find_sources(tmp_path)}
    assert found == {"arm": ["a.urdf"], "deep": ["textured.obj"], "my-mug": ["a.obj", "b.obj"], "pan-2": ["Pan_2.obj"]}


def test_a_checksum_is_of_all_that_an_object_may_be_made_of(tmp_path: Path) -> None:
    write_obj(tmp_path / "arm" / "link.obj", *bar())
    write_urdf(tmp_path / "arm" / "a.urdf", "<mesh filename='link.obj'/>")
    (source,) = find_sources(tmp_path)
    seen = {source.checksum()}
    write_obj(tmp_path / "arm" / "link.obj", *bar(0.21))
    seen.add(source.checksum())
    (tmp_path / "arm" / "object.json").write_text("{}")
    seen.add(source.checksum())
    assert len(seen) == 3


def test_names_become_words_with_hyphens() -> None:
    assert [slug(name) for name in ("003_Cracker Box", "../..", "Ünï", "a--b_")] == [
        "003-cracker-box",
        "object",
        "n",
        "a-b",
    ]


def test_random_urdfs_come_with_pybullet() -> None:
    pytest.importorskip("pybullet")
    found = find_sources(Path("random-urdfs"), "148,100-102")
    assert [source.name for source in found] == ["random-100", "random-101", "random-102", "random-148"]
    assert found[0].scale == 0.02 and "zlib" in found[0].licence


@pytest.mark.parametrize(
    "ids, line",
    [
        ("5-3", "ids '5-3'; expected numbers and ranges such as 100-120,148"),
        ("x", "ids 'x'; expected numbers and ranges such as 100-120,148"),
        ("2000", "no random-urdfs 2000; there are 0 to 999"),
    ],
)
def test_bad_numbers_are_one_line(ids: str, line: str) -> None:
    with pytest.raises(SourceError) as error:
        find_sources(Path("random-urdfs"), ids)
    assert str(error.value) == line


def test_folders_without_objects_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "a").mkdir()
    cases = {
        tmp_path / "none": "no such folder$",
        tmp_path: r"no objects; expected folders or files of \.urdf, \.obj, \.stl, \.ply, \.glb, \.gltf$",
        tmp_path / "notes.txt": r"expected a folder, or a file \.urdf",
    }
    for place, line in cases.items():
        with pytest.raises(SourceError, match=line):
            find_sources(place)
    write_obj(tmp_path / "A_1.obj", *bar())
    write_obj(tmp_path / "a 1.obj", *bar())
    with pytest.raises(SourceError, match=r"A_1.obj and a 1.obj would both be named 'a-1'; rename one"):
        find_sources(tmp_path)
    with pytest.raises(SourceError, match="ids '3' are of random-urdfs or curved; leave them out"):
        find_sources(tmp_path, "3")


@pytest.mark.parametrize(
    "content, line",
    [
        ([], r"^object.json: expected a table with unit, scale, up, parts, cut, licence$"),
        ({"untt": "m"}, r"^object.json: unknown key 'untt'; did you mean 'unit'\?$"),
        ({"unit": "mn"}, r"^object.json: unknown unit 'mn'; did you mean 'mm'\?|'m'"),
        ({"unit": 3}, r"^object.json.unit is 3; expected a text$"),
        ({"scale": 0}, r"^object.json.scale is 0; expected a finite number"),
        ({"scale": True}, r"^object.json.scale is True; expected a finite number"),
        ({"up": "w"}, r"^object.json.up is 'w'; expected x, y, z, -x, -y, -z$"),
        ({"parts": {"a.obj": 2}}, r"^object.json.parts.a.obj is 2; expected a whole number from 0 to 1$"),
        ({"cut": 1.5}, r"^object.json.cut is 1.5; expected a list"),
        ({"cut": []}, r"^object.json.cut is \[\]; expected a list of 1 to 20 items$"),
        ({"licence": 1}, r"^object.json.licence is 1; expected a text$"),
    ],
)
def test_bad_settings_are_one_line(content: object, line: str) -> None:
    with pytest.raises(SettingsError, match=line):
        settings_from(json.loads(json.dumps(content)), "object.json")


def test_settings_are_what_they_say() -> None:
    found = settings_from({"unit": "inch", "scale": 2, "up": "-x", "cut": [0.2, 0.4], "parts": {"a": 1}}, "x")
    assert (found.unit, found.scale, found.up, found.cut, found.parts) == ("inch", 2.0, "-x", (0.2, 0.4), {"a": 1})


def test_a_urdf_gives_collision_shapes_first_with_place_and_scale(tmp_path: Path) -> None:
    path = tmp_path / "a.urdf"
    path.write_text(
        "<robot name='r'><link name='l'><inertial><mass value='99'/></inertial>"
        "<visual><geometry><sphere radius='1'/></geometry></visual>"
        "<collision><origin xyz='1 2 3' rpy='0 0 1.5707963267948966'/><geometry>"
        "<mesh filename='package://some_pkg/m/a.stl' scale='1 1 2'/></geometry></collision></link></robot>"
    )
    (shape,) = read_urdf(path)
    assert (shape.kind, shape.file, shape.size) == ("mesh", "m/a.stl", (1.0, 1.0, 2.0))
    assert shape.to_link @ [1, 0, 0, 1] == pytest.approx(np.array([1, 3, 3, 1]))


@pytest.mark.parametrize(
    "text, line",
    [
        ("<robot name='r'/>", "a.urdf: 0 links; expected one rigid body"),
        ("<sdf/>", "a.urdf: no URDF: its root is <sdf>, expected <robot>"),
        ("<robot><link name='a'/></robot>", "a.urdf: its link has neither collision nor visual shape"),
        ("<!doctype r><robot/>", "a.urdf: declares XML entities, which are not read"),
        (
            "<robot><link><collision><geometry><capsule/></geometry></collision></link></robot>",
            "a.urdf: a collision shape of <capsule>; expected one of mesh, box, cylinder, sphere",
        ),
        (
            "<robot><link><visual><geometry><box size='1 nan 1'/></geometry></visual></link></robot>",
            "a.urdf: '1 nan 1' where 3 numbers should stand",
        ),
        (
            "<robot><link><visual><geometry><sphere radius='-1'/></geometry></visual></link></robot>",
            "a.urdf: a sphere of size -1",
        ),
        (
            "<robot><link><visual><geometry><mesh filename='a' scale='0 1 1'/></geometry></visual></link></robot>",
            "a.urdf: a mesh scaled by '0 1 1'",
        ),
    ],
)
def test_a_bad_urdf_is_one_line(text: str, line: str, tmp_path: Path) -> None:
    (tmp_path / "a.urdf").write_text(text)
    with pytest.raises(UrdfError) as error:
        read_urdf(tmp_path / "a.urdf")
    assert str(error.value) == line


def test_entities_hide_in_no_other_encoding(tmp_path: Path) -> None:
    (tmp_path / "a.urdf").write_bytes("<?xml version='1.0' encoding='utf-16'?><!DOCTYPE r><robot/>".encode("utf-16"))
    with pytest.raises(UrdfError, match="no UTF-8 text"):
        read_urdf(tmp_path / "a.urdf")


@pytest.mark.parametrize(
    "name", ["", "/a.obj", "../a.obj", "a/../../b.obj", "C:\\a.obj", "file:///a.obj", "http://x/a.obj"]
)
def test_meshes_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(UrdfError, match="lies outside of its folder"):
        mesh_name(Path("a.urdf"), name)
