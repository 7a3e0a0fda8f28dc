"""Rows `sim`: control steps over the physics that they are made of, resets, and what else episodes spend time on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import numpy as np

from robo_meta.bench.config import BenchConfig
from robo_meta.bench.row import Row, Target
from robo_meta.bench.scene import timed_scene
from robo_meta.bench.timing import Measure, Timings, clocked, interleaved

STEPS = 8
"""Control steps of a measurement."""
RESETS = 4
"""Resets of a measurement, each with another seed."""
STILL, AWAY, CLOSE = [0, 0, 0, 0, 1.0], [0.5, 0.3, 0.2, 0.1, 1.0], [0, 0, 0, 0, -1.0]
"""Actions: hold still, move 3 cm, close the fingers."""
ACTIONS = {
    "open hand, still": [STILL] * STEPS,
    "open hand, moving": [[*((-1) ** (k // 2) * np.array(AWAY[:4])), 1.0] for k in range(STEPS)],
    "closing": [CLOSE] * STEPS,
}
"""What a measured control step does → the actions."""
PANDA_GYM = "panda-gym"


def brief(config: BenchConfig) -> Iterator[Row]:
    """Raw physics and the reset."""
    from demos.expert.episode import shared_env

    env, scene = shared_env(), timed_scene(config.seed).scene
    env.reset(seed=0, options={"scene": scene})
    works = {
        "step": clocked(lambda: env.world.step(240)),
        "reset": clocked(lambda: env.reset(seed=0, options={"scene": scene})),
    }
    times = interleaved(works, config.rounds)
    yield Row("sim", "physics steps (240 are one second)", "a second", times.rate("step", 240))
    yield Row("sim", "reset, scene given", "ms", times.spread("reset", 1e3))


def rows(config: BenchConfig, peers: tuple[str, ...]) -> Iterator[Row]:
    """Control steps, resets and shares."""
    peer = _panda_gym() if PANDA_GYM in peers else None
    yield from _steps(config, peer)
    yield from _resets(config, peer)
    yield from _shares(config)


def _panda_gym() -> Any:
    from robo_meta.bench.panda_gym_peer import PandaGym
    from sim.episode.action import CONTROL_HZ
    from sim.physics.world import PHYSICS_HZ

    return PandaGym(PHYSICS_HZ // CONTROL_HZ)


def _steps(config: BenchConfig, peer: Any) -> Iterator[Row]:
    """Control steps over raw stepping of the same scene with the same solver settings, and beside panda-gym's."""
    works = {}
    for name, actions in ACTIONS.items():
        works[name], works[f"raw, {name}"] = _control_step(config, actions)
    if peer is not None:
        works |= _peer_steps(peer)
    times, scale = interleaved(works, config.rounds), 1e3 / STEPS
    for name in ACTIONS:
        yield _beside(times, f"control step, {name}", name, f"raw, {name}", "raw stepping", scale, 1.08)
    if peer is None:
        return
    for name, other, limit in (
        ("open hand, still", "peer, still", 1.0),
        ("open hand, moving", "peer, moving", 1.0),
        ("closing", "peer, still", 2.0),
    ):
        yield _beside(times, f"control step, {name}, equal sub-steps", name, other, PANDA_GYM, scale, limit)
    yield _beside(times, "panda-gym's own control step, moving", "peer, moving", "peer, raw", "raw stepping", scale)


def _control_step(config: BenchConfig, actions: list[list[float]]) -> tuple[Measure, Measure]:
    """What measures the actions, and the physics steps that they are made of."""
    from demos.expert.episode import shared_env
    from sim.episode.action import CONTROL_HZ
    from sim.physics.world import FREE_ITERATIONS, PHYSICS_HZ

    env, scene, played = shared_env(), timed_scene(config.seed).scene, [np.array(action) for action in actions]
    substeps = PHYSICS_HZ // CONTROL_HZ

    def start() -> None:
        # Both begin where the fingers do already what they will go on doing.
        env.reset(seed=0, options={"scene": scene})
        env.step(played[0])

    def play() -> None:
        for action in played:
            env.step(action)

    def step() -> None:
        closing = played[0][4] < 0
        env.world.set_iterations(env.panda.gripper.iterations if closing else FREE_ITERATIONS)
        for _ in played:
            env.world.step(substeps)

    return clocked(play, start), clocked(step, start)


def _peer_steps(peer: Any) -> dict[str, Measure]:
    def play(moves: list[Any]) -> None:
        for move in moves:
            peer.step(move)

    def start() -> None:
        peer.reset(0)
        peer.step(np.zeros(3))

    moving = [action[:3] for action in ACTIONS["open hand, moving"]]
    return {
        "peer, still": clocked(lambda: play([np.zeros(3)] * STEPS), start),
        "peer, moving": clocked(lambda: play(moving), start),
        "peer, raw": clocked(lambda: peer.raw(STEPS), start),
    }


def _resets(config: BenchConfig, peer: Any) -> Iterator[Row]:
    from demos.expert.episode import shared_env

    env, scene, seeds = shared_env(), timed_scene(config.seed).scene, count()

    def several(reset: Callable[[int], Any]) -> Measure:
        return clocked(lambda: [reset(next(seeds)) for _ in range(RESETS)])

    works = {
        "given": several(lambda seed: env.reset(seed=seed, options={"scene": scene})),
        "drawn": several(lambda seed: env.reset(seed=seed)),
    }
    if peer is not None:
        works["peer"] = several(peer.reset)
    times, scale = interleaved(works, config.rounds), 1e3 / RESETS
    for name, limit in (("given", 1.5), ("drawn", 4.0)):
        there = times.spread("peer", scale) if peer is not None else None
        ratio = times.ratio(name, "peer") if peer is not None else None
        beside = PANDA_GYM if peer is not None else None
        here, target = times.spread(name, scale), Target(limit, "here")
        yield Row("sim", f"reset, scene {name}", "ms", here, beside, there, ratio, target)


def _shares(config: BenchConfig) -> Iterator[Row]:
    """Of whole episodes' time, how much passes inside `stepSimulation`."""
    from robo_meta.bench.rollouts import demonstration, policy_rollout
    from robo_meta.bench.stepping import share_of_stepping

    played, rolled = demonstration(config), policy_rollout(config)
    works = {
        "a demonstration": (lambda: share_of_stepping(played), 0.88),
        "a rollout of maml": (lambda: share_of_stepping(rolled), 0.85),
    }
    shares = interleaved({name: measure for name, (measure, _) in works.items()}, config.rounds)
    for name, (_, limit) in works.items():
        target = Target(limit, "here", at_most=False)
        yield Row("sim", f"share inside stepSimulation: {name}", "", shares.spread(name), "all", target=target)


def _beside(
    times: Timings, name: str, here: str, there: str, peer: str, scale: float, limit: float | None = None
) -> Row:
    target = None if limit is None else Target(limit)
    figures = times.spread(here, scale), peer, times.spread(there, scale), times.ratio(here, there)
    return Row("sim", name, "ms", *figures, target)
