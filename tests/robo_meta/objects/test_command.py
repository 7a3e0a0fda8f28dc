"""`robo-meta objects import` prints a table or JSON, and one line where nothing at all was brought in."""

import json
from pathlib import Path

import pytest

from robo_meta.cli.main import main
from robo_meta.objects.config import ImportConfig
from robo_meta.objects.importer import import_objects
from robo_meta.objects.library import read_library
from tests.robo_meta.objects.judges import by_height
from tests.robo_meta.objects.meshes import bar, write_obj, write_urdf

pytest.importorskip("trimesh", reason='needs pip install "robo-meta[meshes]"')


def words(folder: Path, out: Path, *more: str) -> list[str]:
    return ["objects", "import", str(folder), "--out", str(out), "--workers", "1", *more]


def test_a_table_says_of_every_object_what_came_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_obj(tmp_path / "in" / "bar.obj", *bar())
    write_urdf(tmp_path / "in" / "arm" / "a.urdf", "<box size='1 1 1'/>", links=2)
    assert main(words(tmp_path / "in", tmp_path / "out")) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "1 of 2 objects accepted" in said.out and "refused" in said.out
    assert main(words(tmp_path / "in", tmp_path / "out", "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["done_before"] == 2 and found["accepted"] == 1
    arm, lying = found["objects"]
    assert arm["reason"] == "a.urdf: 2 links; expected one rigid body" and arm["accepted"] == []
    assert lying["accepted"] == ["balance", "part"] and lying["reason"] == ""
    assert [shape.name for shape in read_library(tmp_path / "out")] == ["bar"]


def test_nothing_accepted_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("arm", "leg"):
        write_urdf(tmp_path / "in" / name / "a.urdf", "<box size='1 1 1'/>", links=2)
    assert main(words(tmp_path / "in", tmp_path / "out", "--json")) == 2
    said = capsys.readouterr()
    assert json.loads(said.out)["accepted"] == 0
    assert said.err.count("\n") == 1
    assert "in: nothing accepted; arm: a.urdf: 2 links; expected one rigid body, and of 1 others none" in said.err


def test_another_scale_needs_no_second_decomposition(tmp_path: Path) -> None:
    # 4.2 mm high: held from 1.43 times its size on; the nearest that is tried is 1.09⁵.
    write_obj(tmp_path / "in" / "slat.obj", *bar(height=0.0042))
    config = ImportConfig(tmp_path / "in", tmp_path / "out", workers=1)
    (refused,) = import_objects(config, progress=False).outcomes
    assert refused.accepted == () and refused.reason == "too thin to hold: 4.2 mm, needs 6"
    prepared = tmp_path / "out" / "prepared" / "slat.safetensors"
    before = prepared.stat().st_mtime_ns
    config = ImportConfig(tmp_path / "in", tmp_path / "out", workers=1, fit=True)
    (fitted,) = import_objects(config, progress=False).outcomes
    assert fitted.accepted == ("balance", "part") and fitted.scale == 1.539
    assert prepared.stat().st_mtime_ns == before
    (shape,) = read_library(tmp_path / "out")
    longest = max(abs(piece[:, 0]).max() for piece in shape.pieces)
    assert shape.scale == 1.539 and longest == pytest.approx(0.1529, abs=1e-4)


def test_a_source_or_an_object_that_was_changed_is_imported_again(tmp_path: Path) -> None:
    write_obj(tmp_path / "in" / "bar.obj", *bar())
    config = ImportConfig(tmp_path / "in", tmp_path / "out", workers=1)
    first = import_objects(config, judge=by_height, progress=False)
    path = tmp_path / "out" / "objects" / "bar.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    again = import_objects(config, judge=by_height, progress=False)
    assert again.done_before == 0 and again.outcomes[0].accepted == ("balance", "part")
    write_obj(tmp_path / "in" / "bar.obj", *bar(0.22))
    changed = import_objects(config, judge=by_height, progress=False)
    assert changed.done_before == 0 and changed.checksum != first.checksum
