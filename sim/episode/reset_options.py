"""The options of `reset`, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

from sim.errors import InputError, did_you_mean
from sim.physics.push import check_distance
from sim.tasks.scenes import Scene

RESET_OPTIONS = ("scene", "push")


class OptionError(InputError):
    """An option of `reset` that there isn't, or of another kind."""


@dataclass(frozen=True)
class ResetOptions:
    """What `reset` was asked for."""

    scene: Scene | None = None
    """The scene to play; None to draw one from the split."""
    push: float = 0.0
    """m by which the object is shoved during the approach; 0: not at all."""

    @staticmethod
    def read(options: Mapping[str, Any]) -> ResetOptions:
        """The options that a caller gave, by name.

        Raises:
            OptionError: an unknown name, or a value of another kind.
            sim.physics.push.ShoveError: a push that is no distance.
        """
        for name in options:
            if name not in RESET_OPTIONS:
                raise OptionError(f"unknown reset option {name!r}{did_you_mean(str(name), RESET_OPTIONS)}")
        scene, push = options.get("scene"), options.get("push", 0.0)
        if scene is not None and not isinstance(scene, Scene):
            raise OptionError(f"reset option 'scene' is a {type(scene).__name__}; expected a sim.tasks.scenes.Scene")
        if not isinstance(push, Real):
            raise OptionError(f"reset option 'push' is {push!r}; expected a number, m")
        if push != 0:
            check_distance(float(push))
        return ResetOptions(scene, float(push))
