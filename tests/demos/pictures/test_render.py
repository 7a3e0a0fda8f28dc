"""Pictures drawn afterwards: the same bytes however they came about, of the episode they say they are of."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from demos.pictures.picture_file import PICTURES, picture_path, read_pictures
from demos.pictures.render import RenderConfig, render
from demos.recording.config import RecordConfig
from demos.recording.recorder import record
from demos.replaying import ReplayError
from demos.storage.dataset import episode_path, open_dataset
from demos.storage.episode_file import read_episode, write_demo
from robo_meta.cli.main import main

SMALL = {"width": 48, "height": 32, "depth": True}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    """A dataset of two real episodes on the same object, with pictures drawn by one process."""
    folder = tmp_path_factory.mktemp("pictures") / "data"
    config = RecordConfig(folder, families=("bar", "hammer"), tasks=1, demos=2, seed=2, intention="part")
    record(config, progress=False)
    done = render(RenderConfig(folder, **SMALL), progress=False)
    steps = open_dataset(folder).index["counts"]["steps"]
    assert (done.episodes, done.drawn, done.pictures) == (2, 2, 2 * (steps + 2))
    return folder


@pytest.fixture
def copy(drawn, tmp_path) -> Path:
    """A copy that a test may change."""
    shutil.copytree(drawn, tmp_path / "data", ignore=shutil.ignore_patterns(".lock"))
    return tmp_path / "data"


def bytes_in(folder: Path) -> dict[str, bytes]:
    paths = (folder / PICTURES).rglob("*.safetensors")
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if not path.name.startswith(".")}


def test_cameras_see_the_episode(drawn) -> None:
    dataset = open_dataset(drawn)
    key = dataset.keys[0]
    demo = dataset.demo(key)
    front, wrist = (read_pictures(picture_path(drawn, camera, key)) for camera in ("front", "wrist"))
    assert front.colour.shape == wrist.colour.shape == (demo.steps + 1, 32, 48, 3)
    # The hand comes down: what the wrist camera sees in its middle comes nearer, and the world in front changes.
    middle = wrist.depth[:, 16, 24].astype(int)
    assert middle[0] > middle.min() + 50 and 20 < middle.min() < 120
    assert np.abs(front.colour[0].astype(int) - front.colour[-1]).mean() > 2
    # Half a metre to a metre and a half from the front camera to the hand and the table.
    assert 300 < front.depth.min() < 1200


def test_any_number_of_workers_and_a_kill_give_the_same_bytes(copy, drawn) -> None:
    shutil.rmtree(copy / PICTURES)
    words = ["data", "render", str(copy), "--depth", "--width", "48", "--height", "32", "--workers", "2"]
    program = "import sys; from robo_meta.cli.main import main; sys.exit(main(sys.argv[1:]))"
    process = subprocess.Popen([sys.executable, "-c", program, *words], cwd=os.getcwd())
    deadline = time.monotonic() + 100
    while not bytes_in(copy) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = bytes_in(copy)
    assert left
    # Workers die with their parent, whose lock is then free.
    while time.monotonic() < deadline:
        try:
            done = render(RenderConfig(copy, **SMALL), progress=False)
            break
        except ValueError:
            time.sleep(0.05)
    assert done.drawn <= 2 and bytes_in(copy) == bytes_in(drawn)
    assert all(bytes_in(drawn)[name] == content for name, content in left.items())


def test_only_what_is_missing_is_drawn(copy, drawn) -> None:
    key = open_dataset(copy).keys[1]
    picture_path(copy, "wrist", key).unlink()
    done = render(RenderConfig(copy, **SMALL), progress=False)
    assert (done.drawn, done.pictures) == (1, open_dataset(copy).demo(key).steps + 1)
    assert bytes_in(copy) == bytes_in(drawn)


def refused(words: list, capsys, line: str) -> None:
    capsys.readouterr()
    assert main([str(word) for word in words]) == 2
    told = capsys.readouterr().err
    assert told.startswith("robo-meta: ") and told.count("\n") == 1 and line in told, told


def _altered(folder: Path, **changes) -> None:
    """Change the first episode of a dataset, and forget its index and pictures."""
    path = episode_path(folder, open_dataset(folder).keys[0])
    demo, config, _ = read_episode(path)
    (folder / "index.json").unlink()
    for one in sorted((folder / "episodes").iterdir())[1:]:
        one.unlink()
    shutil.rmtree(folder / PICTURES)
    write_demo(path, replace(demo, **{name: change(demo) for name, change in changes.items()}), config)


def test_other_physics_are_refused(copy, capsys) -> None:
    def older(demo):
        return replace(demo.provenance, versions={**demo.provenance.versions, "physics": "0"})

    _altered(copy, provenance=older)
    refused(["data", "render", copy], capsys, "recorded with physics 0, this version has 1")
    assert not (copy / PICTURES).exists()


def test_a_replay_that_comes_out_otherwise_is_no_picture(copy) -> None:
    def moved(demo):
        state = demo.state.copy()
        state[2, 0] += 1e-6
        return state

    _altered(copy, state=moved)
    with pytest.raises(ReplayError, match="state 2 differs from the recorded one by 1e-06"):
        render(RenderConfig(copy, **SMALL), progress=False)
    assert not bytes_in(copy)


@pytest.mark.parametrize(
    "words, line",
    [
        ("--cameras front top", "unknown camera 'top'; expected one of front, wrist"),
        ("--cameras front front", "cameras front, front; expected one or more, each once"),
        ("--width 47", "width is 47; expected an even number from 16 to 2048"),
        ("--workers 0", "workers is 0; expected at least 1"),
        ("--width 64 --height 48", "48 × 32 with depth; asked for 64 × 48 without depth: delete"),
    ],
)
def test_bad_words_are_one_line(words, line, copy, drawn, capsys) -> None:
    refused(["data", "render", copy, *words.split()], capsys, line)
    assert bytes_in(copy) == bytes_in(drawn)


def test_pictures_travel(copy, tmp_path, capsys) -> None:
    h5py = pytest.importorskip("h5py", reason='needs pip install "robo-meta[data]"')
    assert main(["data", "export", str(copy), "--to", "minari", "--out", str(tmp_path / "out")]) == 0
    dataset = open_dataset(copy)
    key = dataset.keys[0]
    with h5py.File(tmp_path / "out/robo_meta/data-v0/data/main_data.hdf5") as file:
        observed = file["episode_0/observations"]
        seen = read_pictures(picture_path(copy, "front", key))
        assert np.array_equal(observed["front"][()], seen.colour)
        assert np.array_equal(observed["front_depth"][()], seen.depth)
    # Episodes that aren't seen are a gap; without pictures they go.
    picture_path(copy, "front", key).unlink()
    refused(["data", "export", copy, "--to", "minari", "--out", tmp_path / "x"], capsys, "pictures of 1 of 2 episodes")
    words = ["data", "export", str(copy), "--to", "minari", "--out", str(tmp_path / "x"), "--no-pictures"]
    assert main(words) == 0
