"""Every object is accepted or refused with one reason, whatever its files hold, and no work is done twice."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from robo_meta.objects.config import ImportConfig
from robo_meta.objects.importer import Import, import_objects
from robo_meta.objects.judging import judge_object
from robo_meta.objects.library import read_library
from robo_meta.objects.object_file import LibraryError, Outcome, object_file
from robo_meta.objects.preparing import prepare
from robo_meta.objects.sources import find_sources
from sim.errors import InputError
from sim.objects.meshes import MeshShape
from sim.physics.bodies import HULL_MARGIN
from tests.robo_meta.objects.judges import by_height
from tests.robo_meta.objects.meshes import ball, bar, box, write_obj, write_stl, write_urdf

pytest.importorskip("trimesh", reason='needs pip install "robo-meta[meshes]"')

BOMB = """<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<robot name="r"><link name="&b;"/></robot>"""


def settings(folder: Path, name: str, **content: object) -> None:
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "object.json").write_text(json.dumps(content))


def write_good(folder: Path) -> None:
    """Objects that are accepted."""
    write_obj(folder / "box" / "box.obj", *bar())
    settings(folder, "box", unit="m", licence="mine", cut=0.3, up="z")
    write_stl(folder / "Cigar_1.stl", *ball(20))
    write_obj(folder / "hammer" / "handle.obj", *box((0, -0.012, 0), (0.2, 0.012, 0.024)))
    # The head takes a part of the handle in.
    write_obj(folder / "hammer" / "head.obj", *box((0.16, -0.05, 0), (0.2, 0.05, 0.03)))
    vertices, faces = bar()
    write_obj(folder / "open" / "open.obj", vertices, faces[:-1])
    write_obj(folder / "inside-out" / "a.obj", vertices, faces[:, ::-1])
    write_obj(folder / "in-mm" / "a.obj", vertices * 1000, faces)
    settings(folder, "in-mm", unit="mm")
    write_obj(folder / "guessed" / "a.obj", vertices * 1000, faces)
    write_obj(folder / "scaled" / "meshes" / "a.obj", vertices / 0.02, faces)
    write_urdf(folder / "scaled" / "a.urdf", "<mesh filename='package://pkg/meshes/a.obj' scale='0.02 0.02 0.02'/>")
    write_urdf(folder / "rod" / "a.urdf", "<cylinder radius='0.015' length='0.2'/>")
    write_stl(folder / "million" / "million.stl", *ball(500))  # 10⁶ faces
    (folder / "notes").mkdir()
    (folder / "notes" / "README.txt").write_text("no object\n")


def write_bad(folder: Path) -> None:
    """Objects that are refused."""
    vertices, faces = bar()
    broken = vertices.copy()
    broken[3, 1] = np.nan
    write_obj(folder / "nan" / "a.obj", broken, faces)
    write_obj(folder / "flat" / "a.obj", vertices * [1, 1, 0], faces)
    (folder / "empty-mesh").mkdir()
    (folder / "empty-mesh" / "a.obj").write_text("v 0 0 0\n")
    (folder / "garbage").mkdir()
    (folder / "garbage" / "a.stl").write_bytes(b"\x07\xff" * 1000)
    (folder / "no-glb").mkdir()
    (folder / "no-glb" / "a.glb").write_bytes(b"glTF\x02\0\0\0\xff\xff\xff\x7f" + b"\0" * 30)
    write_urdf(folder / "arm" / "a.urdf", "<box size='0.1 0.02 0.02'/>", links=2)
    write_urdf(folder / "lost" / "a.urdf", "<mesh filename='nowhere.obj'/>")
    write_urdf(folder / "up-and-away" / "a.urdf", "<mesh filename='../box/box.obj'/>")
    write_urdf(folder / "absolute" / "a.urdf", "<mesh filename='/etc/passwd'/>")
    (folder / "linked").mkdir()
    (folder / "linked" / "b.obj").symlink_to(folder / "nan" / "a.obj")
    write_urdf(folder / "linked" / "a.urdf", "<mesh filename='b.obj'/>")
    (folder / "bomb").mkdir()
    (folder / "bomb" / "a.urdf").write_text(BOMB)
    (folder / "no-xml").mkdir()
    (folder / "no-xml" / "a.urdf").write_text("<robot>")
    (folder / "reaching").mkdir()
    gltf = {"asset": {"version": "2.0"}, "buffers": [{"uri": "../box/box.bin", "byteLength": 8}]}
    (folder / "reaching" / "a.gltf").write_text(json.dumps(gltf))
    for name, content in {
        "furlong": {"unit": "furlong"},
        "typo": {"untt": "m"},
        "one-slot": {"parts": {"a.obj": 0}},
        "no-such-part": {"parts": {"b.obj": 0}},
        "cut-off": {"cut": 1.0},
    }.items():
        write_obj(folder / name / "a.obj", vertices, faces)
        settings(folder, name, **content)
    settings(folder, "gone")
    write_obj(folder / "sheet" / "a.obj", *bar(height=0.004))
    write_obj(folder / "house" / "a.obj", vertices * 50, faces)
    settings(folder, "house", unit="m")
    write_obj(folder / "crumb" / "a.obj", vertices * 0.05, faces)


REASONS = {
    "nan": r"a\.obj has vertices that are not finite numbers$",
    "flat": r"a\.obj encloses no volume$",
    "empty-mesh": r"a\.obj has no faces$",
    "garbage": r"a\.stl (can't be read|has)",
    "no-glb": r"a\.glb can't be read",
    "arm": r"a\.urdf: 2 links; expected one rigid body$",
    "lost": r"mesh file nowhere\.obj is missing$",
    "up-and-away": r"mesh '\.\./box/box\.obj' lies outside of its folder$",
    "absolute": r"mesh '/etc/passwd' lies outside of its folder$",
    "linked": r"b\.obj lies outside of its folder$",
    "bomb": r"a\.urdf: declares XML entities, which are not read$",
    "no-xml": r"a\.urdf: unreadable URDF: ",
    "reaching": r"a\.gltf (can't be read|has no faces)|it refers to '\.\./box/box\.bin', which is not read$",
    "furlong": r"object\.json: unknown unit 'furlong'; expected one of m, cm, mm, inch$",
    "typo": r"object\.json: unknown key 'untt'; did you mean 'unit'\?$",
    "one-slot": r"object\.json: parts: all of slot 0; expected slots 0 and 1$",
    "no-such-part": r"object\.json: parts: no mesh file 'b\.obj'; did you mean 'a\.obj'\?$",
    "cut-off": r"the cut at 100% of its length leaves one material$",
    "gone": r"no mesh file in its folder$",
    "sheet": r"too thin to hold: 4 mm, needs 6$",
    "house": r"too large: 10 m long, at most 60 cm \(its unit: m\)$",
    "crumb": r"too small: 1 cm long, needs 2 cm",
}
"""Bad object → the one reason for which it is refused."""


THROUGH_THE_CHILD = ("nan", "garbage", "lost", "sheet")
"""Bad objects that go through the whole import; with the others, which are as bad for the same code, a process each
would take minutes."""


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("bad")
    write_bad(place)
    return place


@pytest.fixture(scope="module")
def folder(bad: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("objects")
    write_good(place)
    for name in THROUGH_THE_CHILD:
        shutil.copytree(bad / name, place / name)
    return place


@pytest.fixture(scope="module")
def found(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Import:
    config = ImportConfig(folder, tmp_path_factory.mktemp("library") / "mine", workers=2)
    return import_objects(config, judge=by_height, progress=False)


@pytest.mark.parametrize("name", REASONS)
def test_a_bad_object_is_refused_with_one_reason(name: str, bad: Path) -> None:
    (source,) = (source for source in find_sources(bad) if source.name == name)
    with pytest.raises(InputError, match=REASONS[name]) as caught:
        verdict = judge_object(name, prepare(source, None, 1.0, 60.0), by_height, fit=False)
        if not verdict.accepted:
            raise LibraryError(verdict.reason)
    assert "\n" not in str(caught.value)


def test_an_import(folder: Path, found: Import) -> None:
    """All that is said of one import, in one test: two workers of pytest would import twice."""
    outcomes = {outcome.name: outcome for outcome in found.outcomes}
    shapes = {shape.name: shape for shape in read_library(found.out)}
    refused_with_that_reason(outcomes)
    all_others_are_accepted(outcomes, shapes)
    every_shape_rests_in_its_frame(shapes)
    materials_add_up_to_the_object(shapes)
    two_files_are_two_materials_and_what_they_share_counts_once(shapes)
    what_was_guessed_or_mended_is_said(outcomes)
    the_same_import_does_nothing_again(folder, found)


def refused_with_that_reason(outcomes: dict[str, Outcome]) -> None:
    for name in THROUGH_THE_CHILD:
        outcome = outcomes[name]
        assert outcome.accepted == ()
        assert re.search(REASONS[name], outcome.reason), outcome.reason
        assert "\n" not in outcome.reason and "Traceback" not in outcome.reason


def all_others_are_accepted(outcomes: dict[str, Outcome], shapes: dict[str, MeshShape]) -> None:
    good = {"box", "guessed", "hammer", "in-mm", "inside-out", "million", "open", "rod", "scaled"}
    reasons = {name: outcome.reason for name, outcome in outcomes.items() if name not in REASONS}
    # A round body tips towards the denser of its halves, whatever the judge says.
    assert "does not lie still" in reasons.pop("cigar-1")
    assert reasons == dict.fromkeys(good, "")
    assert set(shapes) == good


def every_shape_rests_in_its_frame(shapes: dict[str, MeshShape]) -> None:
    for name, shape in shapes.items():
        corners = np.concatenate(shape.pieces)
        low, high = corners.min(axis=0), corners.max(axis=0)
        assert np.abs((low + high)[:2]).max() < 1e-3, name
        # Drawn in by what physics pads them.
        assert abs(low[2] - HULL_MARGIN) < 6e-4, name
        assert high[0] - low[0] >= high[1] - low[1], name
        assert 0.188 < high[0] - low[0] < 0.21, name


def materials_add_up_to_the_object(shapes: dict[str, MeshShape]) -> None:
    whole = 0.2 * 0.03 * 0.025
    for name in ("box", "open", "inside-out", "in-mm", "guessed", "scaled"):
        for division in shapes[name].divisions:
            volumes = [volume(mesh.vertices, mesh.faces) for mesh in division.meshes]
            assert sum(volumes) == pytest.approx(whole, rel=1e-4), name
    (division,) = shapes["box"].divisions
    assert division.where == "cut at 30 %" and shapes["box"].licence == "mine"
    shares = [volume(mesh.vertices, mesh.faces) / whole for mesh in division.meshes]
    assert shares == pytest.approx([0.3, 0.7], abs=1e-3)
    assert [division.where for division in shapes["open"].divisions][:2] == ["cut at 50 %", "cut at 40 %"]


def two_files_are_two_materials_and_what_they_share_counts_once(shapes: dict[str, MeshShape]) -> None:
    (division,) = shapes["hammer"].divisions
    assert division.where == "parts"
    handle, head = (volume(mesh.vertices, mesh.faces) for mesh in division.meshes)
    assert handle == pytest.approx(0.2 * 0.024 * 0.024, rel=1e-4)
    assert head == pytest.approx(0.04 * 0.1 * 0.03 - 0.04 * 0.024 * 0.024, rel=1e-4)


def what_was_guessed_or_mended_is_said(outcomes: dict[str, Outcome]) -> None:
    assert outcomes["guessed"].notes == ("unit guessed: mm (20.0 cm long)",)
    assert outcomes["box"].notes == () and outcomes["in-mm"].notes == ()
    assert any("closed by filling holes" in note for note in outcomes["open"].notes)
    assert outcomes["scaled"].unit == "m" and outcomes["in-mm"].unit == "mm"


def the_same_import_does_nothing_again(folder: Path, found: Import) -> None:
    written = {outcome.name: object_file(found.out, outcome.name).stat().st_mtime_ns for outcome in found.outcomes}
    again = import_objects(ImportConfig(folder, found.out, workers=2), judge=by_height, progress=False)
    assert again.done_before == len(found.outcomes) and again.outcomes == found.outcomes
    assert again.checksum == found.checksum
    assert written == {name: object_file(found.out, name).stat().st_mtime_ns for name in written}


def volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = np.moveaxis(vertices[faces], 1, 0)
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def test_a_killed_import_goes_on_where_it_was(tmp_path: Path) -> None:
    source, out = tmp_path / "objects", tmp_path / "mine"
    for number in range(2):
        write_obj(source / f"bar-{number}" / "a.obj", *bar(0.2 + 0.01 * number))
    words = ["objects", "import", str(source), "--out", str(out), "--workers", "1", "--json"]
    command = [sys.executable, "-m", "robo_meta.cli.main", *words]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    end = time.monotonic() + 300
    while not object_file(out, "bar-0").is_file() and time.monotonic() < end:
        time.sleep(0.05)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    finished = {path: path.read_bytes() for path in (out / "objects").glob("[!.]*")}
    assert len(finished) == 1
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    assert result["accepted"] == 2 and result["done_before"] == len(finished)
    assert {path: path.read_bytes() for path in finished} == finished
    assert [shape.name for shape in read_library(out)] == ["bar-0", "bar-1"]


def test_an_object_whose_process_died_is_tried_again(tmp_path: Path) -> None:
    source, out = tmp_path / "objects", tmp_path / "mine"
    write_obj(source / "bar" / "a.obj", *bar())
    write_obj(source / "sheet" / "a.obj", *bar(height=0.004))
    inner = f"""
from pathlib import Path
from robo_meta.objects.config import ImportConfig
from robo_meta.objects.importer import import_objects
from tests.robo_meta.objects.errands import crashing_where_told
done = import_objects(ImportConfig(Path({str(source)!r}), Path({str(out)!r}), workers=1), judge=crashing_where_told)
print(done.done_before, [outcome.reason for outcome in done.outcomes])
"""

    def run(**environment: str) -> str:
        command = [sys.executable, "-c", inner]
        return subprocess.run(
            command, capture_output=True, text=True, check=True, env={**os.environ, **environment}
        ).stdout.strip()

    crash = "a library for meshes crashed on it, or its share of memory ran out; the next import tries it again"
    # What is too thin is refused before anyone judges it.
    thin = "too thin to hold: 4 mm, needs 6"
    assert run(ROBO_META_TEST_CRASH="1") == f"0 {[crash, thin]}"
    assert run() == f"1 {['', thin]}"
    # A refusal for a reason stays.
    assert run(ROBO_META_TEST_CRASH="1") == f"2 {['', thin]}"
