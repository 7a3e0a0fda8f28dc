"""Tasks and scenes: the records that one rollout is drawn from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from sim.errors import InputError, did_you_mean
from sim.objects.spec import PALETTE, MassProperties, ObjectSpec, mass_properties
from sim.records import FrozenMapping

BALANCE, PART = "balance", "part"
INTENTIONS = (BALANCE, PART)
TRANSFERS = ("same-object", "new-instance", "new-shape")


class SceneError(InputError):
    """A task or scene that can't exist: an unknown colour or intention, a number out of range."""


@dataclass(frozen=True)
class Task:
    """Materials and the demonstrator's intention. Both are hidden: only demonstrations show them.

    Raises:
        SceneError: an unknown colour or intention, a density or a number out of range.

    Example:
        >>> Task("training", 0, {"red": 1.0, "blue": 4.0}, "balance", "red").intention
        'balance'
    """

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
        if self.index < 0:
            raise SceneError(f"task {self.index}; expected 0 or more")
        for colour, density in self.densities.items():
            if colour not in PALETTE:
                raise SceneError(f"task {self.index}: unknown colour {colour!r}{did_you_mean(str(colour), PALETTE)}")
            if not 0 < density < math.inf:
                raise SceneError(f"task {self.index}: density of {colour} is {density}; expected more than 0")
        if self.intention not in INTENTIONS:
            hint = did_you_mean(str(self.intention), INTENTIONS)
            raise SceneError(f"task {self.index}: unknown intention {self.intention!r}{hint}")
        if self.intention == PART and self.part_colour not in self.densities:
            colours = ", ".join(self.densities)
            raise SceneError(f"task {self.index}: part colour {self.part_colour!r}; expected one of {colours}")


@dataclass(frozen=True)
class Noise:
    """Standard deviations of the errors of sensing and demonstrating. Headline figures have the defaults.

    Raises:
        SceneError: a negative or infinite one.
    """

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

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not 0 <= value < math.inf:
                raise SceneError(f"noise of {name} is {value}; expected 0 or more")


NO_NOISE = Noise(0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Scene:
    """One object of one task, to be grasped. A rollout seed then draws pose, arm start and noise.

    Raises:
        SceneError: a mass that isn't positive, a colour of the object without density.

    Example:
        >>> from sim.tasks.sampling import draw_scene, draw_task
        >>> scene = draw_scene(0, draw_task(0, "training", 0, "part"), "hammer", "a0")
        >>> scene.mass <= 0.04
        True
    """

    task: Task
    object: ObjectSpec
    mass: float
    """kg; drawn independently of the densities: 0.3–0.7 for `balance`, at most 0.04 for `part`."""
    noise: Noise = field(default_factory=Noise)

    def __post_init__(self) -> None:
        if not 0 < self.mass < math.inf:
            raise SceneError(f"scene of mass {self.mass} kg; expected more than 0")
        missing = [colour for colour in self.object.colours if colour not in self.task.densities]
        if missing:
            known = ", ".join(self.task.densities)
            raise SceneError(f"scene: no density for {', '.join(missing)}; the task has {known}")

    @property
    def mass_properties(self) -> MassProperties:
        """Mass, centre of mass and inertia in the object frame."""
        return mass_properties(self.object, self.task.densities, self.mass)
