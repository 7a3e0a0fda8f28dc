"""Registers environments with Gymnasium without importing it: it costs more than all of `robo-meta --help`.

Training machines may not have Gymnasium at all. So an environment is registered at once where Gymnasium is loaded
already, and otherwise right after Gymnasium is loaded, whoever imports it.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_MODULE = "gymnasium.envs.registration"
_waiting: dict[str, dict[str, Any]] = {}


def register(environment_id: str, entry_point: str, max_episode_steps: int | None = None) -> None:
    """Register `environment_id` now or as soon as Gymnasium is loaded.

    Args:
        environment_id: such as `RoboMeta/Grasp-v0`.
        entry_point: `module:class`.
        max_episode_steps: steps after which Gymnasium cuts an episode off; None where it needn't.
    """
    loaded = sys.modules.get(_MODULE)
    if loaded is not None:
        loaded.register(id=environment_id, entry_point=entry_point, max_episode_steps=max_episode_steps)
        return
    if not _waiting:
        sys.meta_path.insert(0, _Watcher())
    _waiting[environment_id] = {"entry_point": entry_point, "max_episode_steps": max_episode_steps}


class _Watcher(importlib.abc.MetaPathFinder):
    """Finds nothing itself: lets the others find Gymnasium's registry, and adds what is waiting once it has run."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _MODULE:
            return None
        sys.meta_path.remove(self)  # one look is enough, and the search below must not come here again
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _ThenRegister(spec.loader)
        return spec


class _ThenRegister(importlib.abc.Loader):
    """Another loader, and what is waiting registered after it."""

    def __init__(self, loader: importlib.abc.Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        while _waiting:
            environment_id, settings = _waiting.popitem()
            module.register(id=environment_id, **settings)
