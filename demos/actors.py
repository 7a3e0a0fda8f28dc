"""Who plays the demonstrations that are recorded."""

from __future__ import annotations

import importlib
from typing import Protocol

import numpy as np

from demos.demo import Demo, Provenance
from sim.scenes import Scene


class ActorError(ValueError):
    """An actor's name that leads to nothing callable."""


class Actor(Protocol):
    """Plays one episode. All randomness comes from `seed`; the same arguments give the same demo, bit for bit."""

    def __call__(
        self, scene: Scene, seed: np.random.SeedSequence, *, object_id: str, provenance: Provenance
    ) -> Demo: ...


def resolve_actor(name: str) -> Actor:
    """The actor called `expert`, or the function at `module:function`.

    Raises:
        ActorError: no such module or function.
    """
    path = {"expert": "demos.expert:demonstrate"}.get(name, name)
    module, _, function = path.partition(":")
    if not module or not function:
        raise ActorError(f"unknown actor {name!r}; expected 'expert', 'module:function' or 'checkpoint:DIR:STRATEGY'")
    try:
        actor = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, TypeError) as error:  # TypeError: a module name that starts with a dot
        raise ActorError(f"actor {name!r}: {error}") from error
    if not callable(actor):
        raise ActorError(f"actor {name!r} is a {type(actor).__name__}; expected a function (scene, seed, …) -> Demo")
    return actor
