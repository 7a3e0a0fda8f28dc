"""Declared schemas for JSON: what kind of value stands where, and one line that says which one does not.

Needs only the standard library: the machine that only trains reads files by these schemas too. A schema is a tree of
kinds; `kind.check(value, where)` raises `Unfit` at the first value that is of another kind or out of its range.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

DEEPEST = 40
"""Levels of lists and tables inside one another; what is written here has ten at most."""
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
"""Names that become file names: no folder, no `..`, nothing hidden."""
REFERENCE = rf"([A-Za-z_][A-Za-z0-9_.]*:)?{NAME}"
"""Families and splits: a name, or `module:name` where it is found in someone's own module. No file is named so."""
SHA256 = r"[0-9a-f]{64}"


class Unfit(ValueError):
    """A value that is not what the schema declares. The message says which, what was found, and what was expected."""


class Kind(Protocol):
    """What a value must be."""

    def check(self, value: Any, where: str) -> None:
        """Raise `Unfit` where `value`, found at `where`, is something else."""


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text.

    Raises:
        Unfit: no JSON, or lists and tables nested deeper than `DEEPEST`.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise Unfit("JSON nested too deep") from None
    except ValueError as error:
        raise Unfit(f"no JSON: {error}") from None
    if _depth(value) > DEEPEST:
        raise Unfit("JSON nested too deep")
    return value


def _depth(value: Any) -> int:
    """Levels of nesting, counted up to one more than `DEEPEST`."""
    level, depth = [value], 0
    while depth <= DEEPEST:
        inner = [item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list)]
        if not inner:
            break
        level, depth = [item for items in inner for item in items], depth + 1
    return depth


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


@dataclass(frozen=True)
class Text:
    """A string."""

    allowed: Sequence[str] | None = None
    """Only one of these."""
    pattern: str | None = None
    """A regular expression that the whole string must match."""
    longest: int = 10_000
    """Characters at most."""

    def check(self, value: Any, where: str) -> None:
        """See `Kind`."""
        if not isinstance(value, str):
            raise Unfit(f"{where} is {_shown(value)}; expected a text")
        if len(value) > self.longest:
            raise Unfit(f"{where} has {len(value)} characters; expected {self.longest} at most")
        if self.allowed is not None and value not in self.allowed:
            raise Unfit(f"{where} is {_shown(value)}; expected {', '.join(self.allowed)}")
        if self.pattern is not None and not re.fullmatch(self.pattern, value):
            raise Unfit(f"{where} is {_shown(value)}; expected a text of the form {self.pattern}")
        # Half a character cannot be written again.
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise Unfit(f"{where} is {_shown(value)}; expected a text that can be encoded")


@dataclass(frozen=True)
class Whole:
    """A whole number."""

    least: int = -(2**63)
    most: int = 2**63 - 1

    def check(self, value: Any, where: str) -> None:
        """See `Kind`."""
        if not isinstance(value, int) or isinstance(value, bool) or not self.least <= value <= self.most:
            raise Unfit(f"{where} is {_shown(value)}; expected a whole number from {self.least} to {self.most}")


@dataclass(frozen=True)
class Number:
    """A finite number."""

    least: float = -math.inf
    most: float = math.inf

    def check(self, value: Any, where: str) -> None:
        """See `Kind`."""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or not self.least <= value <= self.most:
            raise Unfit(f"{where} is {_shown(value)}; expected a finite number from {self.least} to {self.most}")


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def check(self, value: Any, where: str) -> None:
        """See `Kind`."""
        if not isinstance(value, bool):
            raise Unfit(f"{where} is {_shown(value)}; expected true or false")


@dataclass(frozen=True)
class Maybe:
    """Nothing, or a value of `kind`."""

    kind: Kind

    def check(self, value: Any, where: str) -> None:
        """See `Kind`."""
        if value is not None:
            self.kind.check(value, where)


@dataclass(frozen=True)
class Either:
    """A value of the first kind or of the second."""

    first: Kind
    second: Kind

    def check(self, value: Any, where: str) -> None:
        """See `Kind`."""
        try:
            self.first.check(value, where)
        except Unfit:
            self.second.check(value, where)


@dataclass(frozen=True)
class ListOf:
    """A list."""

    kind: Kind
    """Of each item."""
    least: int = 0
    """Items at least."""
    most: int = 10_000_000
    """Items at most."""

    def check(self, value: Any, where: str) -> None:
        """See `Kind`."""
        if not isinstance(value, list) or not self.least <= len(value) <= self.most:
            raise Unfit(f"{where} is {_shown(value)}; expected a list of {self.least} to {self.most} items")
        for number, item in enumerate(value):
            self.kind.check(item, f"{where}[{number}]")


@dataclass(frozen=True)
class TableOf:
    """A table with any keys."""

    kind: Kind
    """Of each value."""
    keys: Kind = field(default_factory=Text)
    """Of each key."""

    def check(self, value: Any, where: str) -> None:
        """See `Kind`."""
        if not isinstance(value, dict):
            raise Unfit(f"{where} is {_shown(value)}; expected a table")
        for key, item in value.items():
            self.keys.check(key, f"a key of {where}")
            self.kind.check(item, f"{where}.{key}")


@dataclass(frozen=True)
class Record:
    """A table whose fields are named."""

    fields: Mapping[str, Kind]
    """Fields that must be there."""
    optional: Mapping[str, Kind] = field(default_factory=dict)
    """Fields that may be there."""
    others: Kind | None = None
    """Kind of further fields; None refuses them."""

    def check(self, value: Any, where: str) -> None:
        """See `Kind`."""
        if not isinstance(value, dict):
            raise Unfit(f"{where} is {_shown(value)}; expected a table with {', '.join(self.fields)}")
        for name in self.fields:
            if name not in value:
                raise Unfit(f"{where} has no {name!r}; expected {', '.join(self.fields)}")
        for name, item in value.items():
            kind = self.fields.get(name) or self.optional.get(name) or self.others
            if kind is None:
                raise Unfit(f"{where} has an unknown field {_shown(name)}; expected {', '.join(self.fields)}")
            kind.check(item, f"{where}.{name}")


@dataclass(frozen=True)
class Plain:
    """Any JSON value whose texts can be encoded."""

    finite: bool = True
    """Whether its numbers must be finite."""

    def check(self, value: Any, where: str) -> None:
        """See `Kind`."""
        if isinstance(value, dict):
            TableOf(self).check(value, where)
        elif isinstance(value, list):
            ListOf(self).check(value, where)
        elif isinstance(value, str):
            Text(longest=10_000_000).check(value, where)
        elif self.finite and isinstance(value, float):
            Number().check(value, where)


PLAIN_TABLE = TableOf(Plain())
"""A table with any content."""
