"""Compiled functions by name, on machines that have numba; those that only train may lack it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, cast


@cache
def compiled_or_none(module: str, name: str) -> Callable[..., Any] | None:
    """The function `name` of `module`, imported when first asked for, as numba takes a while; None without numba."""
    try:
        import numba  # noqa: F401
    except ImportError:
        return None
    return cast(Callable[..., Any], getattr(import_module(module), name))
