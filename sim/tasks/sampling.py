"""Drawing tasks, families and scenes. Every choice has its own random stream below one root number.

Materials, intention, geometry, friction and mass have separate streams, so that nothing visible (geometry, colours)
depends on what is hidden (densities, friction, mass).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from sim.errors import InputError, did_you_mean
from sim.objects.acceptance import draw_object
from sim.objects.roles import ROLES, roles_of
from sim.objects.spec import PRISMS
from sim.palette import PALETTE
from sim.shapes.families import families_for, families_of
from sim.tasks.scenes import BALANCE, CARRIERS, INTENTIONS, PAINT, PART, ROLE, Noise, Scene, Task
from sim.tasks.seeds import generator

RATIO_RANGE = (3.0, 10.0)
"""Largest ÷ smallest density of a task, drawn log-uniformly."""
FRICTION_RANGE = (0.65, 0.8)
"""Lateral friction coefficient of an object of prisms: hidden, a nuisance."""
MASS_RANGE = {BALANCE: (0.3, 0.7), PART: (0.03, 0.04)}
"""kg by intention, of objects of prisms: *part* objects are so light that any hold is level."""
SPINNING_FRICTION = {BALANCE: 0.0, PART: 0.01}
"""m by intention: torsional patch of the surface. Light objects are soft: rigid contact of a pad with a rounded or
narrow end is a point or two, about which the object would swing, though its weight could not turn a real pad."""


@dataclass(frozen=True)
class Law:
    """Hidden numbers of the objects of one kind of surface, each drawn uniformly."""

    friction: tuple[float, float]
    """Lateral friction coefficient."""
    mass: Mapping[str, tuple[float, float]]
    """Intention → kg."""


LAWS: Mapping[str, Law] = {
    PRISMS: Law(FRICTION_RANGE, MASS_RANGE),
    "flat": Law((0.65, 0.75), {BALANCE: (0.45, 0.7), PART: (0.03, 0.04)}),
    "curved": Law((0.8, 0.95), {BALANCE: (0.3, 0.5), PART: (0.03, 0.04)}),
}
"""By `ObjectSpec.surface`. Whether a pad holds is a matter of its grip margin, 2 · friction · force ÷ weight. It
touches a curved body along a line or in a point, and slips there at margins that hold a flat one 3 cm off its balance
point: with a law for each, both are held at their balance point, and hardly ever 3 cm beside it. That of the shipped
prisms, which are flat, came first and stays."""


class UnknownIntention(InputError):
    """An intention name that is not in `INTENTIONS`."""


class UnknownCarrier(InputError):
    """What materials go by that is not in `CARRIERS`, or that can't be so with as many colours."""


class TooFewFamilies(InputError):
    """A split with fewer families than are asked for."""


def draw_task(
    root: int, split: str, index: int, intention: str | None = None, *, colours: int = 2, carries: str = PAINT
) -> Task:
    """Task number `index` of `split`: its materials and the demonstrator's intention.

    Args:
        root: root seed of all randomness.
        split: a shipped split, or a group of one's own families.
        index: number of the task within its split.
        intention: `balance` or `part` to force it (the materials stay the same); None draws either.
        colours: how many colours its objects have; three need two demonstrations or more.
        carries: what the materials go by, one of `CARRIERS`; with `role`, colours are the objects' own affair.

    Raises:
        UnknownSplit, UnknownIntention, UnknownCarrier: a name that is not in the table.
    """
    if carries not in CARRIERS:
        raise UnknownCarrier(f"unknown carrier {carries!r}{did_you_mean(carries, CARRIERS)}")
    families_of(split)
    if intention is not None and intention not in INTENTIONS:
        raise UnknownIntention(f"unknown intention {intention!r}{did_you_mean(intention, INTENTIONS)}")
    if carries == ROLE:
        if colours != 2:
            raise UnknownCarrier(f"painted goods of {colours} colours; expected 2, a handle and a head")
        return _task_of_roles(root, split, index, intention)
    rng = generator(root, "materials", split, index)
    names = [str(name) for name in rng.permutation(list(PALETTE))[:colours]]
    log_ratio = rng.uniform(*np.log(RATIO_RANGE))
    # The first is the lightest and the second the heaviest; further colours lie between. Their names are permuted.
    levels = np.concatenate([[0.0, 1.0], rng.uniform(0, 1, colours - 2)])
    found = {name: float(np.exp(log_ratio * level)) for name, level in zip(names, levels, strict=True)}
    # Listed in the palette's order, so that no reader of the names alone learns which is heavy.
    densities = {name: found[name] for name in PALETTE if name in found}
    intentions = generator(root, "intention", split, index)
    drawn, colour = INTENTIONS[intentions.integers(len(INTENTIONS))], names[intentions.integers(len(names))]
    chosen = intention or drawn
    return Task(split, index, densities, chosen, colour if chosen == PART else None)


def _task_of_roles(root: int, split: str, index: int, intention: str | None) -> Task:
    """Painted goods: what handle and head weigh, with the ratio's law of the colours, either the heavier."""
    rng = generator(root, "roles", split, index)
    light, heavy = (ROLES[i] for i in rng.permutation(len(ROLES)))
    found = {light: 1.0, heavy: float(np.exp(rng.uniform(*np.log(RATIO_RANGE))))}
    intentions = generator(root, "intention", split, index)
    drawn, wanted = INTENTIONS[intentions.integers(len(INTENTIONS))], ROLES[intentions.integers(len(ROLES))]
    chosen = intention or drawn
    # Listed in the order of `ROLES`, so that no reader of the names alone learns which is heavy.
    roles = {role: found[role] for role in ROLES}
    return Task(split, index, {}, chosen, None, roles, wanted if chosen == PART else None)


def draw_families(root: int, task: Task, count: int | None = None) -> tuple[str, ...]:
    """`count` distinct families of the task's split that serve for its intention, all of them where None, in random
    order.

    Raises:
        TooFewFamilies: fewer than `count` in the split.
    """
    names = families_for(task.split, task.intention)
    count = len(names) if count is None else count
    if not 0 <= count <= len(names):
        raise TooFewFamilies(f"{count} families of split {task.split!r} for {task.intention}; it has {len(names)}")
    order = generator(root, "families", task.split, task.index).permutation(len(names))
    return tuple(names[i] for i in order[:count])


def draw_scene(root: int, task: Task, family: str, object_id: str, noise: Noise | None = None) -> Scene:
    """The object `object_id` of `family` that belongs to `task`, with all of the task's colours on it.

    Painted goods wear two colours of any, drawn for each object from a stream of its own; the scene's task says what
    they weigh on this object.

    Args:
        root: root seed of all randomness.
        task: materials and intention; only the names of its colours, in the palette's order, reach the geometry.
        family: any family's name (`sim.shapes.families.family_named`), usually one of `draw_families`.
        object_id: label that tells objects of one family in one task apart, e.g. `a0`.
        noise: errors of sensing and demonstrating; the default `Noise()` where None.

    Raises:
        UnknownFamily: no such family.
        FamilyError: the family's function returned no layout.
        LayoutError: no acceptable object was found.
    """
    path = (task.split, task.index, family, object_id)
    colours = tuple(task.densities) if task.carries == PAINT else _any_paint(root, *path)
    spec = draw_object(generator(root, "geometry", *path), family, colours, 0.0, task.intention)
    if task.carries == ROLE:
        task = task.on(roles_of(spec))
    law = LAWS[spec.surface]
    friction = float(generator(root, "friction", *path).uniform(*law.friction))
    spec = replace(spec, friction=friction, spinning_friction=SPINNING_FRICTION[task.intention])
    mass = float(generator(root, "mass", *path).uniform(*law.mass[task.intention]))
    return Scene(task, spec, mass, noise if noise is not None else Noise())


def _any_paint(root: int, *path: str | int) -> tuple[str, ...]:
    """Two colours of the palette, in its order, for one object of painted goods."""
    chosen = {str(name) for name in generator(root, "paint", *path).permutation(list(PALETTE))[:2]}
    return tuple(name for name in PALETTE if name in chosen)
