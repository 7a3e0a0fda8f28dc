"""Ray: what is recorded, evaluated, played and imported on a cluster of two nodes, one of them killed, is what is made
locally."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demos.engines import EngineError, engine_of
from demos.recording.config import RecordConfig
from demos.recording.recorder import record
from demos.storage.array_file import read_array_file
from robo_meta.objects.library import read_index
from robo_meta.objects.object_file import OBJECT, object_file
from robo_meta.objects.prepared_file import prepared_file
from robo_meta.selector.matrix.file import ARRAYS, load_matrix
from sim.libraries import LibraryMissing
from tests.demos.ray_nodes import TwoNodes

ROOT = Path(__file__).parents[2]
RECORD = ["record", "--split", "training", "--tasks", "3", "--demos", "2", "--planned", "33"]
EVALUATE = ["evaluate", "--split", "validation", "--transfer", "new-shape", "--shots", "1", "--tasks", "3"]
EVALUATE += ["--strategies", "centre", "replay", "--controller", "scripted"]
MATRIX = ["select", "matrix", "--split", "validation", "--scenes", "2", "--rollouts", "2", "--scored", "keypoints"]
MATRIX += ["--strategies", "centre", "replay", "--controller", "scripted", "--seed", "3"]
IMPORT = ["objects", "import", "curved", "--ids", "0-3"]
LATENCIES = ("adapt_ms", "act_ms", "first_act_ms")


@pytest.fixture(scope="module")
def installed() -> None:
    pytest.importorskip("ray", reason='no Ray here; pip install "robo-meta[ray]"')


@pytest.fixture(scope="module")
def cluster(installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoNodes]:
    with TwoNodes(tmp_path_factory.mktemp("ray")) as found:
        yield found


@pytest.fixture
def nodes(cluster: TwoNodes) -> TwoNodes:
    """The cluster, whole again."""
    cluster.mend()
    return cluster


def command(*words: str, folder: Path) -> subprocess.Popen:
    """`robo-meta` with relative paths below `folder`."""
    main = "import sys; from robo_meta.cli.main import main; sys.exit(main())"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    pipe, words = subprocess.PIPE, (sys.executable, "-c", main, *words)
    return subprocess.Popen(words, cwd=folder, env=environment, stdout=pipe, stderr=pipe)


def finished(run: subprocess.Popen) -> bytes:
    """What a command printed, once it has ended well."""
    out, said = run.communicate(timeout=300)
    assert run.returncode == 0, said.decode()[-2000:]
    return out


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def kill_at_first(folder: Path, run: subprocess.Popen, nodes: TwoNodes) -> None:
    """Kill the second node once a command has written its first file into `folder`."""
    deadline = time.monotonic() + 200
    while not list(folder.glob("*.safetensors")) and run.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert run.poll() is None, "the command ended before the node could be killed"
    nodes.kill_second()


def imported(library: Path) -> dict[str, Any]:
    """Every object of a library, but for the seconds that it took, and what the next import would start from."""
    found: dict[str, Any] = {}
    for name in read_index(library)["objects"]:
        content = read_array_file(object_file(library, name), OBJECT)
        arrays = {key: (array.dtype.str, array.tolist()) for key, array in content.arrays.items()}
        prepared = prepared_file(library, name).read_bytes()
        found[name] = {**content.record, "seconds": None}, arrays, prepared
    return found


@pytest.mark.ray
def test_an_evaluation_on_a_cluster_has_the_same_cells(nodes: TwoNodes, tmp_path: Path) -> None:
    near, far = (
        json.loads(finished(command(*EVALUATE, "--json", *more, folder=tmp_path)))
        for more in (["--workers", "1"], ["--engine", "ray", "--address", nodes.address])
    )
    for found in (near, far):
        for cell in found["cells"]:
            for name in LATENCIES:
                cell.pop(name, None)
    assert near["cells"] == far["cells"] and near["pairs"] == far["pairs"] and near["identity"] == far["identity"]


@pytest.mark.ray
def test_a_matrix_played_on_a_cluster_is_the_same(nodes: TwoNodes, tmp_path: Path) -> None:
    for name, more in (("far", ["--engine", "ray", "--address", nodes.address]), ("near", ["--workers", "2"])):
        finished(command(*MATRIX, "--out", f"{name}.safetensors", *more, folder=tmp_path))
    near, far = (load_matrix(tmp_path / f"{name}.safetensors") for name in ("near", "far"))
    assert near.provenance == far.provenance and near.strategies == far.strategies
    assert all(np.array_equal(near.scenes[name], values) for name, values in far.scenes.items())
    for name in set(ARRAYS) - {"seconds"}:
        assert np.array_equal(getattr(near, name), getattr(far, name)), name


@pytest.mark.ray
def test_a_killed_node_changes_no_byte_of_a_recording(nodes: TwoNodes, tmp_path: Path) -> None:
    run = command(*RECORD, "--out", "far", "--engine", "ray", "--address", nodes.address, folder=tmp_path)
    kill_at_first(tmp_path / "far" / "episodes", run, nodes)
    finished(run)
    finished(command(*RECORD, "--out", "near", folder=tmp_path))
    assert contents(tmp_path / "far") == contents(tmp_path / "near")


@pytest.mark.ray
def test_a_killed_node_changes_no_imported_object(nodes: TwoNodes, tmp_path: Path) -> None:
    pytest.importorskip("trimesh", reason='needs pip install "robo-meta[meshes]"')
    run = command(*IMPORT, "--out", "far", "--engine", "ray", "--address", nodes.address, folder=tmp_path)
    kill_at_first(tmp_path / "far" / "objects", run, nodes)
    finished(run)
    finished(command(*IMPORT, "--out", "near", "--workers", "2", folder=tmp_path))
    near, far = (imported(tmp_path / name) for name in ("near", "far"))
    assert len(near) == 4 and near == far


@pytest.mark.ray
def test_errors_of_jobs_and_killed_processes(cluster: TwoNodes, tmp_path: Path) -> None:
    words = [sys.executable, "-c", _JOBS, cluster.address]
    found = subprocess.run(
        words, capture_output=True, text=True, timeout=300, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
    )
    assert found.returncode == 0, found.stderr[-2000:]
    # Ray says more of a process that died, on the same stream, and not always on lines of its own.
    done, error, died = re.findall(r"ours (.*)", found.stdout)
    assert done == str([0, 1, 2, 3, 4, 5])
    assert error.startswith('TypeError "bad operand'), error
    assert "WorkerDied" in died and "engine ray: a job's process or node died" in died, died


_JOBS = """
import os, sys
from functools import partial
from demos import ray_engine
from demos.ray_engine import connected
ray_engine.RETRIES = 1
with connected(sys.argv[1], 1) as engine:
    print("ours", sorted(engine.run([partial(abs, -n) for n in range(6)])))
    for bad in (partial(abs, "x"), partial(os._exit, 1)):
        try:
            list(engine.run([bad]))
        except Exception as error:
            print("ours", type(error).__name__, repr(str(error)))
"""


@pytest.mark.ray
@pytest.mark.parametrize("listens", [False, True])
def test_an_address_that_does_not_answer_is_one_line_within_seconds(
    installed: None, tmp_path: Path, listens: bool
) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if listens:  # somebody who is no Ray accepts, and says nothing
            server.listen(5)
        address = f"127.0.0.1:{server.getsockname()[1]}"
        begun = time.monotonic()
        run = command(*RECORD, "--out", "out", "--engine", "ray", "--address", address, folder=tmp_path)
        said = run.communicate(timeout=120)[1].decode()
        taken = time.monotonic() - begun
    assert run.returncode == 2 and said.count("\n") == 1, said
    assert f"engine ray: no Ray cluster answers at {address}; start one with" in said
    assert taken < 40 and not (tmp_path / "out").exists()


def test_an_engine_that_cannot_be_is_refused(tmp_path: Path) -> None:
    for words, message in (
        ({"engine": "dask"}, "engine 'dask'; expected local or ray"),
        ({"address": "a:1"}, "address a:1 without engine ray; it says nothing to processes of this machine"),
    ):
        with pytest.raises(EngineError, match=message):
            RecordConfig(out=tmp_path / "out", **words)
    try:
        import ray  # noqa: F401
    except ImportError:
        with pytest.raises(
            LibraryMissing, match=r'engine ray needs ray, which is missing; pip install "robo-meta\[ray'
        ):
            record(RecordConfig(out=tmp_path / "out", engine="ray", address="a:1"))
    else:
        with pytest.raises(EngineError, match="address 'somewhere'; expected HOST:PORT of a Ray cluster's head"):
            record(RecordConfig(out=tmp_path / "out", engine="ray", address="somewhere"))
    assert not (tmp_path / "out").exists()


def test_local_processes_are_an_engine(tmp_path: Path) -> None:
    with engine_of(RecordConfig(out=tmp_path, workers=1)) as engine:
        assert list(engine.run([partial(abs, -n) for n in range(3)])) == [0, 1, 2]
