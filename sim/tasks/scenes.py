"""Tasks and scenes: the records that one rollout is drawn from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property

from sim.errors import InputError, did_you_mean
from sim.light import DAYLIGHT, Light
from sim.objects.roles import ROLES
from sim.objects.spec import MassProperties, ObjectSpec, mass_properties
from sim.palette import PALETTE
from sim.records import FrozenMapping

BALANCE, PART = "balance", "part"
INTENTIONS = (BALANCE, PART)
TRANSFERS = ("same-object", "new-instance", "new-shape")
PAINT, ROLE = "paint", "role"
CARRIERS = (PAINT, ROLE)
"""What a material goes by: its paint (colour-coded stock), or its role (painted goods: paint is random, and the handle
or the head tells the weight)."""


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
    roles: Mapping[str, float] = field(default_factory=dict)
    """role (`sim.objects.roles.ROLES`) → relative density, of painted goods; empty where paint tells the weight. What
    colours weigh then differs from object to object: `densities` and `part_colour` are those of one scene's object,
    and empty before an object is drawn."""
    part_role: str | None = None
    """For `part` of painted goods: the role whose outer end must be held."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "densities", FrozenMapping(self.densities))
        object.__setattr__(self, "roles", FrozenMapping(self.roles))
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
        self._check_roles()
        if self.roles and not self.densities:
            return
        if self.intention == PART and self.part_colour not in self.densities:
            colours = ", ".join(self.densities)
            raise SceneError(f"task {self.index}: part colour {self.part_colour!r}; expected one of {colours}")

    def _check_roles(self) -> None:
        """Refuse unknown roles, weights that are none, and a part that is none of the roles."""
        if not self.roles:
            return
        if set(self.roles) != set(ROLES):
            raise SceneError(f"task {self.index}: roles {', '.join(self.roles)}; expected {', '.join(ROLES)}")
        for role, density in self.roles.items():
            if not 0 < density < math.inf:
                raise SceneError(f"task {self.index}: density of the {role} is {density}; expected more than 0")
        if self.part_role not in (None, *ROLES) or (
            self.intention == PART and not self.densities and self.part_role is None
        ):
            raise SceneError(f"task {self.index}: part role {self.part_role!r}; expected one of {', '.join(ROLES)}")

    @property
    def carries(self) -> str:
        """What the materials go by, one of `CARRIERS`."""
        return ROLE if self.roles else PAINT

    @property
    def ordered(self) -> tuple[str, ...]:
        """The colours in an order that is the same on every object of the task: that of `densities`, or, of painted
        goods, whose colours differ, that of the roles that wear them."""
        if self.carries == PAINT:
            return tuple(self.densities)
        # Densities of two roles differ by a factor of three at least.
        return tuple(c for density in self.roles.values() for c, own in self.densities.items() if own == density)

    def on(self, roles: Mapping[str, str]) -> Task:
        """The task as it is on an object of painted goods.

        Args:
            roles: colour → role, in palette order (`sim.objects.roles.roles_of`).
        """
        part = next((colour for colour, role in roles.items() if role == self.part_role), None)
        densities = {colour: self.roles[role] for colour, role in roles.items()}
        return replace(self, densities=densities, part_colour=part if self.intention == PART else None)


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
    light: Light = DAYLIGHT
    """In which the camera sees the object's paints."""

    def __post_init__(self) -> None:
        if not 0 < self.mass < math.inf:
            raise SceneError(f"scene of mass {self.mass} kg; expected more than 0")
        missing = [colour for colour in self.object.colours if colour not in self.task.densities]
        if missing:
            known = ", ".join(self.task.densities)
            raise SceneError(f"scene: no density for {', '.join(missing)}; the task has {known}")

    @cached_property
    def mass_properties(self) -> MassProperties:
        """Mass, centre of mass and inertia in the object frame."""
        return mass_properties(self.object, self.task.densities, self.mass)
