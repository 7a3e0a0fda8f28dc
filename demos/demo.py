"""Records of demonstrations: what happened in one episode, and who did it.

Axis letters: T steps, P points. Needs only numpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING

import numpy as np

from demos import __version__
from sim.errors import InputError
from sim.records import FrozenMapping, Record
from sim.versions import PHYSICS, VERDICT

if TYPE_CHECKING:  # only the name: reading a demo's arrays needs no simulator
    from sim.tasks.scenes import Task

SCHEMA = "3"
"""Version of the stored form of episodes, datasets and packed training data."""
STATE_SIZE, POINT_SIZE, ACTION_SIZE = 14, 6, 5


class DemoError(InputError):
    """Arrays or labels that are no demonstration."""


@dataclass(frozen=True)
class Provenance:
    """Where a demo came from. No time, host or worker, so that an episode's bytes depend on its seed alone."""

    actor: str
    """Who acted: `expert`, `module:function`, `checkpoint:DIR:strategy` or a name given to
    `demos.recording.recorder.record`."""
    seed: int
    """Root seed."""
    path: tuple[str | int, ...]
    """Path of the episode below the root seed (`sim.tasks.seeds`)."""
    versions: Mapping[str, str]
    """`robo-meta`, `numpy`, `pybullet`, `schema`, `physics` and `verdict`: what the bytes depend on besides."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", tuple(self.path))
        object.__setattr__(self, "versions", FrozenMapping(self.versions))

    @property
    def key(self) -> str:
        """The path as a file's name, e.g. `training-00017-demo-00002-00000`."""
        return episode_key(self.path)


def episode_key(path: tuple[str | int, ...]) -> str:
    """A seed path as a file's name; sorts like the numbers in it."""
    # The split of a family named by reference has a colon, which some file systems refuse.
    return "-".join(step.replace(":", ".") if isinstance(step, str) else f"{step:05d}" for step in path)


def provenance(actor: str, seed: int, path: tuple[str | int, ...]) -> Provenance:
    """A `Provenance` with the versions installed here."""
    return Provenance(actor, seed, path, installed_versions())


@cache  # looking through installed packages takes longer than anything else in a record
def installed_versions() -> dict[str, str]:
    """Versions that an episode's bytes depend on: of the package, numpy, PyBullet, the schema, physics and verdict."""
    try:
        pybullet = metadata.version("pybullet")
    except metadata.PackageNotFoundError:
        pybullet = "absent"
    return {
        "robo-meta": __version__,
        "numpy": np.__version__,
        "pybullet": pybullet,
        "schema": SCHEMA,
        "physics": str(PHYSICS),
        "verdict": str(VERDICT),
    }


@dataclass(frozen=True, eq=False)
class Demo(Record):
    """One episode, in the world frame; arrays are read-only copies.

    Raises:
        DemoError: shapes that do not fit, values that are not finite, actions outside [−1, 1], an empty verdict.

    Example:
        >>> demo = robo_meta.play(scene, seed, act)  # doctest: +SKIP
        >>> demo.state.shape, demo.success  # doctest: +SKIP
    """

    state: np.ndarray
    """(T+1, 14) float32, world frame: the observation `state` of `RoboMeta/Grasp-v0`, object pose as perceived."""
    points: np.ndarray
    """(P, 6) float32: x, y, z in m, object frame, then r, g, b in [0, 1], as scanned at reset."""
    actions: np.ndarray
    """(T, 5) float32 in [−1, 1], world frame: executed, motion noise included."""
    labels: np.ndarray
    """(T, 5) float32 in [−1, 1], world frame: what the demonstrator meant at each state, noise left out."""
    rewards: np.ndarray
    """(T,) float32."""
    verdict: Mapping[str, bool]
    """Named parts of success, e.g. `lifted`, `held`, `level`."""
    family: str
    """Shape family of the object."""
    object_id: str
    """Which object of the task: a letter for the family within the task and a number, e.g. `a0`."""
    task: Task
    """Materials, intention, split and number: privileged, for bookkeeping and reports, never in a support set."""
    provenance: Provenance
    """Who acted, from which seed, with which versions."""

    def __post_init__(self) -> None:
        for name in ("state", "points", "actions", "labels", "rewards"):
            value = np.array(getattr(self, name), dtype=np.float32)
            value.setflags(write=False)
            object.__setattr__(self, name, value)
        object.__setattr__(self, "verdict", FrozenMapping({str(k): bool(v) for k, v in self.verdict.items()}))
        self._check()

    def _check(self) -> None:
        name = f"demo {self.provenance.key}"
        columns = {"state": STATE_SIZE, "points": POINT_SIZE, "actions": ACTION_SIZE, "labels": ACTION_SIZE}
        for field, size in columns.items():
            shape = getattr(self, field).shape
            if len(shape) != 2 or shape[1] != size:
                raise DemoError(f"{name}: {field} of shape {shape}; it needs (…, {size})")
        steps = len(self.actions)
        if len(self.state) != steps + 1:
            raise DemoError(f"{name}: {len(self.state)} observations for {steps} actions; it needs {steps + 1}")
        if steps == 0:
            raise DemoError(f"{name}: no actions; it needs at least 1")
        if len(self.labels) != steps:
            raise DemoError(f"{name}: {len(self.labels)} labels for {steps} actions; it needs {steps}")
        if self.rewards.shape != (steps,):
            raise DemoError(f"{name}: rewards of shape {self.rewards.shape} for {steps} actions; it needs ({steps},)")
        if len(self.points) == 0:
            raise DemoError(f"{name}: no points; it needs at least 1")
        for field in ("state", "points", "actions", "labels", "rewards"):
            if not np.isfinite(getattr(self, field)).all():
                raise DemoError(f"{name}: {field} holds values that are not finite")
        for field in ("actions", "labels"):
            largest = float(np.abs(getattr(self, field)).max())
            if largest > 1:
                raise DemoError(f"{name}: {field} reach {largest:.3f}; they must stay within [-1, 1]")
        if not self.verdict:
            raise DemoError(f"{name}: an empty verdict; it needs at least one named part")

    @property
    def steps(self) -> int:
        """Number of actions, T."""
        return len(self.actions)

    @property
    def success(self) -> bool:
        """Whether every part of the verdict holds."""
        return all(self.verdict.values())
