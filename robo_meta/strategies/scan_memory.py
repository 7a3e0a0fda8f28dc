"""What was worked out about a scan, kept for whoever asks next: strategies ask the same of the same scans.

Kept by the arrays' bytes, for the latest `MOST` calls of each function, in one process. Arrays handed out are
read-only, so that no caller alters another's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])
_KEPT: list[Callable[[], None]] = []
"""What clears each function's results."""
MOST = 64
"""Calls: the scans of several supports, as they are and repainted, are fewer."""


class _Call:
    """Arguments of a call, which are equal where their arrays' types, shapes and bytes are."""

    __slots__ = ("arguments", "key")

    def __init__(self, arguments: tuple[Any, ...]) -> None:
        self.arguments, self.key = arguments, _key(arguments)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Call) and self.key == other.key


def remembered(function: Function) -> Function:
    """The function of scans, or sequences of them, with its latest results kept. It must depend on nothing else, and
    return arrays, tuples of them, or frozen records whose arrays are read-only."""

    @lru_cache(maxsize=MOST)
    def found(call: _Call) -> Any:
        return read_only(function(*call.arguments))

    _KEPT.append(found.cache_clear)

    @wraps(function)
    def asked(*arguments: Any) -> Any:
        return found(_Call(arguments))

    return cast(Function, asked)


def forget() -> None:
    """Forget all results, as whoever times something must before each run."""
    for clear in _KEPT:
        clear()


def read_only(value: Any) -> Any:
    """`value` with its arrays, be they in tuples, made read-only."""
    if isinstance(value, np.ndarray):
        value.setflags(write=False)
    elif isinstance(value, tuple):
        for part in value:
            read_only(part)
    return value


def _key(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    return tuple(_key(part) for part in value) if isinstance(value, list | tuple) else value
