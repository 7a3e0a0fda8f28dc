"""An action: five numbers, ten times a second."""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np
from gymnasium import spaces

from sim.errors import InputError

CONTROL_HZ = 10
"""Actions per second."""
ACTION_SIZE = 5
"""Rows of an action; `sim.env.GraspEnv` says what each means."""


class ActionError(InputError):
    """An action that is not five finite numbers."""


def action_space() -> spaces.Box:
    """(5,), each in [−1, 1]."""
    return spaces.Box(-1.0, 1.0, (ACTION_SIZE,), np.float32)


def checked_action(action: Any) -> np.ndarray:
    """The action (5,) as float64, cut to [−1, 1].

    Raises:
        ActionError: it is not five finite numbers. One NaN in a motor's target would stay there for good.
    """
    try:
        numbers = np.asarray(action, dtype=np.float64)
    except (TypeError, ValueError):
        raise ActionError(f"action {action!r}; expected five finite numbers") from None
    if numbers.shape != (ACTION_SIZE,):
        raise ActionError(f"action of shape {numbers.shape}; expected ({ACTION_SIZE},)")
    values = numbers.tolist()
    if not all(map(isfinite, values)):
        raise ActionError(f"action {values}; expected five finite numbers")
    return np.array([min(max(value, -1.0), 1.0) for value in values])
