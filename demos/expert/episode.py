"""The only episode loop: whoever acts, the same loop and the same record of what happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from demos.demo import Demo, Provenance
from sim.env import GraspEnv
from sim.frames import action_to_world, observe
from sim.records import FrozenMapping, Record
from sim.tasks.scenes import Scene

Observation = Mapping[str, np.ndarray]
"""`points` (P, 6), and the hand: as `state` (14,), world frame, in the environment's observations; as `hand` (7,),
object frame, in a policy's."""
Act = Callable[[Observation], tuple[np.ndarray, np.ndarray]]
"""The environment's observation → executed action and clean label, both (5,) in [−1, 1], world frame."""

_shared: list[GraspEnv] = []


def shared_env() -> GraspEnv:
    """The process's own environment, made at first use: loading the arm costs more than an episode's reset."""
    if not _shared:
        _shared.append(GraspEnv())
    return _shared[0]


class GraspWorld(Protocol):
    """The part of `sim.env.GraspEnv` that an episode needs."""

    @property
    def tip(self) -> np.ndarray: ...
    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]: ...
    def step(self, action: np.ndarray) -> tuple[Any, float, bool, bool, dict[str, Any]]: ...


@dataclass(frozen=True, eq=False)
class Episode(Record):
    """One episode as it was played; T actions. Arrays are read-only."""

    scene: Scene
    """What was grasped: privileged."""
    points: np.ndarray
    """(P, 6) float32: x, y, z in m, object frame, then r, g, b in [0, 1], as scanned at reset."""
    state: np.ndarray
    """(T+1, 14) float32: the observation `state` of `RoboMeta/Grasp-v0`, world frame, object pose as perceived."""
    actions: np.ndarray
    """(T, 5) float32 in [−1, 1], world frame: executed, motion noise included."""
    labels: np.ndarray
    """(T, 5) float32 in [−1, 1], world frame: what was meant at each state, noise left out."""
    rewards: np.ndarray
    """(T,) float32."""
    verdict: Mapping[str, bool]
    """Named parts of success, e.g. `lifted`, `held`, `level`."""
    success: bool
    """Whether every part of the verdict holds."""
    tip: np.ndarray
    """(2,) float64, object frame: the direction in the object's plane whose side sank, times the largest tilt in rad,
    while both pads held it; zero where it never tipped. Without noise: privileged."""

    def __post_init__(self) -> None:
        for name in ("points", "state", "actions", "labels", "rewards", "tip"):
            value = np.array(getattr(self, name), dtype=np.float64 if name == "tip" else np.float32)
            value.setflags(write=False)
            object.__setattr__(self, name, value)
        object.__setattr__(self, "verdict", FrozenMapping({str(k): bool(v) for k, v in self.verdict.items()}))

    @property
    def steps(self) -> int:
        """Number of actions, T."""
        return len(self.actions)


@dataclass(frozen=True)
class Moment:
    """What a watcher of an episode is shown: once after the reset, and once after each action."""

    observation: Observation
    """The environment's: what the last action led to."""
    action: np.ndarray | None
    """(5,) in [−1, 1], world frame: the last action; None after the reset."""
    terminated: bool
    """Whether the object was lifted, held and judged within the last action."""


def play(
    env: GraspWorld,
    scene: Scene,
    seed: int,
    act: Act,
    push: float = 0.0,
    seen: Callable[[Moment], None] | None = None,
) -> Episode:
    """Play `scene` to its end and keep everything.

    Args:
        env: the environment to play in, usually `shared_env()`.
        scene: what to grasp.
        seed: draws pose, arm start and noise.
        act: what to do at each observation.
        push: m by which the object is shoved during the approach.
        seen: called after the reset and after each action, e.g. to film.
    """
    playing = Playing(env, scene, seed, push)
    if seen is not None:
        seen(Moment(playing.observation, None, False))
    while not playing.finished:
        action, label = act(playing.observation)
        moment = playing.step(action, label)
        if seen is not None:
            seen(moment)
    return playing.episode


class Playing:
    """An episode in progress, which whoever can't wait for its end, as a person at a screen, plays step by step.

    Args:
        env: the environment to play in; nobody else may play in it before the end.
        scene: what to grasp.
        seed: draws pose, arm start and noise.
        push: m by which the object is shoved during the approach.
    """

    def __init__(self, env: GraspWorld, scene: Scene, seed: int, push: float = 0.0) -> None:
        self._env, self._scene = env, scene
        options = {"scene": scene, "push": push} if push else {"scene": scene}
        self.observation, self._info = env.reset(seed=seed, options=options)
        """What was seen last."""
        self.finished = False
        """Whether the episode has come to its end, and so has a verdict."""
        self._points, self._states = self.observation["points"], [self.observation["state"]]
        self._actions: list[np.ndarray] = []
        self._labels: list[np.ndarray] = []
        self._rewards: list[float] = []

    @property
    def steps(self) -> int:
        """Actions played so far."""
        return len(self._actions)

    def step(self, action: np.ndarray, label: np.ndarray) -> Moment:
        """Play one action, and keep it together with its clean label; both (5,) in [−1, 1], world frame."""
        self.observation, reward, terminated, truncated, self._info = self._env.step(action)
        self._states.append(self.observation["state"])
        self._actions.append(action)
        self._labels.append(label)
        self._rewards.append(reward)
        self.finished = terminated or truncated
        return Moment(self.observation, action, terminated)

    @property
    def episode(self) -> Episode:
        """What was played, once it is `finished`."""
        return Episode(
            scene=self._scene,
            points=self._points,
            state=np.array(self._states),
            actions=np.array(self._actions),
            labels=np.array(self._labels),
            rewards=np.array(self._rewards, dtype=np.float32),
            verdict=self._info["verdict"],
            success=bool(self._info["success"]),
            tip=self._env.tip,
        )


def in_world(act: Callable[[Observation], np.ndarray]) -> Act:
    """What acts in the perceived object's frame, e.g. `Policy.act`, as an `Act` in the world.

    Args:
        act: `points` (P, 6) and `hand` (7,), object frame → action (5,), object frame.
    """

    def act_in_world(observation: Observation) -> tuple[np.ndarray, np.ndarray]:
        action = np.clip(action_to_world(act(observe(observation)), observation), -1, 1)
        return action, action

    return act_in_world


def record_episode(
    env: GraspWorld, scene: Scene, seed: np.random.SeedSequence, act: Act, *, object_id: str, provenance: Provenance
) -> Demo:
    """Play `scene` to its end and keep it as a demonstration.

    Args:
        env: the environment to play in.
        scene: what to grasp.
        seed: draws pose, arm start and noise.
        act: what to do at each observation.
        object_id: public label of the object within its task.
        provenance: who and from which seed; stored.
    """
    episode = play(env, scene, int(seed.generate_state(1)[0]), act)
    return demo_of(episode, object_id=object_id, provenance=provenance)


def demo_of(episode: Episode, *, object_id: str, provenance: Provenance) -> Demo:
    """A played episode as a demonstration; arguments as for `record_episode`."""
    return Demo(
        state=episode.state,
        points=episode.points,
        actions=episode.actions,
        labels=episode.labels,
        rewards=episode.rewards,
        verdict=episode.verdict,
        family=episode.scene.object.family,
        object_id=object_id,
        task=episode.scene.task,
        provenance=provenance,
    )
