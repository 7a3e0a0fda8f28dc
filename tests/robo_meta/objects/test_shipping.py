"""From a library to the shipped split: what is packed plays as before, and a release made so knows the split.

The release is a copy of `sim` with two made-up bars under names of validation meshes; other packages are this tree's.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from robo_meta.objects.library import read_library, write_index
from robo_meta.objects.object_file import OBJECTS, object_file, read_outcome, write_object
from robo_meta.objects.shipping import main
from sim.env import GraspEnv
from sim.objects.meshes import MeshShape
from sim.shapes.families import register_meshes
from sim.shapes.mesh_file import checksum, mesh_file_bytes, read_meshes
from sim.tasks.sampling import draw_scene, draw_task
from tests.robo_meta.objects.libraries import bar_shape

ROOT = Path(__file__).parents[3]
LICENCES = {"knife": "CC BY 4.0 (YCB: Calli et al. 2015); repository MIT", "random-883": "zlib (Bullet Physics SDK)"}
SCRIPT = """
import sys
from functools import partial
from demos.workers import run_jobs
from robo_meta.cli.main import main
from robo_meta.evaluation.config import EvaluateConfig
from sim.shapes.families import families_of, register_meshes
assert "sim.shapes.mesh_file" not in sys.modules, "read before anyone asked"
from sim.tasks.benchmark import BENCHMARKS, fingerprint
real = BENCHMARKS["real-1"]
assert families_of("real-objects") == real.splits["real-objects"]
assert fingerprint(real) == real.fingerprint
def asked(**options):
    config = EvaluateConfig(**options)
    return config.support, config.transfer, config.identity["benchmark"]
assert asked(split=("real-objects",)) == ("procedural", ("new-shape",), {"real-objects": "real-1"})
assert asked(split=("real-objects",), support="own")[:2] == ("own", ("same-object", "new-instance", "new-shape"))
assert asked(split=("real-objects",), transfer=("same-object",))[:2] == ("own", ("same-object",))
assert asked(split=("validation", "real-objects"))[0] == asked(split=("validation",))[0] == "own"
from sim.tasks.queries import draw_query
drawn = list(run_jobs([partial(draw_query, 0, "real-objects", index) for index in range(2)], 2))
assert {query.task.index: query.scene for query in drawn} == {i: draw_query(0, "real-objects", i).scene for i in (0, 1)}
words = ["--strategies", "centre", "--controller", "scripted", "--tasks", "1", "--shots", "1", "--workers", "1"]
assert main(["evaluate", "--split", "real-objects", *words, "--out", sys.argv[1]]) == 0
assert main(["objects", "--families", "real-objects-knife", "--json"]) == 0
assert main(["evaluate", "--split", "real-object"]) == 2
assert main(["objects", "--families", "real-objects-knif"]) == 2
"""


def shape_in_library(folder: Path, shape: MeshShape) -> None:
    """Write an accepted object."""
    about = {"source": "0" * 64, "options": {}, "notes": [], "unit": "m", "reason": ""}
    write_object(folder, shape.name, shape, {**about, "accepted": ["balance", "part"]})


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of two bars and the objects' table, in `sources` beside it."""
    folder = tmp_path_factory.mktemp("work") / "library"
    (folder / OBJECTS).mkdir(parents=True)
    for name, length in (("knife", 0.24), ("random-883", 0.23)):
        shape_in_library(folder, replace(bar_shape(name, length), licence=""))
    write_index(folder, [read_outcome(object_file(folder, name))[0] for name in LICENCES])
    licences = folder.parent / "sources" / "licences"
    licences.mkdir(parents=True)
    for name in ("ChenEating716+pybullet-URDF-models.txt", "bullet.txt", "other.txt"):
        (licences / name).write_text(f"Licence {name}\n")
    write_table(licences.parent, LICENCES)
    return folder


def write_table(sources: Path, licences: dict[str, str]) -> None:
    about = {"what": "a bar", "source": "made up", "faces": 12, "faces_original": 24, "scaled_by": 0.02}
    (sources / "objects.json").write_text(json.dumps([{**about, "name": n, "licence": t} for n, t in licences.items()]))


def pack(library: Path, out: Path, *words: str) -> int:
    given = ["--library", str(library), "--sources", str(library.parent / "sources"), "--out", str(out)]
    return main(["pack", *given, "--split", "validation-meshes", *words])


def reset_of(shape: MeshShape, index: int, env: GraspEnv) -> tuple[bytes, ...]:
    """What an episode on the object starts from and comes to, to the bit."""
    register_meshes([shape], group="shipped")
    scene = draw_scene(0, draw_task(0, "shipped", index), f"shipped-{shape.name}", "a0")
    observation, _ = env.reset(seed=index, options={"scene": scene})
    states = [env.step(np.array([0, 0, -0.4, 0, 1.0]))[0]["state"].tobytes() for _ in range(3)]
    return observation["points"].tobytes(), scene.mass_properties.inertia.tobytes(), *states


def test_packed_objects_play_as_those_of_the_library(library: Path, tmp_path: Path) -> None:
    before = read_library(library)
    raw = mesh_file_bytes(before)
    (tmp_path / "objects.npz").write_bytes(raw)
    env = GraspEnv()
    for shape, kept in zip(before, read_meshes(tmp_path / "objects.npz", checksum(raw)), strict=True):
        assert reset_of(shape, 0, env) == reset_of(kept, 0, env)
        assert reset_of(shape, 0, env) != reset_of(shape, 1, env)
    env.close()


def test_a_pack_has_notices_and_the_licences_that_it_needs(library: Path, tmp_path: Path) -> None:
    assert pack(library, tmp_path / "a") == 0
    notice = (tmp_path / "a" / "NOTICE.md").read_text()
    assert "| knife | a bar | made up | decimated from 24 to 12 triangles; scaled by 0.02 |" in notice
    assert "creativecommons.org/licenses/by/4.0" in notice and "altered versions" in " ".join(notice.split())
    named = {path.name for path in (tmp_path / "a" / "licences").iterdir()}
    assert named == {"ChenEating716+pybullet-URDF-models.txt", "bullet.txt"}
    assert pack(library, tmp_path / "b") == 0
    for path in (tmp_path / "a").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_what_may_not_be_shipped_is_refused(library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources, out = library.parent / "sources", tmp_path / "out"
    try:
        write_table(sources, {**LICENCES, "knife": "repository MIT; scan of a household object, original set (OCRTOC)"})
        assert pack(library, out) == 2
        assert "object 'knife' may not be shipped: its licence is 'repository MIT;" in capsys.readouterr().err
        write_table(sources, {"random-883": LICENCES["random-883"]})
        assert pack(library, out) == 2
        assert "objects.json: nothing of knife" in capsys.readouterr().err
    finally:
        write_table(sources, LICENCES)
    assert pack(library, out, "--split", "real-objects") == 2
    assert "knife, random-883: not of the split 'real-objects'" in capsys.readouterr().err
    assert pack(library, out, "--names", "knive") == 2
    assert "no accepted object 'knive'; did you mean 'knife'?" in capsys.readouterr().err
    assert not out.exists()


@pytest.fixture(scope="module")
def release(library: Path) -> Path:
    """A folder with `sim` as it is released once the library is packed and frozen."""
    folder = library.parent / "release"
    shutil.copytree(ROOT / "sim", folder / "sim", ignore=shutil.ignore_patterns("__pycache__", "*.npz"))
    assert pack(library, folder / "sim" / "shapes" / "real_objects") == 0
    done = run(folder, "-m", "robo_meta.objects.shipping", "freeze")
    assert done.returncode == 0, done.stderr
    return folder


def run(release: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Python with the release's `sim`."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(release), str(ROOT)]), "PYTHONSAFEPATH": "1"}
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, env=environment, cwd=release, timeout=300
    )


def test_a_release_knows_the_split_everywhere(release: Path, tmp_path: Path) -> None:
    done = run(release, "-c", SCRIPT, str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr[-2000:]
    assert "real-objects: benchmark real-1, support procedural" in done.stdout
    assert "unknown split 'real-object'; did you mean 'real-objects'?" in done.stderr
    assert "unknown family 'real-objects-knif'; did you mean 'real-objects-knife'?" in done.stderr
    assert "real-objects: benchmark real-1, support procedural" in (tmp_path / "out" / "report.html").read_text()
    families = {json.loads(json.loads(line).get("record", "{}")).get("family") for line in rows(tmp_path / "out")}
    assert families & {"real-objects-knife", "real-objects-random-883"}


def rows(out: Path) -> list[str]:
    return (out / "tasks.jsonl").read_text().splitlines()


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (Path.unlink, "objects.npz: missing; install robo_meta again"),
        (lambda path: path.write_bytes(path.read_bytes()[:-9]), "objects.npz: damaged or altered"),
    ],
    ids=["missing", "cut off"],
)
def test_a_damaged_release_is_one_line_and_other_splits_go_on(release: Path, tmp_path: Path, damage, line: str) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(release, broken)
    damage(broken / "sim" / "shapes" / "real_objects" / "objects.npz")
    words = ["evaluate", "--split", "real-objects", "--tasks", "1", "--strategies", "centre", "--out"]
    script = "import sys; from robo_meta.cli.main import main; sys.exit(main(sys.argv[1:]))"
    done = run(broken, "-c", script, *words, str(tmp_path / "out"))
    assert done.returncode == 2
    (said,) = done.stderr.splitlines()
    assert line in said and not (tmp_path / "out").exists()
    script = (
        "from sim.shapes.families import families_of, family_named; print(family_named(families_of('validation')[0]))"
    )
    assert run(broken, "-c", script).returncode == 0
