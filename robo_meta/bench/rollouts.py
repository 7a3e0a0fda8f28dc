"""Whole episodes to be timed, each call another one: demonstrations, and rollouts of the adapted shipped policy."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from robo_meta.bench.config import BenchConfig
from robo_meta.bench.scene import timed_scene

STRATEGY = "maml"


def demonstration(config: BenchConfig) -> Callable[[], Any]:
    """Plays another demonstration of the timed scene each time that it is called."""
    from demos.demo import provenance
    from demos.expert.expert import demonstrate
    from sim.tasks.seeds import seed_sequence

    scene, number = timed_scene(config.seed).scene, count()

    def play() -> Any:
        path = ("bench", next(number))
        who = provenance("expert", config.seed, path)
        return demonstrate(scene, seed_sequence(config.seed, *path), object_id="a0", provenance=who)

    return play


def policy_rollout(config: BenchConfig) -> Callable[[], Any]:
    """Lets the policy that is adapted to a demonstration act in another episode of its scene at each call."""
    from demos.expert.episode import in_world, play, shared_env
    from demos.hindsight import support_item
    from demos.support import SupportSet
    from robo_meta.strategies.build import build_strategies
    from robo_meta.training.checkpoint import checkpoint_file

    scene, number = timed_scene(config.seed).scene, count()
    support = SupportSet((support_item(demonstration(config)()),))
    strategy = build_strategies(checkpoint_file(config.checkpoint), (STRATEGY,), "learned")[0].strategy
    policy = strategy.adapt(support)

    def roll() -> Any:
        policy.reset()
        return play(shared_env(), scene, next(number), in_world(policy.act))

    return roll
