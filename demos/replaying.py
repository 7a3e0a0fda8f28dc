"""Replaying recorded episodes: the same scene, seed and actions, and so the same motion, bit for bit.

A dataset keeps no scene and no picture. Both follow from what an episode says of itself: its recording's configuration
and seed path draw the scene, its actions move the arm. Every state on the way is compared with the recorded one, so
that a replay is either the recorded episode or an error.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium.utils.seeding import np_random

from demos.demo import Demo
from demos.expert.episode import Episode, GraspWorld, Moment, Observation, play
from demos.recording.config import RecordConfig
from demos.recording.task_scenes import demo_scene
from demos.storage.dataset import Dataset
from sim.episode.start import Start
from sim.errors import InputError
from sim.robot import Workspace
from sim.shapes.family import FamilyError, UnknownFamily
from sim.tasks.scenes import Scene
from sim.tasks.seeds import seed_sequence
from sim.versions import PHYSICS, VERDICT


class ReplayError(InputError):
    """An episode that cannot be replayed here, or did not come out as it was recorded."""


@dataclass(frozen=True, eq=False)
class Replay:
    """An episode with all that is needed to play it again."""

    name: str
    """For messages: the dataset's folder and the episode's key."""
    demo: Demo
    """What was recorded."""
    scene: Scene
    """What was grasped: privileged."""
    seed: int
    """The rollout seed, which drew pose, arm start and noise."""

    def run(self, env: GraspWorld, seen: Callable[[Moment], None] | None = None) -> Episode:
        """Play the episode again; the loop is that of all episodes, `demos.expert.episode.play`.

        Args:
            env: the environment to play in, e.g. `demos.expert.episode.shared_env()`.
            seen: called after the reset and after each of the T actions, so T+1 times, with the world as it then is;
                at the last one the object has been lifted, held and shaken.

        Returns:
            The episode as it was played now: equal to the recorded one in every state, reward and part of the verdict.

        Raises:
            ReplayError: a state, reward or part of the verdict that differs.
        """

        def watch(moment: Moment) -> None:
            act.compare(moment)
            if seen is not None:
                seen(moment)

        act = _Recorded(self)
        episode = play(env, self.scene, self.seed, act, seen=watch)
        act.compare_end(episode)
        return episode


class _Recorded:
    """Acts as recorded, and compares what it sees with what was seen then."""

    def __init__(self, replay: Replay) -> None:
        self._replay, self._step = replay, 0

    def __call__(self, observation: Observation) -> tuple[np.ndarray, np.ndarray]:
        demo = self._replay.demo
        if self._step >= demo.steps:
            raise ReplayError(f"{self._replay.name}: goes on after its {demo.steps} recorded actions{_ELSEWHERE}")
        self._step += 1
        return demo.actions[self._step - 1], demo.labels[self._step - 1]

    def compare(self, moment: Moment) -> None:
        """Compare a moment's state with the recorded one."""
        demo = self._replay.demo
        seen, recorded = moment.observation["state"], demo.state[self._step]
        if seen.tobytes() != recorded.tobytes():
            gap = float(np.abs(seen - recorded).max())
            raise ReplayError(
                f"{self._replay.name}: state {self._step} differs from the recorded one by {gap:.2g}{_ELSEWHERE}"
            )

    def compare_end(self, episode: Episode) -> None:
        """Compare what only the end tells."""
        demo = self._replay.demo
        if episode.steps != demo.steps:
            raise ReplayError(
                f"{self._replay.name}: ended after {episode.steps} of {demo.steps} recorded actions{_ELSEWHERE}"
            )
        if episode.rewards.tobytes() != demo.rewards.tobytes() or dict(episode.verdict) != dict(demo.verdict):
            raise ReplayError(f"{self._replay.name}: judged otherwise than recorded{_ELSEWHERE}")


_ELSEWHERE = "; recorded on another machine, or with another numpy or PyBullet?"


def replay_of(dataset: Dataset, key: str) -> Replay:
    """What is needed to play the episode `key` of a dataset again.

    Imported objects that it was recorded on must be registered (`robo_meta.objects.registration`).

    Raises:
        ReplayError: no such episode, a planned demonstration, other physics, or a scene that can't be drawn here.
        demos.storage.episode_file.StoreError: a damaged file.
    """
    name = f"{dataset.folder}: {key}"
    if key in dataset.index["planned"] or not dataset.keys:
        raise ReplayError(f"{name}: planned demonstrations are grasps without an episode, so no actions to replay")
    if key not in dataset.index["episodes"]:
        closest = difflib.get_close_matches(key, dataset.keys, n=1, cutoff=0)[0]
        raise ReplayError(f"{dataset.folder}: no episode {key!r}; the closest is {closest!r}")
    recording = dataset.index["episodes"][key]["recording"]
    config = (dataset.index["config"], *dataset.index["merged"])[recording]
    return replay_of_demo(dataset.demo(key), config, name)


def replay_of_demo(demo: Demo, config: Mapping[str, Any], name: str = "") -> Replay:
    """What is needed to play a recorded demonstration again; see `replay_of`.

    Args:
        demo: as recorded.
        config: of its recording, as its file and the dataset's index hold it.
        name: what messages call it; by default its key.
    """
    name = name or demo.provenance.key
    for version, here in (("physics", PHYSICS), ("verdict", VERDICT)):
        found = demo.provenance.versions.get(version, "none")
        if found != str(here):
            raise ReplayError(f"{name}: recorded with {version} {found}, this version has {here}; record it again")
    return replay_on(_scene(demo, config, name), demo, name)


def replay_on(scene: Scene, demo: Demo, name: str = "") -> Replay:
    """What is needed to play a demonstration on a known scene again; see `replay_of`."""
    name = name or demo.provenance.key
    for seed in _rollout_seeds(demo):
        # What the episode starts from needs no physics to be drawn, and tells the seed apart from any other.
        start = Start.draw(scene, Workspace(), np_random(seed)[0], push=0.0)
        if start.points.tobytes() == demo.points.tobytes():
            return Replay(name, demo, scene, seed)
    raise ReplayError(f"{name}: its actor {demo.provenance.actor!r} played another scene or seed than the recorder's")


def _scene(demo: Demo, config: Mapping[str, Any], name: str) -> Scene:
    """The scene that a demonstration's recording drew for it."""
    path = demo.provenance.path
    if len(path) != 5 or path[2] != "demo":
        raise ReplayError(f"{name}: its path {path} is not a recorder's; expected (split, task, 'demo', demo, attempt)")
    plain = {field: value for field, value in config.items() if field not in ("code", "libraries")}
    try:
        drawn = RecordConfig(out=".", **{**plain, "families": tuple(plain["families"])})  # type: ignore[arg-type]
    except (UnknownFamily, FamilyError) as error:
        hint = "name its library with --objects" if config.get("libraries") else "register it first"
        raise ReplayError(f"{name}: {error}; {hint}") from error
    for field, found in (("libraries", drawn.libraries), ("code", drawn.code)):
        if config.get(field, type(found)()) != found:
            raise ReplayError(f"{name}: recorded with other {field} of its families than those here")
    scene, label = demo_scene(drawn, int(path[1]), int(path[3]))
    if (scene.task, scene.object.family, label) != (demo.task, demo.family, demo.object_id):
        raise ReplayError(f"{name}: its recording draws another task or object here than the recorded one")
    return scene


def _rollout_seeds(demo: Demo) -> tuple[int, ...]:
    """Rollout seeds that an actor may have played with: the expert's and a policy's, spawned, and that handed to it."""
    root, path = demo.provenance.seed, demo.provenance.path
    first, second = seed_sequence(root, *path).spawn(2)
    return tuple(int(seed.generate_state(1)[0]) for seed in (first, second, seed_sequence(root, *path)))
