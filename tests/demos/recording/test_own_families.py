"""A family of one's own is recorded like a shipped one, by worker processes too."""

import sys
from pathlib import Path

import pytest

from demos.recording.config import RecordConfig, RecordError
from demos.recording.pack import pack
from demos.recording.recorder import record
from demos.recording.task_scenes import demo_scene
from demos.storage.array_file import read_array_file
from demos.storage.dataset import open_dataset
from demos.storage.packed_file import PACKED
from sim.shapes.families import FAMILIES, register_family, unregister_family
from sim.shapes.pieces import box, in_slots

MODULE = """
from sim.shapes.family import Family
from sim.shapes.pieces import box, in_slots


def draw(rng, slots):
    length, joint = rng.uniform(0.2, 0.34), rng.uniform(0.4, 0.6)
    return in_slots([box(0, joint * length, 0.03, 0.02), box(joint * length, length, 0.03, 0.035)], (0, 1))


PLANK = Family("plank", "boards", draw, "two blocks end to end")
SLAT = Family("slat", "boards", draw, "two blocks end to end")
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of an importable module with two families."""
    (tmp_path / "recorded_shapes.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "recorded_shapes", raising=False)
    return "recorded_shapes"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_one_worker_and_two_write_the_same_bytes(tmp_path: Path, module: str):
    one, two = (
        RecordConfig(out=tmp_path / name, families=(f"{module}:SLAT",), tasks=1, demos=2, planned=2, workers=workers)
        for name, workers in (("one", 1), ("two", 2))
    )
    for config in (one, two):
        record(config, progress=False)
    assert files(one.out) == files(two.out)
    dataset = open_dataset(one.out)
    assert {dataset.demo(key).family for key in dataset.keys} == {f"{module}:SLAT"}
    assert all(":" not in name for name in files(one.out))
    header, arrays, _ = read_array_file(pack(one.out), PACKED)
    assert header["families"] == [*FAMILIES, f"{module}:SLAT"]
    assert set(arrays["family"].ravel().tolist()) == {len(FAMILIES)}


def test_a_group_of_ones_own_is_named_family_by_family(tmp_path: Path, module: str):
    config = RecordConfig(out=tmp_path / "d", split=f"{module}:boards")
    assert config.families == (f"{module}:PLANK", f"{module}:SLAT")


def test_families_of_another_split_are_refused(tmp_path: Path, module: str):
    with pytest.raises(RecordError, match="families of different splits"):
        RecordConfig(out=tmp_path / "d", families=(f"{module}:PLANK", "hammer"))
    with pytest.raises(RecordError, match=f"belongs to split '{module}:boards', not to 'training'"):
        RecordConfig(out=tmp_path / "d", split="training", families=(f"{module}:PLANK",))


def test_a_recording_goes_on_only_with_the_same_code_of_its_families(tmp_path: Path, module: str):
    config = RecordConfig(out=tmp_path / "d", families=(f"{module}:SLAT",), tasks=0, demos=2, planned=1)
    record(config, progress=False)
    before = files(config.out)
    record(config, progress=False)
    assert files(config.out) == before
    (tmp_path / f"{module}.py").write_text(MODULE.replace("0.035", "0.036"), encoding="utf-8")
    with pytest.raises(RecordError) as caught:
        record(config, progress=False)
    line = f"{config.out}: recorded with other code of family '{module}:SLAT'; use another folder"
    assert str(caught.value) == line and files(config.out) == before
    # Where the index is gone, the files still say of which code they are.
    (config.out / "index.json").unlink()
    with pytest.raises(RecordError, match="recorded with other code of family"):
        record(config, progress=False)


def test_a_registered_family_is_its_function_and_what_it_encloses(tmp_path: Path):
    found = []
    for height in (0.02, 0.03, 0.02):
        register_family("plank", lambda rng, slots, height=height: [box(0, 0.2, 0.03, height)], "block", group="planks")
        found.append(RecordConfig(out=tmp_path / "d", families=("plank",)).code["plank"])
        unregister_family("plank")
    assert found[0] == found[2] != found[1]
    assert "code" not in RecordConfig(out=tmp_path / "d", families=("hammer",)).identity


def test_a_family_that_is_edited_is_drawn_anew(tmp_path: Path):
    def draw_with(height: float):
        def draw(rng, slots):
            return in_slots([box(0, 0.14, 0.03, height), box(0.14, 0.28, 0.03, height)], (0, 1))

        return draw

    heights = []
    for height in (0.02, 0.03):
        register_family("plank", draw_with(height), "two blocks", group="planks")
        config = RecordConfig(out=tmp_path / "d", families=("plank",))
        heights.append(demo_scene(config, 0, 0)[0].object.height)
        unregister_family("plank")
    assert heights == [0.02, 0.03]
