"""A trained policy as an actor: what it does can be recorded like the expert's demonstrations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from demos.demo import Demo, Provenance
from demos.expert.episode import in_world, record_episode, shared_env
from demos.expert.expert import demonstrate
from demos.hindsight import support_item
from demos.recording.actors import ActorError
from demos.support import SupportItem, SupportSet
from robo_meta.evaluation.named_actor import PREFIX
from robo_meta.strategies.build import Participant, build_strategies
from robo_meta.strategies.resolve import resolve
from robo_meta.training.checkpoint import checkpoint_file
from sim.tasks.sampling import draw_families, draw_scene
from sim.tasks.scenes import Scene

ATTEMPTS = 10
"""Attempts at the one demonstration that the policy adapts from."""


@dataclass(frozen=True)
class PolicyActor:
    """Adapts from one demonstration on an object of another family, then acts; picklable."""

    checkpoint: Path
    strategy: str

    def __call__(self, scene: Scene, seed: np.random.SeedSequence, *, object_id: str, provenance: Provenance) -> Demo:
        """Play one episode of `scene`; see `demos.recording.actors.Actor`.

        Raises:
            ActorError: the expert failed every attempt at the demonstration to adapt from.
        """
        support_seed, rollout_seed = seed.spawn(2)
        support = SupportSet((_demonstration(scene, support_seed, provenance),))
        policy = _participant(self.checkpoint, self.strategy).strategy.adapt(support)
        policy.reset()
        act = in_world(policy.act)
        return record_episode(shared_env(), scene, rollout_seed, act, object_id=object_id, provenance=provenance)


def policy_actor(name: str) -> PolicyActor:
    """The actor that `checkpoint:DIR:STRATEGY` names.

    Raises:
        ActorError: another form.
        robo_meta.strategies.StrategyError, robo_meta.training.checkpoint.CheckpointError: no such strategy or
        checkpoint.
    """
    folder, _, strategy = name.removeprefix(PREFIX).rpartition(":")
    if not name.startswith(PREFIX) or not folder or not strategy:
        raise ActorError(f"actor {name!r}; expected '{PREFIX}DIR:STRATEGY'")
    actor = PolicyActor(checkpoint_file(Path(folder)), strategy)
    resolve(strategy)
    _participant(actor.checkpoint, strategy)
    return actor


@lru_cache(maxsize=4)
def _participant(checkpoint: Path, strategy: str) -> Participant:
    return build_strategies(checkpoint, (strategy,), "learned")[0]


def _demonstration(scene: Scene, seed: np.random.SeedSequence, provenance: Provenance) -> SupportItem:
    root = int(seed.generate_state(1)[0])
    other = next(name for name in draw_families(root, scene.task, 2) if name != scene.object.family)
    for number, attempt in enumerate(seed.spawn(ATTEMPTS)):
        shown = draw_scene(root, scene.task, other, f"support{number}", scene.noise)
        demo = demonstrate(shown, attempt, object_id="support", provenance=provenance)
        if demo.success:
            return support_item(demo)
    raise ActorError(f"the expert failed {ATTEMPTS} times on objects of {other!r} for {provenance.key}")
