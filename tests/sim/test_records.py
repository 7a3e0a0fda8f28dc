"""Records travel: copies and unpickled ones are equal and as read-only as the original, in other processes too."""

import copy
import pickle
from dataclasses import FrozenInstanceError, replace

import gymnasium
import numpy as np
import pytest

import sim  # noqa: F401  (registers the environment)
from demos.demo import Demo, provenance
from demos.support import SupportItem
from robo_meta.scenarios.rollout import Outcome
from sim.frames import Pose
from sim.objects.prisms import Prism
from sim.objects.spec import ObjectError
from sim.records import FrozenMapping
from sim.tasks.queries import draw_query
from sim.tasks.sampling import draw_scene, draw_task

TASK = draw_task(0, "training", 3)
SCENE = draw_scene(0, TASK, "hammer", "a0")
DEMO = Demo(
    state=np.zeros((3, 14)),
    points=np.ones((5, 6)),
    actions=np.zeros((2, 5)),
    labels=np.zeros((2, 5)),
    rewards=np.zeros(2),
    verdict={"lifted": True},
    family="hammer",
    object_id="a0",
    task=TASK,
    provenance=provenance("expert", 0, ("training", 3)),
)
RECORDS = {
    "task": TASK,
    "scene": SCENE,
    "query": draw_query(0, "validation", 0),
    "demo": DEMO,
    "support item": SupportItem(np.ones((5, 6)), np.zeros((3, 7)), np.zeros((2, 5)), np.zeros(4), True, "hammer", "a0"),
    "outcome": Outcome(True, {"lifted": True}, 9, (0.0, 0.0, 0.01, 0.0), 1.0, 0.5, "learned"),
    "pose": Pose(np.zeros(3), np.array([0.0, 0.0, 0.0, 1.0])),
}
COPIES = {
    "pickle": lambda record: pickle.loads(pickle.dumps(record)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("name", RECORDS)
def test_copies_are_equal_and_hash_alike(name: str, way: str):
    record = RECORDS[name]
    found = COPIES[way](record)
    assert found == record
    assert hash(found) == hash(record)


@pytest.mark.parametrize("way", COPIES)
def test_copies_are_read_only(way: str):
    scene, demo, pose = (COPIES[way](record) for record in (SCENE, DEMO, RECORDS["pose"]))
    arrays = [scene.object.parts[0].outline, demo.state, demo.points, demo.actions, demo.labels, demo.rewards]
    for array in (*arrays, pose.position, pose.quat_xyzw):
        assert not array.flags.writeable
    with pytest.raises(TypeError):
        scene.task.densities["red"] = 1.0
    with pytest.raises(FrozenInstanceError):
        scene.object.parts[0].height = 1.0


def test_records_that_differ_in_one_number_differ():
    part = SCENE.object.parts[0]
    assert replace(part, outline=part.outline * 1.001) != part
    assert replace(part, height=part.height * 1.001) != part
    assert replace(DEMO, state=DEMO.state + 1) != DEMO
    assert replace(DEMO, verdict={"lifted": False}) != DEMO
    assert part != "part"


def test_minus_zero_equals_zero_and_hashes_like_it():
    one, other = (Pose(np.array([zero, 0.0, 0.0]), np.array([0.0, 0.0, 0.0, 1.0])) for zero in (0.0, -0.0))
    assert one == other
    assert hash(one) == hash(other)


def test_an_unpickled_record_is_checked():
    kind, (cls, values) = SCENE.object.parts[0].__reduce__()
    assert cls is Prism
    with pytest.raises(ObjectError, match="part height -1"):
        kind(cls, values | {"height": -1.0})


class TestFrozenMapping:
    def test_is_a_mapping_in_order_that_equals_a_dict(self):
        mapping = FrozenMapping({"b": 1, "a": 2})
        assert list(mapping) == ["b", "a"]
        assert (len(mapping), mapping["a"], mapping.get("c")) == (2, 2, None)
        assert mapping == {"a": 2, "b": 1}
        assert mapping != {"a": 2}
        assert repr(mapping) == "{'b': 1, 'a': 2}"

    def test_keeps_no_door_to_the_original(self):
        original = {"a": 1}
        mapping = FrozenMapping(original)
        original["a"] = 2
        assert mapping["a"] == 1

    def test_refuses_changes(self):
        mapping = FrozenMapping({"a": 1})
        with pytest.raises(TypeError):
            mapping["a"] = 2
        with pytest.raises(TypeError):
            del mapping["a"]
        with pytest.raises(AttributeError):
            mapping.other = 2

    def test_hashes_by_content(self):
        assert len({FrozenMapping({"a": 1, "b": 2}), FrozenMapping({"b": 2, "a": 1})}) == 1


def test_a_scene_travels_to_the_workers_of_a_vector_environment():
    # `fork` needs no importable `__main__`, whatever started these tests.
    many = gymnasium.make_vec(
        "RoboMeta/Grasp-v0", num_envs=2, vectorization_mode="async", vector_kwargs={"context": "fork"}
    )
    try:
        first, _ = many.reset(seed=7, options={"scene": SCENE})
        again, _ = many.reset(seed=7, options={"scene": pickle.loads(pickle.dumps(SCENE))})
    finally:
        many.close(terminate=True)
    assert first["points"].shape == (2, 512, 6)
    np.testing.assert_array_equal(first["points"], again["points"])
    # Other seeds for other workers: the same object in another pose.
    assert not np.array_equal(first["state"][0], first["state"][1])
