"""Files of other libraries, damaged or edited in any way: one line of bad input, and no dataset."""

import json
import random
import shutil
from pathlib import Path

import pytest

pytest.importorskip("h5py", reason='needs pip install "robo-meta[data]"')
pytest.importorskip("pyarrow", reason='needs pip install "robo-meta[data]"')

from demos.exchange.damage import items_told
from demos.exchange.importing import import_dataset
from demos.exchange.meaning import ExchangeError
from sim.errors import InputError


def refused(source: Path, name: str, out: Path) -> None:
    with pytest.raises(InputError) as caught:
        import_dataset(source, name, out)
    told = str(caught.value)
    assert str(source) in told and "\n" not in told and not out.exists()


def with_entry(space: str, part: str, shape: object) -> str:
    """A space of Minari's, JSON, whose part has another shape."""
    found = json.loads(space)
    found["subspaces"][part] = {} if shape is None else {"type": "Box", "shape": shape}
    return json.dumps(found)


@pytest.mark.parametrize(
    "change",
    [
        lambda told: {"observation_space": with_entry(told["observation_space"], "state", None)},
        lambda told: {"observation_space": with_entry(told["observation_space"], "points", ["x"])},
        lambda told: {"observation_space": with_entry(told["observation_space"], "state", 7)},
        lambda told: {"action_space": json.dumps({"type": "Box", "shape": ["x"]})},
        lambda told: {"robo_meta": None, "env_spec": "{"},
        lambda told: {"robo_meta": None, "env_spec": json.dumps({"id": "RoboMeta/Grasp-v0", "kwargs": [1]})},
    ],
)
def test_what_minari_says_of_its_data_may_be_anything(change, exported, tmp_path) -> None:
    shutil.copytree(exported["minari"], tmp_path / "edited")
    path = tmp_path / "edited/data/metadata.json"
    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | change(told)))
    refused(tmp_path / "edited", "minari", tmp_path / "out")


@pytest.mark.parametrize("change", [{"names": 5}, {"names": [[1], 2]}, {"shape": ["x"]}, {"shape": [None]}])
def test_what_lerobot_says_of_its_actions_may_be_anything(change, exported, tmp_path) -> None:
    shutil.copytree(exported["lerobot"], tmp_path / "edited")
    path = tmp_path / "edited/meta/info.json"
    info = json.loads(path.read_text())
    info["features"]["action"] |= change
    path.write_text(json.dumps(info))
    refused(tmp_path / "edited", "lerobot", tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("lerobot", "meta/episodes/chunk-000/file-000.parquet"),
        ("minari", "data/main_data.hdf5"),
        ("robomimic", "."),
    ],
)
def test_flipped_bytes_are_refused_or_change_nothing(name, file, exported, tmp_path) -> None:
    (shutil.copytree if exported[name].is_dir() else shutil.copy)(exported[name], tmp_path / "damaged")
    path = tmp_path / "damaged" / file if file != "." else tmp_path / "damaged"
    rng, whole = random.Random(2), path.read_bytes()
    for case in range(25):
        content = bytearray(whole)
        for _ in range(rng.choice((1, 20))):
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        path.write_bytes(content[: rng.randrange(len(content))] if case % 8 == 0 else content)
        out = tmp_path / f"out{case}"
        try:
            import_dataset(tmp_path / "damaged", name, out)
        except InputError as error:
            assert "\n" not in str(error) and not out.exists()


def test_what_is_done_with_an_item_is_no_damage_of_it() -> None:
    for item in items_told("somewhere", [1]):
        with pytest.raises(ZeroDivisionError):
            item / 0
    with pytest.raises(ExchangeError, match="somewhere: damaged"):
        list(items_told("somewhere", (1 // number for number in (0,))))
