"""What a person can ask of the studio: one record each, checked before it reaches the session."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from robo_meta.studio.choice import Choice
from sim.errors import InputError, did_you_mean
from sim.robot import Workspace
from sim.tasks.scenes import TRANSFERS

MOST_STRATEGIES = 4
"""Strategies that act side by side at most."""


class CommandError(InputError):
    """A command that makes no sense, or not now."""


@dataclass(frozen=True)
class Choose(Choice):
    """Put this object on the table and begin an attempt."""


@dataclass(frozen=True)
class Again:
    """Begin another attempt on the same object; it lies elsewhere."""


@dataclass(frozen=True)
class Reach:
    """Bring the hand to a place; m and rad, world frame."""

    x: float
    y: float
    z: float
    heading: float

    def __post_init__(self) -> None:
        space = Workspace()
        for name, low, high in zip("xyz", space.low, space.high, strict=True):
            if not low - 0.5 <= getattr(self, name) <= high + 0.5:
                raise CommandError(f"reach: {name} {getattr(self, name):.3f} m; expected {low} to {high}")
        if abs(self.heading) > math.tau:
            raise CommandError(f"reach: heading {self.heading:.2f} rad; expected −3.14 to 3.14")


@dataclass(frozen=True)
class Nudge:
    """Move the place that the hand is brought to; m and rad, world frame."""

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    heading: float = 0.0

    def __post_init__(self) -> None:
        if max(abs(self.x), abs(self.y), abs(self.z)) > 0.2 or abs(self.heading) > math.pi:
            raise CommandError("nudge: more than 0.2 m or half a turn at once")


@dataclass(frozen=True)
class Close:
    """Close the fingers."""


@dataclass(frozen=True)
class Open:
    """Open the fingers."""


@dataclass(frozen=True)
class Lift:
    """Lift until the object is judged."""


@dataclass(frozen=True)
class _OnObject:
    """Something to be done on an object that the demonstrations are transferred to."""

    transfer: str = TRANSFERS[0]
    """What it shares with the one on the table: that very object, another of its family, or materials alone."""
    family: str = ""
    """For `new-shape`: which family; by default one is drawn."""

    def __post_init__(self) -> None:
        if self.transfer not in TRANSFERS:
            raise CommandError(f"transfer {self.transfer!r}{did_you_mean(self.transfer, TRANSFERS)}")


@dataclass(frozen=True)
class Adapt(_OnObject):
    """Adapt a strategy to the task's demonstrations, and show how it weighs the object before and after."""

    strategy: str = "maml"


@dataclass(frozen=True)
class Watch(_OnObject):
    """Let strategies act on copies of one scene."""

    strategies: tuple[str, ...] = ("maml", "replay")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= len(self.strategies) <= MOST_STRATEGIES or len(set(self.strategies)) < len(self.strategies):
            raise CommandError(f"watch: {len(self.strategies)} strategies; expected 1 to {MOST_STRATEGIES}, each once")


@dataclass(frozen=True)
class Advise(_OnObject):
    """Say which strategy the selector would take, and why."""


Command = Choose | Again | Reach | Nudge | Close | Open | Lift | Adapt | Watch | Advise
_KINDS: dict[str, type] = {
    kind.__name__.lower(): kind for kind in (Choose, Again, Reach, Nudge, Close, Open, Lift, Adapt, Watch, Advise)
}
_LONGEST = 200
"""Characters of a word."""


def parse(message: Any) -> Command:
    """The command that a message asks for.

    Args:
        message: `{"do": name, **fields}`, from anybody.

    Raises:
        CommandError: it is none.
        sim.errors.InputError: a family, number or word that doesn't exist.

    Example:
        >>> parse({"do": "nudge", "z": 0.01})
        Nudge(x=0.0, y=0.0, z=0.01, heading=0.0)
    """
    if not isinstance(message, Mapping) or not isinstance(message.get("do"), str):
        raise CommandError("a message without a command; expected {'do': name, …}")
    name = str(message["do"])[:_LONGEST]
    if name not in _KINDS:
        raise CommandError(f"unknown command {name!r}{did_you_mean(name, _KINDS)}")
    kind = _KINDS[name]
    known = {field.name: field for field in fields(kind)}
    values: dict[str, Any] = {}
    for key, value in message.items():
        if key == "do":
            continue
        if key not in known:
            raise CommandError(f"{name}: unknown field {str(key)[:_LONGEST]!r}{did_you_mean(str(key), known)}")
        values[key] = _checked(name, key, str(known[key].type), value)
    for key, field in known.items():
        if key not in values and field.default is MISSING:
            raise CommandError(f"{name}: {key} is missing")
    command: Command = kind(**values)
    return command


def _checked(name: str, key: str, kind: str, value: Any) -> Any:
    """`value` as the field `key` of the command `name` has it."""
    if kind == "float" and isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if kind == "int" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind == "str" and _is_word(value):
        return value
    if kind.startswith("tuple") and isinstance(value, list | tuple) and all(map(_is_word, value)):
        return tuple(value)
    raise CommandError(f"{name}: {key} is {str(value)[:_LONGEST]!r}; expected {_SAID[kind.partition('[')[0]]}")


_SAID = {"float": "a finite number", "int": "a whole number", "str": "a word", "tuple": "a list of words"}


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST
