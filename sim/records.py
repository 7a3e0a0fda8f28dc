"""Records that travel between processes: read-only mappings, and dataclasses whose copies are read-only too.

Pickling drops the read-only flag of a numpy array, and a `types.MappingProxyType` can't be pickled at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

Key = TypeVar("Key")
Value = TypeVar("Value", covariant=True)


class FrozenMapping(Mapping[Key, Value]):
    """A read-only mapping in insertion order that pickles, copies, compares like a `dict`, and hashes.

    Example:
        >>> FrozenMapping({"red": 1.0}) == {"red": 1.0}
        True
    """

    __slots__ = ("_items",)
    _items: dict[Key, Value]

    def __init__(self, items: Mapping[Key, Value]) -> None:
        object.__setattr__(self, "_items", dict(items))

    def __getitem__(self, key: Key) -> Value:
        return self._items[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return repr(self._items)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a frozen mapping has no attribute to set: {name!r}")

    def __reduce__(self) -> tuple[type[FrozenMapping], tuple[dict[Key, Value]]]:
        return FrozenMapping, (dict(self._items),)


class Record:
    """Base of frozen dataclasses with arrays: `@dataclass(frozen=True, eq=False) class Scan(Record)`.

    Copies and unpickled records are made by the constructor, which checks the values and makes the arrays read-only
    again. Two records are equal where all their compared fields are, arrays element by element.
    """

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[type, dict[str, Any]]]:
        return _rebuilt, (type(self), {field.name: getattr(self, field.name) for field in self._fields() if field.init})

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        compared = (field.name for field in self._fields() if field.compare)
        return all(_same(getattr(self, name), getattr(other, name)) for name in compared)

    def __hash__(self) -> int:
        compared = (getattr(self, field.name) for field in self._fields() if field.compare)
        return hash(tuple(_hashable(value) for value in compared))

    def _fields(self) -> tuple[Any, ...]:
        # Only the subclasses are dataclasses.
        return fields(self)  # type: ignore[arg-type]


def _rebuilt(kind: type, values: dict[str, Any]) -> Any:
    return kind(**values)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.array_equal(one, other)
    return bool(one == other)


def _hashable(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_hashable, value))
    # By value, not by bytes: −0.0 equals 0.0.
    return (value.shape, tuple(value.ravel().tolist())) if isinstance(value, np.ndarray) else value
