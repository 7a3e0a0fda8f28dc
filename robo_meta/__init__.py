"""Few-shot imitation for grasping: one demonstration tells how dense each material is and what is wanted.

`import robo_meta` is the public API and registers the environments `RoboMeta/Grasp-v0` and `RoboMeta/Select-v1`. Every
name below is imported when it is first used, so that neither PyTorch nor PyBullet is loaded before it is needed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from demos import __version__
from sim.registration import register

if TYPE_CHECKING:
    from demos.demo import Demo
    from demos.policy import Policy
    from demos.support import SupportItem, SupportSet
    from robo_meta.api.demonstrations import load_support, play, record, scene_of
    from robo_meta.api.episodes import Rollout, act, draw_scene, make_env, rollout
    from robo_meta.api.hub import from_pretrained, save_pretrained
    from robo_meta.api.objects import import_objects, register_objects
    from robo_meta.api.strategies import evaluate, make_strategy
    from robo_meta.evaluation.result import Evaluation
    from robo_meta.strategies import Strategy
    from robo_meta.strategies.resolve import register_strategy
    from robo_meta.training.checkpoint import Checkpoint, load_checkpoint
    from sim.errors import InputError, MachineError
    from sim.shapes.families import Family, register_family, unregister_family
    from sim.shapes.pieces import Piece
    from sim.tasks.scenes import Scene, Task

_PLACES = {
    "Checkpoint": "robo_meta.training.checkpoint",
    "Demo": "demos.demo",
    "Evaluation": "robo_meta.evaluation.result",
    "Family": "sim.shapes.families",
    "InputError": "sim.errors",
    "MachineError": "sim.errors",
    "Piece": "sim.shapes.pieces",
    "Policy": "demos.policy",
    "Rollout": "robo_meta.api.episodes",
    "Scene": "sim.tasks.scenes",
    "Strategy": "robo_meta.strategies",
    "SupportItem": "demos.support",
    "SupportSet": "demos.support",
    "Task": "sim.tasks.scenes",
    "act": "robo_meta.api.episodes",
    "draw_scene": "robo_meta.api.episodes",
    "evaluate": "robo_meta.api.strategies",
    "from_pretrained": "robo_meta.api.hub",
    "import_objects": "robo_meta.api.objects",
    "load_checkpoint": "robo_meta.training.checkpoint",
    "load_support": "robo_meta.api.demonstrations",
    "make_env": "robo_meta.api.episodes",
    "make_strategy": "robo_meta.api.strategies",
    "play": "robo_meta.api.demonstrations",
    "record": "robo_meta.api.demonstrations",
    "register_family": "sim.shapes.families",
    "register_objects": "robo_meta.api.objects",
    "register_strategy": "robo_meta.strategies.resolve",
    "unregister_family": "sim.shapes.families",
    "rollout": "robo_meta.api.episodes",
    "save_pretrained": "robo_meta.api.hub",
    "scene_of": "robo_meta.api.demonstrations",
}
"""Public name → the module that it is imported from."""

__all__ = [
    "Checkpoint",
    "Demo",
    "Evaluation",
    "Family",
    "InputError",
    "MachineError",
    "Piece",
    "Policy",
    "Rollout",
    "Scene",
    "Strategy",
    "SupportItem",
    "SupportSet",
    "Task",
    "__version__",
    "act",
    "draw_scene",
    "evaluate",
    "from_pretrained",
    "import_objects",
    "load_checkpoint",
    "load_support",
    "make_env",
    "make_strategy",
    "play",
    "record",
    "register_family",
    "register_objects",
    "register_strategy",
    "rollout",
    "save_pretrained",
    "scene_of",
    "unregister_family",
]

register("RoboMeta/Select-v1", "robo_meta.selector.environment:SelectEnv")


def __getattr__(name: str) -> Any:
    """Import a public name at its first use."""
    if name not in _PLACES:
        raise AttributeError(f"module 'robo_meta' has no attribute {name!r}")
    value = getattr(importlib.import_module(_PLACES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
