"""One policy on one scene: the conversion between world and object frame, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from demos.expert.grasp_plan import aim, plan_grasp
from demos.expert.scripted_controller import scripted_controller
from demos.policy import Policy
from sim.frames import action_to_world, hand_in_object, observe, turn_displacement
from sim.objects.graspable import outer_ends
from sim.tasks.scenes import PART, Scene

Observation = Mapping[str, np.ndarray]


class GraspWorld(Protocol):
    """The part of `sim.env.GraspEnv` that a rollout needs."""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]: ...
    def step(self, action: np.ndarray) -> tuple[Any, float, bool, bool, dict[str, Any]]: ...


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
    """`learned`, `scripted` or `replayed`."""
    act_ms: float = field(default=0.0, compare=False)
    """Mean latency of an action, the first included."""
    first_act_ms: float = field(default=0.0, compare=False)
    """Latency of the first action, in which the target is computed."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "verdict", MappingProxyType({str(k): bool(v) for k, v in self.verdict.items()}))

    @property
    def failed_parts(self) -> tuple[str, ...]:
        """Why it failed: the parts of the verdict that do not hold."""
        return tuple(name for name, holds in self.verdict.items() if not holds)


def rollout(env: GraspWorld, scene: Scene, seed: int, policy: Policy, push: float = 0.0) -> Outcome:
    """Play one episode of `scene` with `policy`.

    Args:
        env: a `sim.env.GraspEnv`.
        scene: what to grasp.
        seed: the rollout seed: pose, arm start and noise.
        policy: sees `points` and `hand` in the object's frame, acts in that frame.
        push: m by which the object is shoved during the approach.
    """
    observation, _ = env.reset(seed=seed, options={"scene": scene, "push": push} if push else {"scene": scene})
    points = observation["points"]
    policy.reset()
    latencies: list[float] = []

    def act(seen: Observation) -> np.ndarray:
        view = observe(seen)
        start = perf_counter()
        action = policy.act(view)
        latencies.append((perf_counter() - start) * 1e3)
        return np.clip(action_to_world(action, seen), -1, 1)

    # Asked only afterwards, so that the first action's latency holds the choice of the target.
    return _play(env, observation, act, scene, lambda: (policy.target(points), policy.controller), latencies)


def expert_rollout(env: Any, scene: Scene, seed: int) -> Outcome:
    """Play the episode that `rollout` would with the demonstrator, who knows weights and pose but aims with its noise.

    Args:
        env: a `sim.env.GraspEnv`, whose true object pose the expert reads.
        scene: what to grasp.
        seed: the rollout seed; the demonstrator's aim has a stream of its own below it.
    """
    aimed = aim(plan_grasp(scene), scene.noise, np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,))))
    observation, _ = env.reset(seed=seed, options={"scene": scene})

    def act(seen: Observation) -> np.ndarray:
        object_to_world = env.object_to_world
        hand = hand_in_object(np.asarray(seen["state"], dtype=np.float64), object_to_world)
        return np.clip(turn_displacement(scripted_controller(hand, aimed), object_to_world.yaw), -1, 1).astype(
            np.float32
        )

    return _play(env, observation, act, scene, lambda: (aimed, "scripted"), [])


def _play(
    env: GraspWorld,
    observation: Observation,
    act: Callable[[Observation], np.ndarray],
    scene: Scene,
    chosen: Callable[[], tuple[np.ndarray, str]],
    latencies: list[float],
) -> Outcome:
    finished, steps, info = False, 0, dict[str, Any]()
    while not finished:
        observation, _, terminated, truncated, info = env.step(act(observation))
        steps += 1
        finished = terminated or truncated
    target, controller = chosen()
    plain, across = keypoint_error(scene, target)
    return Outcome(
        success=bool(info["success"]),
        verdict=info["verdict"],
        steps=steps,
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
    if scene.task.intention == PART:
        return np.asarray(outer_ends(scene.object, str(scene.task.part_colour)))[:, :2]
    return scene.mass_properties.centre[None, :2]
