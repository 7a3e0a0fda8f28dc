"""Datasets that go out in another format come back the same, file by file; what doesn't fit is refused in one line."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

h5py = pytest.importorskip("h5py", reason='needs pip install "robo-meta[data]"')
pytest.importorskip("pyarrow", reason='needs pip install "robo-meta[data]"')

from demos.exchange.exporting import export  # noqa: E402
from demos.exchange.formats import FORMATS  # noqa: E402
from demos.exchange.importing import import_dataset  # noqa: E402
from demos.pictures.picture_file import picture_path, write_pictures  # noqa: E402
from demos.storage.dataset import open_dataset  # noqa: E402
from robo_meta.cli.main import main  # noqa: E402


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def refused(words: list, capsys, line: str, status: int = 2) -> None:
    """The command ends with the exit status and one line that holds `line`."""
    capsys.readouterr()
    assert main([str(word) for word in words]) == status
    told = capsys.readouterr().err
    assert told.startswith("robo-meta: ") and told.count("\n") == 1 and line in told, told


def nothing_in(folder: Path) -> bool:
    """Whether no file is left there but locks, which are empty."""
    return all(path.is_dir() or path.name.endswith(".lock") for path in folder.rglob("*"))


@pytest.mark.parametrize("name", FORMATS)
def test_a_dataset_comes_back_bit_by_bit(name, dataset, exported, tmp_path) -> None:
    done = import_dataset(exported[name], name, tmp_path / "back")
    assert done.equal and done.missing == 0 and (done.episodes, done.planned) == (len(open_dataset(dataset)), 5)
    assert contents(tmp_path / "back") == contents(dataset)


@pytest.fixture(scope="module")
def pictured(dataset, tmp_path_factory) -> Path:
    """The dataset with pictures of two cameras, one of them with depth."""
    folder = shutil.copytree(dataset, tmp_path_factory.mktemp("pictured") / "grasps")
    for camera, depth in (("front", None), ("wrist", np.full((16, 32), 0.4))):
        for key, entry in open_dataset(folder).index["episodes"].items():
            path = picture_path(folder, camera, key)
            path.parent.mkdir(parents=True, exist_ok=True)
            steps = open_dataset(folder).demo(key).steps + 1
            colour = [np.full((16, 32, 3), 9 * step, np.uint8) for step in range(steps)]
            write_pictures(path, camera, entry["checksum"], colour, None if depth is None else [depth] * steps)
    return folder


@pytest.mark.parametrize("name", FORMATS)
def test_pictures_stay_behind_and_it_says_how_to_draw_them_again(name, pictured, tmp_path) -> None:
    place = export(pictured, name, tmp_path / name).place
    done = import_dataset(place, name, tmp_path / "back")
    assert done.equal and not (tmp_path / "back/pictures").exists()
    said, *commands = (done.pictures or "").replace(" && ", ": ").split(": ")
    assert said == "left behind; draw them again"
    size = "--width 32 --height 16"
    assert commands == [
        f"robo-meta data render {tmp_path / 'back'} --cameras front {size}",
        f"robo-meta data render {tmp_path / 'back'} --cameras wrist --depth {size}",
    ]


def test_pictures_of_others_are_named_too(pictured, tmp_path) -> None:
    place = export(pictured, "robomimic", tmp_path / "theirs").place
    with h5py.File(place, "a") as file:
        del file["robo_meta"]
        for name in file["data"]:
            record = json.loads(file[f"data/{name}"].attrs["robo_meta"])
            told = {part: record[part] for part in ("verdict", "family", "object_id", "task")}
            file[f"data/{name}"].attrs["robo_meta"] = json.dumps(told)
    done = import_dataset(place, "robomimic", tmp_path / "back")
    assert done.equal is None and done.pictures == "left behind: front_image, wrist_depth, wrist_image"
    assert export(pictured, "robomimic", tmp_path / "bare", pictures=False).cameras == ()
    assert import_dataset(tmp_path / "bare", "robomimic", tmp_path / "plain").pictures is None


def test_the_command_says_what_went_along(dataset, tmp_path, capsys) -> None:
    capsys.readouterr()
    assert main(["data", "export", str(dataset), "--to", "robomimic", "--out", str(tmp_path / "x.hdf5"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    counts = open_dataset(dataset).index["counts"]
    assert (told["episodes"], told["frames"], told["successes"]) == (
        counts["episodes"],
        counts["steps"],
        counts["successes"],
    )
    assert told["planned_unseen"] == 5 and told["successes"] < told["episodes"]
    words = ["data", "import", str(tmp_path / "x.hdf5"), "--from", "robomimic", "--out", str(tmp_path / "y"), "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["equal"] is True


def test_a_part_of_what_was_exported_can_come_back(dataset, exported, tmp_path) -> None:
    shutil.copy(exported["robomimic"], tmp_path / "part")
    with h5py.File(tmp_path / "part", "a") as file:
        key = json.loads(file["data/demo_1"].attrs["robo_meta"])["key"]
        del file["data/demo_1"]
    done = import_dataset(tmp_path / "part", "robomimic", tmp_path / "back")
    assert done.equal is False and done.missing == 1
    back = open_dataset(tmp_path / "back")
    assert set(open_dataset(dataset).keys) - set(back.keys) == {key}
    assert back.demo(back.keys[0]) == open_dataset(dataset).demo(back.keys[0])


def test_what_was_changed_on_the_way_is_refused(exported, tmp_path, capsys) -> None:
    shutil.copy(exported["robomimic"], tmp_path / "changed")
    with h5py.File(tmp_path / "changed", "a") as file:
        file["data/demo_2/actions"][0, 0] = 0.25
    words = ["data", "import", tmp_path / "changed", "--from", "robomimic", "--out", tmp_path / "to" / "back"]
    refused(words, capsys, "altered since it was exported")
    assert nothing_in(tmp_path / "to")


def _without_ours(folder: Path, **changes) -> None:
    """Make a LeRobot folder somebody else's, with changes to its description."""
    (folder / "meta/robo_meta.json").unlink()
    info = json.loads((folder / "meta/info.json").read_text())
    info["fps"] = changes.get("fps", info["fps"])
    info["features"].pop(changes.get("without"), None)
    if "action" in changes:
        names = changes["action"]
        info["features"]["action"].update(names=names, shape=[changes.get("size", len(names or [0] * 5))])
    (folder / "meta/info.json").write_text(json.dumps(info))


JOINTS = [f"joint_{number}.pos" for number in range(6)]


@pytest.mark.parametrize(
    "changes, line",
    [
        ({"action": JOINTS}, "action has 6 entries; expected 5: delta_x, delta_y, delta_z, delta_yaw, gripper"),
        ({"action": JOINTS[:5]}, "action means joint_0.pos, joint_1.pos, joint_2.pos, joint_3.pos, joint_4.pos; expec"),
        ({"action": None}, "action has no names, so that its meaning is unknown; expected delta_x"),
        ({"fps": 30}, "fps is 30 a second; expected 10"),
        ({"without": "observation.points"}, "no feature 'observation.points'; expected observation.state"),
    ],
)
def test_lerobot_data_of_another_meaning_are_refused(changes, line, exported, tmp_path, capsys) -> None:
    shutil.copytree(exported["lerobot"], tmp_path / "theirs")
    _without_ours(tmp_path / "theirs", **changes)
    words = ["data", "import", tmp_path / "theirs", "--from", "lerobot", "--out", tmp_path / "to" / "back"]
    refused(words, capsys, line)
    assert not (tmp_path / "to").exists() or nothing_in(tmp_path / "to")


def _robomimic_of_others(path: Path, size: int, attributes: dict, **environment) -> None:
    with h5py.File(path, "w") as file:
        demo = file.create_group("data/demo_0")
        demo.attrs["num_samples"] = 4
        demo["actions"] = np.zeros((4, size), np.float32)
        demo["obs/state"] = np.zeros((4, 14), np.float32)
        file["data"].attrs["env_args"] = json.dumps({"env_name": "Lift", "type": 1, "env_kwargs": environment})
        file["data"].attrs.update({name: json.dumps(names) for name, names in attributes.items()})


@pytest.mark.parametrize(
    "size, attributes, environment, line",
    [
        (7, {}, {"controller_configs": {"type": "OSC_POSE"}}, "controller_configs.type 'OSC_POSE'; expected steps of"),
        (7, {}, {}, "actions has 7 entries; expected 5"),
        (5, {}, {"control_freq": 20}, "control_freq is 20 a second; expected 10"),
        (5, {}, {}, "action has no names"),
        (5, {"action_names": ["x", "y", "z", "yaw", "grip"]}, {}, "action means x, y, z, yaw, grip; expected delta_x"),
    ],
)
def test_robomimic_data_of_another_meaning_are_refused(size, attributes, environment, line, tmp_path, capsys) -> None:
    _robomimic_of_others(tmp_path / "theirs.hdf5", size, attributes, **environment)
    words = ["data", "import", tmp_path / "theirs.hdf5", "--from", "robomimic", "--out", tmp_path / "back"]
    refused(words, capsys, line)
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize(
    "change, line",
    [
        ({"action_space": {"type": "Box", "shape": [7]}}, "action_space has 7 entries; expected 5"),
        (
            {"action_space": {"type": "Discrete", "n": 4}},
            "action_space is of type 'Discrete'; expected Box: delta_x",
        ),
        ({"observation_space": {"type": "Box", "shape": [14]}}, "observation_space holds no table of parts"),
        ({"env_spec": {"id": "AdroitHandDoor-v1"}}, "env_spec is of 'AdroitHandDoor-v1', so what its actions mean"),
    ],
)
def test_minari_data_of_another_meaning_are_refused(change, line, exported, tmp_path, capsys) -> None:
    shutil.copytree(exported["minari"], tmp_path / "theirs")
    path = tmp_path / "theirs/data/metadata.json"
    metadata = json.loads(path.read_text())
    del metadata["robo_meta"]
    path.write_text(json.dumps({**metadata, **{name: json.dumps(value) for name, value in change.items()}}))
    words = ["data", "import", tmp_path / "theirs", "--from", "minari", "--out", tmp_path / "back"]
    refused(words, capsys, line)
    assert not (tmp_path / "back").exists()


def test_our_data_with_another_action_meaning_are_refused(exported, tmp_path, capsys) -> None:
    shutil.copytree(exported["lerobot"], tmp_path / "later")
    path = tmp_path / "later/meta/robo_meta.json"
    header = json.loads(path.read_text())
    header["action"]["frame"] = "hand"
    path.write_text(json.dumps(header))
    words = ["data", "import", tmp_path / "later", "--from", "lerobot", "--out", tmp_path / "back"]
    refused(words, capsys, "action.frame is 'hand'; expected 'world'")


def test_data_of_others_come_in_where_they_carry_what_is_needed(dataset, exported, tmp_path, capsys) -> None:
    shutil.copytree(exported["lerobot"], tmp_path / "theirs")
    (tmp_path / "theirs/meta/robo_meta.json").unlink()
    refused(
        ["data", "import", tmp_path / "theirs", "--from", "lerobot", "--out", tmp_path / "back"],
        capsys,
        "robo_meta has an unknown field 'checksum'",
    )
    shutil.copy(exported["robomimic"], tmp_path / "theirs.hdf5")
    with h5py.File(tmp_path / "theirs.hdf5", "a") as file:
        del file["robo_meta"]
        for name in file["data"]:
            record = json.loads(file[f"data/{name}"].attrs["robo_meta"])
            told = {part: record[part] for part in ("verdict", "family", "object_id", "task")}
            file[f"data/{name}"].attrs["robo_meta"] = json.dumps(told)
    done = import_dataset(tmp_path / "theirs.hdf5", "robomimic", tmp_path / "back")
    assert done.equal is None and done.episodes == len(open_dataset(dataset))
    first = next(iter(open_dataset(tmp_path / "back")))
    original = next(iter(open_dataset(dataset)))
    assert np.array_equal(first.actions, original.actions) and first.verdict == original.verdict
    assert first.provenance.versions["physics"] == "unknown"
    # Nobody knows its physics, so no picture can be drawn of it.
    refused(["data", "render", tmp_path / "back"], capsys, "recorded with physics unknown")


def test_one_writer_of_data_without_a_record_is_told_what_lacks(exported, tmp_path, capsys) -> None:
    shutil.copy(exported["robomimic"], tmp_path / "theirs.hdf5")
    with h5py.File(tmp_path / "theirs.hdf5", "a") as file:
        del file["robo_meta"]
        del file["data/demo_0"].attrs["robo_meta"]
    words = ["data", "import", tmp_path / "theirs.hdf5", "--from", "robomimic", "--out", tmp_path / "to" / "back"]
    refused(words, capsys, "demo_0 has no record 'robo_meta' of verdict, family, object_id, task")
    assert nothing_in(tmp_path / "to")


@pytest.mark.parametrize("name", FORMATS)
def test_bad_places_are_one_line_and_nothing_half_written(name, dataset, tmp_path, capsys) -> None:
    out = tmp_path / "out"
    shutil.copytree(dataset, tmp_path / "damaged")
    last = sorted((tmp_path / "damaged/episodes").iterdir())[-1]
    last.write_bytes(last.read_bytes()[:-1])
    refused(["data", "export", tmp_path / "damaged", "--to", name, "--out", out], capsys, "truncated or damaged")
    shutil.copytree(dataset, tmp_path / "planned-alone", ignore=shutil.ignore_patterns("index.json", "*-demo-*"))
    words = ["data", "export", tmp_path / "planned-alone", "--to", name, "--out", out]
    refused(words, capsys, "only planned demonstrations (5 tasks), which have no actions")
    refused(["data", "export", tmp_path / "none", "--to", name, "--out", out], capsys, "no such dataset folder")
    assert not out.exists() or nothing_in(out)
    refused(
        ["data", "import", tmp_path / "none", "--from", name, "--out", tmp_path / "in"], capsys, f"{tmp_path / 'none'}"
    )
    (tmp_path / "torn").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(40))
    refused(["data", "import", tmp_path / "torn", "--from", name, "--out", tmp_path / "in"], capsys, "torn")
    assert nothing_in(tmp_path / "in")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/mine").write_text("stays")
    refused(["data", "import", tmp_path / "torn", "--from", name, "--out", tmp_path / "taken"], capsys, "is there alr")
    if name != "minari":
        words = ["data", "export", dataset, "--to", name, "--out", tmp_path / "taken"]
        refused(words, capsys, "taken: is there already; expected a new name for --out")
    assert contents(tmp_path / "taken") == {"mine": b"stays"}


def test_a_missing_library_is_named(dataset, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    words = ["data", "export", dataset, "--to", "minari", "--out", tmp_path / "out"]
    refused(words, capsys, '--to minari needs h5py, which is missing; pip install "robo-meta[data]"')
    assert nothing_in(tmp_path)


def test_what_a_killed_export_left_is_cleared_away(dataset, tmp_path) -> None:
    (tmp_path / ".out.4194303.tmp").mkdir()
    (tmp_path / ".out.4194303.tmp/half").write_text("")
    export(dataset, "lerobot", tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"out", ".out.lock"}


def test_what_minari_collected_in_our_environment_comes_in_by_its_seeds(exported, tmp_path, capsys) -> None:
    import gymnasium

    import robo_meta  # noqa: F401

    env = gymnasium.make("RoboMeta/Grasp-v0", split="validation")
    shutil.copytree(exported["minari"], tmp_path / "theirs")
    metadata = json.loads((tmp_path / "theirs/data/metadata.json").read_text())
    del metadata["robo_meta"]
    metadata["env_spec"] = (
        gymnasium.spec("RoboMeta/Grasp-v0").to_json().replace('"kwargs": {}', '"kwargs": {"split": "validation"}')
    )
    assert "validation" in metadata["env_spec"]
    (tmp_path / "theirs/data/metadata.json").write_text(json.dumps(metadata))
    with h5py.File(tmp_path / "theirs/data/main_data.hdf5", "w") as file:
        for number, seed in enumerate((2**63 + 5, 7)):
            observation, _ = env.reset(seed=seed)
            seen, scene = [observation], env.unwrapped.scene
            for _ in range(2):
                seen.append(env.step(np.zeros(5, np.float32))[0])
            group = file.create_group(f"episode_{number}")
            group.attrs["seed"] = seed
            for name in ("state", "points"):
                group[f"observations/{name}"] = np.stack([one[name] for one in seen])
            group["actions"], group["rewards"] = np.zeros((2, 5), np.float32), np.array([0.0, 1.0])
    done = import_dataset(tmp_path / "theirs", "minari", tmp_path / "back")
    last = open_dataset(tmp_path / "back").demo(open_dataset(tmp_path / "back").keys[1])
    assert (done.episodes, done.successes) == (2, 2) and last.family == scene.object.family
    assert last.task.densities == scene.task.densities
    with h5py.File(tmp_path / "theirs/data/main_data.hdf5", "a") as file:
        file["episode_1"].attrs["seed"] = 8
    words = ["data", "import", tmp_path / "theirs", "--from", "minari", "--out", tmp_path / "other"]
    refused(words, capsys, "episode_1: its seed draws another scan here")


def test_the_guides_commands_run(dataset, tmp_path, monkeypatch, capsys) -> None:
    guide = (Path(__file__).parents[3] / "docs/GUIDE.md").read_text(encoding="utf-8")
    section = guide.partition("## Data for other libraries")[2].partition("\n## ")[0]
    commands = [line.split() for line in section.partition("```sh\n")[2].partition("```")[0].splitlines()]
    assert len(commands) == 5
    shutil.copytree(dataset, tmp_path / "extra")
    monkeypatch.chdir(tmp_path)
    for program, *words in commands:
        assert program == "robo-meta" and main(words) == 0
    assert contents(tmp_path / "again") == contents(tmp_path / "once-more") == contents(dataset)
