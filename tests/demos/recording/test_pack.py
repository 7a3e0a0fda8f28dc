"""Packed training data: what planned and recorded demonstrations turn into, and that damage is noticed."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from demos.demo import provenance
from demos.expert.grasp_plan import plan_grasp
from demos.hindsight import support_item
from demos.recording.config import RecordConfig
from demos.recording.pack import TRAINING_FILE, pack
from demos.recording.planned import LABELLED, other_intentions, plan_demo, plan_task, seen_through
from demos.recording.recorder import record
from demos.recording.task_scenes import demo_scene
from demos.storage.dataset import episode_path, make_folders, open_dataset
from demos.storage.derived_index import build_index
from demos.storage.episode_file import StoreError, write_demo
from demos.storage.folder import PLANNED
from demos.storage.index_file import write_index
from demos.storage.packed_file import PACKED, write_packed_file
from demos.storage.planned_file import PLANNED_CHUNK, read_planned_chunk
from demos.support import eligible
from robo_meta.training.data import LAYOUT, TrainingDataError, load_training_data
from sim.frames import Pose, quat_from_yaw
from sim.objects.graspable import end_holds, outer_ends
from sim.palette import PALETTE
from sim.sensing import POINT_COUNT, PoseBias
from sim.shapes.families import FAMILIES
from sim.tasks.sampling import draw_task
from sim.tasks.scenes import NO_NOISE
from tests.altered import altered, other_schema

CONFIG = RecordConfig(out="unused", demos=2).identity


@pytest.fixture(scope="module")
def planned_config(tmp_path_factory):
    return RecordConfig(out=tmp_path_factory.mktemp("planned"), tasks=0, planned=35, families=("bar", "hammer"), seed=2)


@pytest.fixture(scope="module")
def planned(planned_config):
    """35 planned tasks in two chunks, packed."""
    record(planned_config, progress=False)
    return pack(planned_config.out)


def test_planned_tasks_have_the_contracts_shapes_and_labels(planned):
    data = load_training_data(planned)
    assert data.points.shape == (35, 4, POINT_COUNT, 6)
    assert data.points.dtype == torch.float16
    assert data.object.tolist() == [[0, 0, 1, 2]] * 35
    assert {data.families[index] for index in data.family.unique()} == {"bar", "hammer"}
    assert len(data.hand) == len(data.hand_actions) == len(data.hand_targets) == len(data.hand_episode) == 0
    assert set(data.intention.tolist()) == {0, 1}
    for row in data.densities:
        assert (row > 0).sum() == 2
        assert 3 - 1e-5 <= row.max() / row[row > 0].min() <= 10 + 1e-5
    for transfer in ("same-object", "new-instance", "new-shape"):
        assert eligible(data.family.numpy(), data.object.numpy(), transfer).any(axis=2).any(axis=1).all()


def test_the_two_colours_seen_are_those_of_the_materials(planned):
    data = load_training_data(planned)
    palette = torch.tensor(list(PALETTE.values()))
    nearest = torch.cdist(data.points[..., 3:].float().reshape(-1, 3), palette).argmin(1).reshape(35, -1)
    for task in range(35):
        seen = torch.bincount(nearest[task], minlength=8) > 4
        assert set(seen.nonzero().flatten().tolist()) == set((data.densities[task] > 0).nonzero().flatten().tolist())


def test_a_chunk_is_the_same_whoever_draws_it_and_is_not_drawn_twice(planned, planned_config, tmp_path):
    chunks = sorted((planned_config.out / PLANNED).glob("*.safetensors"))
    assert len(chunks) == 2
    again = RecordConfig(out=tmp_path, tasks=0, planned=35, families=("bar", "hammer"), seed=2, workers=2)
    (tmp_path / PLANNED).mkdir()
    (tmp_path / PLANNED / chunks[1].name).write_bytes(chunks[1].read_bytes())
    stamp = (tmp_path / PLANNED / chunks[1].name).stat().st_mtime_ns
    record(again, progress=False)
    assert [path.read_bytes() for path in sorted((tmp_path / PLANNED).glob("*"))] == [p.read_bytes() for p in chunks]
    assert (tmp_path / PLANNED / chunks[1].name).stat().st_mtime_ns == stamp
    assert pack(tmp_path).read_bytes() == planned.read_bytes()


def test_planned_tasks_follow_the_recorded_ones_and_differ_from_them(tmp_path, fake_actors):
    config = RecordConfig(out=tmp_path, actor=f"{fake_actors}:steady", tasks=2, demos=2, planned=2, families=("bar",))
    record(config, progress=False)
    data = load_training_data(pack(tmp_path))
    assert len(data.densities.unique(dim=0)) == 4
    for row in (2, 3):
        expected = plan_task(config, row)
        assert np.array_equal(data.grasps[row], expected["grasps"])
        assert np.array_equal(data.points[row], expected["points"])
        assert np.array_equal(data.graspable[row], expected["graspable"])
    # Nobody noted that of recorded episodes.
    assert (data.graspable[:2] == -1).all()


def test_without_noise_a_planned_grasp_is_the_plan():
    config = RecordConfig(out="unused", tasks=0, planned=1, intention="balance")
    scene, _ = demo_scene(config, 0, 0)
    quiet = type(scene)(scene.task, scene.object, scene.mass, NO_NOISE)
    plan = plan_grasp(scene)
    _, grasp, _ = plan_demo(quiet, np.random.default_rng(0))
    across = np.array([-np.sin(plan[3]), np.cos(plan[3])])
    assert abs((grasp[:2] - scene.mass_properties.centre[:2]) @ across) < 1e-6
    assert grasp[2:] == pytest.approx(plan[2:], abs=0.05)
    noisy = np.stack([plan_demo(scene, np.random.default_rng(seed))[1] for seed in range(200)])
    assert (noisy[:, :2] - grasp[:2]).std(axis=0).max() < 0.012
    assert (noisy[:, :2] - grasp[:2]).std(axis=0).min() > 0.003
    assert np.abs(np.cos(noisy[:, 3] - grasp[3])).min() > np.cos(0.2)


def test_the_other_intentions_of_a_task_are_planned_on_the_same_scan():
    config = RecordConfig(out="unused", tasks=0, planned=1)
    scene, _ = demo_scene(config, 0, 0)
    scene = replace(scene, noise=NO_NOISE)
    intentions = other_intentions(scene.task)
    asked = [(intention.intention, intention.part_colour) for intention in (scene.task, *intentions)]
    assert sorted(asked, key=str) == sorted([("balance", None), *(("part", c) for c in scene.task.densities)], key=str)
    points, grasp, others = plan_demo(scene, np.random.default_rng(0), intentions)
    alone_points, alone_grasp, _ = plan_demo(scene, np.random.default_rng(0))
    assert np.array_equal(points, alone_points)
    assert np.array_equal(grasp, alone_grasp)
    for intention, other in zip(intentions, others, strict=True):
        assert other[:2] == pytest.approx(plan_grasp(replace(scene, task=intention))[:2], abs=1e-6)
    rows = plan_task(config, 0)["other_grasps"]
    assert rows.shape == (4, 2, 4)
    assert np.isfinite(rows).all()
    # Who asks for one intention gets no other one, and no second intention is planned where three colours leave it
    # open.
    assert np.isnan(plan_task(replace(config, intention="balance"), 0)["other_grasps"]).all()
    assert other_intentions(draw_task(0, "training", 0, colours=3)) == ()


def test_where_an_end_could_be_taken_is_noted():
    config = RecordConfig(out="unused", tasks=0, planned=1)
    rows = plan_task(config, 0)
    assert rows["graspable"].shape == (4, LABELLED)
    for demo, labels in enumerate(rows["graspable"]):
        scene, _ = demo_scene(config, 0, demo)
        points = rows["points"][demo, :LABELLED, :2].astype(float)
        assert labels.tolist() == end_holds(scene.object, points).tolist()
        assert 0.1 < labels.mean() < 0.95
        # Where a intention for a part is met, the fingers take an end, and so they could at the nearest points.
        ends = np.concatenate([outer_ends(scene.object, colour)[:, :2] for colour in scene.task.densities])
        near = np.hypot(*(points[:, None] - ends[None]).T).min(axis=0) < 0.004
        assert not near.any() or labels[near].mean() > 0.5


def test_a_grasp_read_through_a_biased_pose():
    """The object is taken to lie 1 cm further along x and turned by +90°: the grasp moves the other way."""
    true = Pose(np.array([0.5, 0.0, 0.0]), quat_from_yaw(0.0))
    seen = PoseBias(np.array([0.01, 0.0, 0.0]), np.pi / 2).apply(true)
    assert seen_through(seen, true, np.array([0.05, 0.0, 0.02, 0.3])) == pytest.approx(
        [0, -0.04, 0.02, 0.3 - np.pi / 2]
    )


@pytest.fixture
def recorded(tmp_path, make_demo):
    """Two tasks of two demos, one kept failure, and a third task that lacks a demo."""
    make_folders(tmp_path)
    for task, demo, held in ((0, 0, True), (0, 1, True), (1, 0, False), (1, 0, True), (1, 1, True), (2, 0, True)):
        path = ("training", task, "demo", demo, 1 if (task, held) == (1, True) else 0)
        changes = {"object_id": ("a0", "b0")[demo], "family": ("hammer", "bar")[demo], "verdict": {"held": held}}
        played = make_demo(task, steps=5 + task, provenance=provenance("expert", 0, path), **changes)
        write_demo(episode_path(tmp_path, played.provenance.key), played, CONFIG)
    write_index(tmp_path, build_index(tmp_path))
    return tmp_path


def test_recorded_episodes_become_tasks_and_hand_steps(recorded):
    data = load_training_data(pack(recorded))
    successes = [demo for demo in open_dataset(recorded) if demo.success]
    assert data.points.shape[:2] == (2, 2)
    assert [[data.families[index] for index in row] for row in data.family] == [["hammer", "bar"]] * 2
    assert data.families == tuple(FAMILIES)
    assert len(data.hand) == sum(demo.steps for demo in successes) == 5 + 5 + 6 + 6 + 7
    assert data.hand_episode.bincount().tolist() == [demo.steps for demo in successes]
    item = support_item(successes[1])
    rows = data.hand_episode == 1
    assert np.array_equal(data.hand[rows], item.hand[:-1])
    assert np.array_equal(data.hand_targets[rows][2], item.grasp)
    assert np.array_equal(data.grasps[0, 1], item.grasp)
    assert not np.array_equal(data.hand_actions[rows], item.actions)  # labels, not what was executed


def test_a_dataset_with_no_whole_task_is_refused(tmp_path, make_demo):
    make_folders(tmp_path)
    demo = make_demo()
    write_demo(episode_path(tmp_path, demo.provenance.key), demo, {**CONFIG, "demos": 4})
    with pytest.raises(StoreError, match="no task has its 4 demonstrations; record more"):
        pack(tmp_path)
    assert not (tmp_path / TRAINING_FILE).exists()


def test_a_damaged_chunk_is_noticed(recorded, planned_config, planned):
    chunk = next((planned_config.out / PLANNED).glob("*"))
    content = chunk.read_bytes()
    try:
        for damaged in (content[:-9], content[:-9] + b"\x01" + content[-8:]):
            chunk.write_bytes(damaged)
            with pytest.raises(StoreError, match=chunk.name):
                pack(planned_config.out)
    finally:
        chunk.write_bytes(content)


def test_a_chunk_without_labels_is_of_another_version(planned_config, planned, tmp_path):
    old = tmp_path / "old.safetensors"
    old.write_bytes(sorted((planned_config.out / PLANNED).glob("*.safetensors"))[0].read_bytes())
    altered(old, PLANNED_CHUNK, drop="graspable")
    with pytest.raises(StoreError, match="no array 'graspable'; delete it and record again"):
        read_planned_chunk(old, list(FAMILIES))


def test_a_chunk_counts_its_own_families(planned_config, planned, tmp_path):
    chunk = tmp_path / "000000.safetensors"
    chunk.write_bytes(sorted((planned_config.out / PLANNED).glob("*.safetensors"))[0].read_bytes())
    now = list(FAMILIES)
    before = read_planned_chunk(chunk, now)["family"]
    turned = read_planned_chunk(chunk, now[::-1])["family"]
    assert [[now[::-1][i] for i in row] for row in turned] == [[now[i] for i in row] for row in before]
    with pytest.raises(StoreError, match=r"of family 'bar', which is unknown here; register it first"):
        read_planned_chunk(chunk, [name for name in now if name != "bar"])
    altered(chunk, PLANNED_CHUNK, family=np.full((32, 4), -7, np.int16))
    with pytest.raises(StoreError, match=r"family holds -7; expected values from 0 to \d+; delete it and record again"):
        read_planned_chunk(chunk, now)


@pytest.mark.parametrize("kind", ["missing", "truncated", "altered", "schema", "array", "shape", "labels", "places"])
def test_packed_data_that_does_not_fit_is_refused_with_one_clear_line(planned, tmp_path, kind):
    path = tmp_path / TRAINING_FILE
    content = planned.read_bytes()
    arrays = {name: np.zeros([{"N": 2, "D": 4, "P": 96, "M": 0, "L": 16}.get(a, a) for a in axes], dtype)
              for name, (dtype, axes) in LAYOUT.items()}  # fmt: skip
    if kind == "truncated":
        path.write_bytes(content[:-9])
    elif kind == "altered":
        path.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    elif kind == "schema":
        path.write_bytes(content)
        other_schema(path, PACKED)
    elif kind in ("array", "shape", "labels", "places"):
        if kind == "array":
            del arrays["grasps"]
        elif kind == "shape":
            arrays["grasps"] = arrays["grasps"][:, :3]
        elif kind == "labels":
            arrays["graspable"] += 2
        else:
            arrays["points"] = arrays["points"][:, :, :15]
        write_packed_file(path, arrays, ["bar"], {"config": CONFIG})
    expected = {
        "missing": "no packed training data",
        "truncated": "truncated or damaged",
        "altered": "altered: its checksum",
        "schema": "schema '0', this version reads '3'; pack again",
        "array": "no array 'grasps'",
        "shape": "grasps is float32 (2, 3, 4), expected float32 (2, 4, 4)",
        "labels": "graspable holds 2; expected values from -1 to 1",
        "places": "graspable of shape (2, 4, 16); expected labels for at most 15 points",
    }[kind]
    with pytest.raises(TrainingDataError) as error:
        load_training_data(tmp_path)
    assert expected in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_reading_needs_no_simulator(planned):
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}\nsys.modules['gymnasium'] = None\n"
        "from robo_meta.training.data import load_training_data\n"
        f"load_training_data({str(planned)!r})\n"
        "print([m for m in ('pybullet', 'sim.env', 'sim.tasks', 'sim.shapes', 'rich', 'shapely') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
