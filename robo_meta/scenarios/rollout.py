"""One policy on one scene: the episode, how far the grasp was off, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from demos.expert.demonstrator import demonstrator
from demos.expert.episode import Episode, GraspWorld, Observation, in_world, play
from demos.expert.grasp_plan import aim, plan_grasp, right_places
from demos.policy import Policy
from sim.env import GraspEnv
from sim.records import FrozenMapping
from sim.tasks.scenes import Scene


@dataclass(frozen=True)
class Outcome:
    """What one rollout came to."""

    success: bool
    verdict: Mapping[str, bool]
    """The named parts of success."""
    steps: int
    target: tuple[float, ...]
    """Grasp x, y, z, yaw that was aimed at; m, m, m, rad, object frame."""
    keypoint_mm: float
    """mm in the plane from the target to the true centre of mass, or to the nearest wanted outer end."""
    across_mm: float
    """mm of that perpendicular to the closing direction: what tips the object."""
    controller: str
    """What drove the hand: see `demos.policy.Policy.controller`."""
    act_ms: float = field(default=0.0, compare=False)
    """Mean latency of an action, the first included."""
    first_act_ms: float = field(default=0.0, compare=False)
    """Latency of the first action, in which the target is computed."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "verdict", FrozenMapping({str(k): bool(v) for k, v in self.verdict.items()}))

    @property
    def failed_parts(self) -> tuple[str, ...]:
        """Why it failed: the parts of the verdict that do not hold."""
        return tuple(name for name, holds in self.verdict.items() if not holds)


@dataclass(frozen=True)
class Timed:
    """An episode of a policy, and how long it took to choose each action."""

    episode: Episode
    latencies: tuple[float, ...] = field(default=(), compare=False)
    """(T,) ms: of each action; none where nobody was timed."""


def play_policy(env: GraspWorld, scene: Scene, seed: int, policy: Policy, push: float = 0.0) -> Timed:
    """Play one episode of `scene` with `policy`.

    Args:
        env: a `sim.env.GraspEnv`.
        scene: what to grasp.
        seed: the rollout seed: pose, arm start and noise.
        policy: sees `points` and `hand` in the object's frame, acts in that frame.
        push: m by which the object is shoved during the approach.
    """
    policy.reset()
    latencies: list[float] = []

    def act(observation: Observation) -> np.ndarray:
        start = perf_counter()
        action = policy.act(observation)
        latencies.append((perf_counter() - start) * 1e3)
        return action

    episode = play(env, scene, seed, in_world(act), push)
    return Timed(episode, tuple(latencies))


def rollout(env: GraspWorld, scene: Scene, seed: int, policy: Policy, push: float = 0.0) -> Outcome:
    """Play one episode of `scene` with `policy`, and say what came of it; see `play_policy`."""
    timed = play_policy(env, scene, seed, policy, push)
    # Asked only now, so that the first action's latency holds the choice of the target.
    return outcome(timed, policy.target(timed.episode.points), policy.controller)


def expert_rollout(env: GraspEnv, scene: Scene, seed: int, grasp: np.ndarray | None = None) -> Outcome:
    """Play the episode that `rollout` would with the demonstrator, who knows weights and pose but aims with its noise.

    Args:
        env: whose true object pose the expert reads.
        scene: what to grasp.
        seed: the rollout seed; the demonstrator's aim has a stream of its own below it.
        grasp: (4,), object frame: what it aims at; None for what it plans itself.
    """
    aimed = expert_aim(scene, seed, grasp)
    return outcome(Timed(play(env, scene, seed, demonstrator(env, aimed))), aimed, "scripted")


def expert_aim(scene: Scene, seed: int, grasp: np.ndarray | None = None) -> np.ndarray:
    """Grasp (4,), object frame, that the demonstrator of `expert_rollout` hits; see there."""
    planned = plan_grasp(scene) if grasp is None else grasp
    return aim(planned, scene.noise, np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,))))


def outcome(timed: Timed, target: np.ndarray, controller: str) -> Outcome:
    """What an episode came to.

    Args:
        timed: the episode.
        target: (4,) grasp that was aimed at, object frame.
        controller: what drove the hand.
    """
    episode, latencies = timed.episode, timed.latencies
    plain, across = keypoint_error(episode.scene, target)
    return Outcome(
        success=episode.success,
        verdict=episode.verdict,
        steps=episode.steps,
        target=tuple(float(value) for value in target),
        keypoint_mm=plain * 1e3,
        across_mm=across * 1e3,
        controller=controller,
        act_ms=float(np.mean(latencies)) if latencies else 0.0,
        first_act_ms=latencies[0] if latencies else 0.0,
    )


def keypoint_error(scene: Scene, target: np.ndarray) -> tuple[float, float]:
    """How far a grasp (4,) is from where it should be, m in the plane: in all, and perpendicular to closing."""
    right = true_keypoints(scene)
    error = np.asarray(target, dtype=np.float64)[:2] - right
    plain = np.hypot(error[:, 0], error[:, 1])
    across = np.abs(error[:, 1] * np.cos(target[3]) - error[:, 0] * np.sin(target[3]))
    nearest = int(np.argmin(plain))
    return float(plain[nearest]), float(across[nearest])


def true_keypoints(scene: Scene) -> np.ndarray:
    """(E, 2), m, object frame: the centre of mass, or the wanted colour's outer ends."""
    return right_places(scene)[:, :2]
