"""What the numbers of a demonstration mean, and the refusal of data whose numbers mean something else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from demos.demo import ACTION_SIZE, POINT_SIZE, STATE_SIZE
from sim.episode.action import CONTROL_HZ
from sim.episode.observation import STATE_FIELDS
from sim.errors import InputError
from sim.robot import Workspace

GRASP_ID = "RoboMeta/Grasp-v0"
"""The environment that demonstrations come from."""
ACTION_NAMES = ("delta_x", "delta_y", "delta_z", "delta_yaw", "gripper")
"""Rows of an action."""
MEANING: dict[str, Any] = {
    "names": list(ACTION_NAMES),
    "control": "displacement of the commanded hand position, and rotation of its closing direction about world z",
    "frame": "world",
    "unit": {
        **dict.fromkeys(ACTION_NAMES[:3], f"{Workspace.reach} m"),
        "delta_yaw": f"{Workspace.turn} rad",
        "gripper": "below 0 close, else open",
    },
    "bounds": [-1.0, 1.0],
    "hz": CONTROL_HZ,
}
"""What an action means, as exported data say it."""


class ExchangeError(InputError):
    """Data that cannot be exported or imported as asked."""


def check_rate(where: str, hz: float) -> None:
    """Refuse another control rate."""
    if hz != CONTROL_HZ:
        raise ExchangeError(f"{where} is {hz:g} a second; expected {CONTROL_HZ}: actions are steps of 0.1 s")


def check_names(where: str, found: Sequence[str] | None, expected: Sequence[str]) -> None:
    """Refuse columns that mean something else, or don't say what they mean."""
    if found is None:
        raise ExchangeError(f"{where} has no names, so that its meaning is unknown; expected {', '.join(expected)}")
    if tuple(found) != tuple(expected):
        raise ExchangeError(f"{where} means {_listed(found)}; expected {', '.join(expected)}")


def check_action_size(where: str, size: int) -> None:
    """Refuse actions of another dimension."""
    if size != ACTION_SIZE:
        raise ExchangeError(f"{where} has {size} entries; expected {ACTION_SIZE}: {', '.join(ACTION_NAMES)}")


def check_state_size(where: str, size: int) -> None:
    """Refuse states of another dimension."""
    if size != STATE_SIZE:
        raise ExchangeError(f"{where} has {size} entries; expected {STATE_SIZE}: {', '.join(STATE_FIELDS)}")


def check_points_shape(where: str, shape: Sequence[int]) -> None:
    """Refuse scans that are no coloured points."""
    if len(shape) != 2 or shape[1] != POINT_SIZE:
        raise ExchangeError(f"{where} has the shape {tuple(shape)}; expected (points, {POINT_SIZE}): x, y, z, r, g, b")


def one_scan(where: str, points: np.ndarray) -> np.ndarray:
    """(P, 6): the scan that is repeated at every step of `points` (T, P, 6).

    Raises:
        ExchangeError: it changes within the episode.
    """
    if len(points) == 0 or not (points == points[:1]).all():
        raise ExchangeError(f"{where} changes within an episode; expected one scan, made at the reset")
    return points[0]


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(str(name) for name in names[:8])
    return f"{shown}, …" if len(names) > 8 else shown
