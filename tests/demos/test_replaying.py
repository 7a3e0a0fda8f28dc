"""A replay is the recorded episode, bit for bit, or an error that says why not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from demos.expert.episode import record_episode, shared_env
from demos.recording.config import RecordConfig
from demos.recording.recorder import record
from demos.replaying import ReplayError, replay_of, replay_of_demo
from demos.storage.dataset import Dataset, open_dataset


def still(scene, seed, *, object_id, provenance):
    """An actor of one's own, which plays with the seed that it is given and fails."""

    def act(observation):
        return np.zeros(5, dtype=np.float32), np.zeros(5, dtype=np.float32)

    return record_episode(shared_env(), scene, seed, act, object_id=object_id, provenance=provenance)


def elsewhere(scene, seed, **labels):
    """An actor that plays with a seed of its own."""
    return still(scene, np.random.SeedSequence(4), **labels)


def recorded(folder: Path, actor=None, **options) -> Dataset:
    name = {"actor": "own"} if actor else {}
    record(RecordConfig(folder, tasks=1, families=("hammer",), seed=3, **options, **name), actor, progress=False)
    return open_dataset(folder)


@pytest.fixture(scope="module")
def expert(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return recorded(tmp_path_factory.mktemp("replaying") / "expert", demos=1, planned=1)


def test_the_experts_episode_is_played_again(expert):
    (key,) = expert.keys
    replay, moments = replay_of(expert, key), []
    episode = replay.run(shared_env(), moments.append)
    demo = expert.demo(key)
    for name in ("state", "points", "actions", "labels", "rewards"):
        assert np.array_equal(getattr(episode, name), getattr(demo, name)), name
    assert episode.success and episode.verdict == demo.verdict
    # One moment for each recorded state.
    pairs = zip(moments, demo.state, strict=True)
    assert all(np.array_equal(moment.observation["state"], state) for moment, state in pairs)
    assert [moment.terminated for moment in moments] == [False] * demo.steps + [True]


def test_an_own_actors_failure_is_played_again(tmp_path):
    dataset = recorded(tmp_path / "still", still, demos=1, attempts=1, keep_failures=True)
    episode = replay_of(dataset, dataset.keys[0]).run(shared_env())
    assert not episode.success and episode.steps == 45


def test_an_actor_with_a_seed_of_its_own_is_refused(tmp_path):
    dataset = recorded(tmp_path / "elsewhere", elsewhere, demos=1, attempts=1, keep_failures=True)
    with pytest.raises(ReplayError, match="played another scene or seed"):
        replay_of(dataset, dataset.keys[0])


def test_what_comes_out_otherwise_is_refused_at_its_first_state(expert):
    demo, config = expert.demo(expert.keys[0]), expert.index["config"]
    actions = demo.actions.copy()
    actions[3, :2] += np.where(actions[3, :2] > 0, -0.1, 0.1)
    with pytest.raises(ReplayError, match=r"state 4 differs from the recorded one by 0\.\d+; recorded on another"):
        replay_of_demo(replace(demo, actions=actions), config).run(shared_env())
    cut = {name: getattr(demo, name)[:5] for name in ("actions", "labels", "rewards")}
    with pytest.raises(ReplayError, match="goes on after its 5 recorded actions"):
        replay_of_demo(replace(demo, state=demo.state[:6], **cut), config).run(shared_env())
    with pytest.raises(ReplayError, match="judged otherwise"):
        replay_of_demo(replace(demo, verdict={**demo.verdict, "level": False}), config).run(shared_env())


def test_what_cannot_be_replayed_is_refused_in_one_line(expert):
    (key,) = expert.keys
    demo, config = expert.demo(key), expert.index["config"]
    old = replace(demo.provenance, versions={**demo.provenance.versions, "physics": "0"})
    with pytest.raises(ReplayError, match="recorded with physics 0, this version has 1"):
        replay_of_demo(replace(demo, provenance=old), config)
    with pytest.raises(ReplayError, match="another task or object"):
        replay_of_demo(replace(demo, object_id="b0"), config)
    with pytest.raises(ReplayError, match="not a recorder's"):
        replay_of_demo(replace(demo, provenance=replace(demo.provenance, path=("play", 3))), config)
    with pytest.raises(ReplayError, match=r"unknown family 'lost-cup'.*name its library with --objects"):
        replay_of_demo(demo, {**config, "families": ["lost-cup"], "split": "lost", "libraries": ["0" * 64]})
    with pytest.raises(ReplayError, match="planned demonstrations are grasps without an episode"):
        replay_of(expert, next(iter(expert.index["planned"])))
    with pytest.raises(ReplayError, match=rf"no episode 'nothing'; the closest is '{key}'"):
        replay_of(expert, "nothing")
