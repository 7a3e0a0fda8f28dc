"""Exported data, read by the libraries that they are for.

Those have an environment of their own, whose Python `ROBO_META_PEERS` names; `tests/demos/exchange/make_peers.sh DIR`
makes it.
"""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from demos.exchange.exporting import export
from demos.exchange.formats import FORMATS
from demos.exchange.importing import import_dataset
from demos.exchange.sentence import task_sentence
from demos.pictures.picture_file import picture_path, read_pictures, write_pictures
from demos.storage.dataset import open_dataset
from demos.storage.episode_file import demo_record

PEERS = os.environ.get("ROBO_META_PEERS", "")
pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(not PEERS, reason="ROBO_META_PEERS names no Python with LeRobot, robomimic and Minari"),
]
READER = Path(__file__).with_name("peer_reader.py")
HEIGHT, WIDTH = 48, 64


@pytest.fixture(scope="module")
def seen(dataset, tmp_path_factory) -> Path:
    """The dataset with pictures: smooth ones, which a video shows nearly as they are."""
    import shutil

    folder = tmp_path_factory.mktemp("seen") / "grasps"
    shutil.copytree(dataset, folder)
    row, column = np.mgrid[:HEIGHT, :WIDTH]
    for number, (key, entry) in enumerate(open_dataset(folder).index["episodes"].items()):
        path = picture_path(folder, "front", key)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Grey, brighter from step to step and from episode to episode, so that a frame of another time shows.
        grey = [(20 + row + column + 9 * step + 5 * number)[..., None] for step in range(entry["steps"] + 1)]
        colour = [np.repeat(one, 3, axis=2).astype(np.uint8) for one in grey]
        depth = [(row + step) / 100 for step in range(entry["steps"] + 1)]
        write_pictures(path, "front", entry["checksum"], colour, depth)
    return folder


@pytest.mark.parametrize("name", FORMATS)
def test_the_library_reads_what_was_exported(name, seen, tmp_path) -> None:
    place = export(seen, name, tmp_path / "root").place
    quiet = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [PEERS, "-W", "ignore", str(READER), name, str(place), str(tmp_path / "first.npz")],
        capture_output=True,
        text=True,
        env={**os.environ, **quiet},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    found = np.load(tmp_path / "first.npz")
    dataset = open_dataset(seen)
    counts, first = dataset.index["counts"], dataset.demo(dataset.keys[0])
    assert (told["episodes"], told["frames"], told["successes"]) == tuple(
        counts[part] for part in ("episodes", "steps", "successes")
    )
    record = demo_record(first)
    assert told["task"] == task_sentence(first.family, record["task"]) and told["success"] == first.success
    # All that it takes to replay it: seeds, physics version, materials.
    assert json.loads(told["record"]) | json.loads(json.dumps(record)) == json.loads(told["record"])
    _check_arrays(name, found, first)
    _check_pictures(found, read_pictures(picture_path(seen, "front", dataset.keys[0])), first.steps)
    if name == "lerobot":
        assert told["fps"] == 10 and told["batch"] == [[4, 14], [4, 3, 5]]
        everything = np.concatenate([demo.actions for demo in dataset]).astype(np.float64)
        assert np.allclose(told["action_std"], everything.std(axis=0), rtol=1e-9)
    elif name == "minari":
        assert told["ended"] == [True, False] and told["contained"] and told["local"] == ["robo_meta/grasps-v0"]
        assert np.array_equal(found["state"][-1], first.state[-1])
    else:
        assert np.array_equal(found["last"][0], first.state[-1])
    assert import_dataset(place, name, tmp_path / "back").equal


def _check_arrays(name, found, demo) -> None:
    """To the last bit: neither parquet nor HDF5 changes a number."""
    steps = demo.steps
    for part, expected in (("actions", demo.actions), ("rewards", demo.rewards), ("state", demo.state[:-1])):
        assert found[part].dtype == np.float32
        assert found[part][:steps].reshape(expected.shape).tobytes() == expected.tobytes(), (name, part)
    assert found["labels"][:steps].tobytes() == demo.labels.tobytes()
    assert all(scan.tobytes() == demo.points.tobytes() for scan in found["points"])


def _check_pictures(found, seen, steps) -> None:
    """Depth to the last bit; colour too, but for LeRobot's video, which is near and in step."""
    assert np.array_equal(found["front_depth"][:steps].reshape(steps, HEIGHT, WIDTH), seen.depth[:steps])
    colour = found["front"][:steps]
    if colour.dtype == np.uint8:
        assert np.array_equal(colour, seen.colour[:steps])
        return
    shown = colour.transpose(0, 2, 3, 1) * 255
    assert np.abs(shown - seen.colour[:steps]).mean() < 3
    # The frame of a step before or after lies 9 greys away.
    assert np.abs(shown[1:] - seen.colour[: steps - 1]).mean() > 6
