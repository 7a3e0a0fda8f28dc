"""Who plays the demonstrations that are recorded."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from demos.demo import Demo, Provenance
from sim.errors import InputError
from sim.shapes.plugins import PluginError, module_at
from sim.tasks.scenes import Scene


class ActorError(InputError):
    """An actor's name that leads to nothing callable."""


class Actor(Protocol):
    """Plays one episode. All randomness comes from `seed`; the same arguments give the same demo, bit for bit."""

    def __call__(
        self, scene: Scene, seed: np.random.SeedSequence, *, object_id: str, provenance: Provenance
    ) -> Demo: ...


EXPERT, _PLACE = "expert", "demos.expert.expert:demonstrate"
"""Name of the scripted demonstrator, and where it is."""


def resolve_actor(name: str) -> Actor:
    """The actor called `expert`, or the function at `module:function`.

    Raises:
        ActorError: no such module or function, or a module that can't be imported, for whatever reason.
    """
    module, _, function = (_PLACE if name == EXPERT else name).partition(":")
    if not module or not function or module.startswith("."):
        raise ActorError(f"unknown actor {name!r}; expected 'expert', 'module:function' or 'checkpoint:DIR:STRATEGY'")
    try:
        actor = getattr(module_at(module, name), function)
    except (PluginError, AttributeError) as error:
        raise ActorError(f"actor {error}" if isinstance(error, PluginError) else f"actor {name!r}: {error}") from error
    if not callable(actor):
        raise ActorError(f"actor {name!r} is a {type(actor).__name__}; expected a function (scene, seed, …) -> Demo")
    return actor
