"""Tasks and scenes: the records that one rollout is drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sim.objects.spec import MassProperties, ObjectSpec, mass_properties
from sim.records import FrozenMapping

BALANCE, PART = "balance", "part"
INTENTIONS = (BALANCE, PART)
TRANSFERS = ("same-object", "new-instance", "new-shape")


@dataclass(frozen=True)
class Task:
    """Materials and the demonstrator's intention. Both are hidden: only demonstrations show them."""

    split: str
    """A shipped split, or a group of one's own families."""
    index: int
    """Number of the task within its split; with the seed it fixes the task."""
    densities: Mapping[str, float]
    """colour → relative density, largest ÷ smallest in 3–10."""
    intention: str
    """`balance` or `part`."""
    part_colour: str | None
    """For `part`: the colour whose outer end must be held."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "densities", FrozenMapping(self.densities))


@dataclass(frozen=True)
class Noise:
    """Standard deviations of the errors of sensing and demonstrating. Headline figures have the defaults."""

    position: float = 0.002
    """m, per axis: the object's perceived position (constant through an episode)."""
    yaw: float = 0.0349
    """rad (2°): the object's perceived heading (constant through an episode)."""
    points: float = 0.002
    """m, per axis: each scanned point."""
    colour: float = 0.02
    """RGB units: each scanned point's colour."""
    grasp: float = 0.003
    """m, per planar axis: where the demonstrator aims."""


NO_NOISE = Noise(0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Scene:
    """One object of one task, to be grasped. A rollout seed then draws pose, arm start and noise."""

    task: Task
    object: ObjectSpec
    mass: float
    """kg; drawn independently of the densities: 0.3–0.7 for `balance`, at most 0.04 for `part`."""
    noise: Noise = field(default_factory=Noise)

    @property
    def mass_properties(self) -> MassProperties:
        """Mass, centre of mass and inertia in the object frame."""
        return mass_properties(self.object, self.task.densities, self.mass)
