"""Demonstrations on imported objects: recorded, gone on with, refused where the library is another, trained on."""

from pathlib import Path

import numpy as np
import pytest

from demos.recording.config import RecordConfig, RecordError
from demos.recording.pack import pack
from demos.recording.recorder import record
from demos.recording.task_scenes import demo_scene
from demos.storage.dataset import open_dataset
from demos.storage.packed_file import TrainingDataError
from robo_meta.cli.main import main
from robo_meta.objects.library import library_checksum
from robo_meta.objects.registration import LibrariesError, register_libraries, register_library
from robo_meta.training.data import load_joined, load_training_data
from tests.robo_meta.objects.libraries import write_bars

WORDS = ["--tasks", "1", "--demos", "2", "--planned", "3", "--workers", "1", "--json"]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two bars: the second serves for *part* only."""
    return write_bars(tmp_path_factory.mktemp("record") / "bars")


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_recording_is_of_its_library(library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["record", "--objects", str(library), "--out", str(tmp_path / "d"), *WORDS]
    assert main(words) == 0
    dataset = open_dataset(tmp_path / "d")
    config = dataset.index["config"]
    assert (config["split"], config["libraries"]) == ("bars", [library_checksum(library)])
    assert config["families"] == ["bars-bar", "bars-stick"]
    assert dataset.index["counts"]["successes"] == 2 and dataset.index["counts"]["planned_tasks"] == 3
    data = load_training_data(tmp_path / "d")
    shown = {data.families[number] for number in data.family.unique().tolist()}
    assert data.points.shape[:2] == (4, 2) and shown <= {"bars-bar", "bars-stick"}
    before = files(tmp_path / "d")
    assert main(words) == 0 and files(tmp_path / "d") == before
    # A library with the same objects and another refusal is another library.
    other = write_bars(tmp_path / "other" / "bars", names=("bar",))
    capsys.readouterr()
    assert main([*words[:2], str(other), *words[3:]]) == 2
    line = f"robo-meta: {tmp_path / 'd'}: recorded with another library of imported objects; use another folder\n"
    assert capsys.readouterr().err == line and files(tmp_path / "d") == before
    assert main([*words, "--split", "training"]) == 2
    assert capsys.readouterr().err == "robo-meta: --split beside --objects; expected one of them\n"


def test_tasks_show_objects_that_serve_for_their_intention(library: Path, tmp_path: Path) -> None:
    config = RecordConfig(tmp_path / "d", split=register_library(library), demos=4, planned=24, tasks=0)
    shown = [demo_scene(config, task, demo)[0] for task in range(24) for demo in range(4)]
    assert {scene.object.family for scene in shown if scene.task.intention == "balance"} == {"bars-bar"}
    assert {scene.object.family for scene in shown if scene.task.intention == "part"} == {"bars-bar", "bars-stick"}


def test_one_intention_alone_where_no_object_serves_for_the_other(library: Path, tmp_path: Path) -> None:
    register_library(library)
    config = RecordConfig(tmp_path / "d", families=("bars-stick",), demos=2, planned=6)
    assert {demo_scene(config, task, 0)[0].task.intention for task in range(6)} == {"part"}
    with pytest.raises(RecordError, match="the 1 families of split 'bars' serve not for balance"):
        RecordConfig(tmp_path / "d", families=("bars-stick",), intention="balance")


def test_tasks_show_objects_of_several_libraries(library: Path, tmp_path: Path) -> None:
    with pytest.raises(LibrariesError, match=r"bars and .*mine both hold 'bar'; use them apart"):
        register_libraries([library, write_bars(tmp_path / "mine")])
    with pytest.raises(LibrariesError, match="expected one or more, each once"):
        register_libraries([library, library])
    assert register_libraries([library]) == "bars"


def test_several_datasets_are_one_to_train_on(library: Path, tmp_path: Path) -> None:
    split = register_library(library)
    for name, config in {
        "meshes": RecordConfig(tmp_path / "meshes", split=split, tasks=0, planned=2, demos=2),
        "prisms": RecordConfig(tmp_path / "prisms", families=("hammer",), tasks=1, planned=2, demos=2),
        "more": RecordConfig(tmp_path / "more", families=("hammer",), tasks=0, planned=1, demos=3),
    }.items():
        record(config, progress=False)
        pack(tmp_path / name)
    parts = [load_training_data(tmp_path / name) for name in ("meshes", "prisms")]
    joined = load_joined([tmp_path / "meshes", tmp_path / "prisms"])
    assert len(joined.points) == 5 and len(joined.hand) == len(parts[1].hand)
    named = [[part.families[i] for i in part.family.ravel().tolist()] for part in parts]
    assert [joined.families[i] for i in joined.family.ravel().tolist()] == named[0] + named[1]
    assert np.array_equal(joined.grasps[:2], parts[0].grasps) and np.array_equal(joined.grasps[2:], parts[1].grasps)
    with pytest.raises(TrainingDataError, match=r"more: \(3, 512\) demonstrations and points a task; .* \(2, 512\)"):
        load_joined([tmp_path / "meshes", tmp_path / "more"])
    with pytest.raises(TrainingDataError, match="a dataset twice; name each once"):
        load_joined([tmp_path / "meshes", tmp_path / "meshes"])
