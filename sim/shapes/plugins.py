"""Objects of other people's code, by reference `module:attribute` or by the entry points of installed packages."""

from __future__ import annotations

import importlib
from functools import cache
from importlib import metadata
from types import ModuleType
from typing import Any

from sim.errors import InputError


class PluginError(InputError):
    """Code outside this package that can't be imported, or that holds no such thing."""


def module_at(name: str, reference: str) -> ModuleType:
    """The module called `name`, for the sake of `reference`.

    Raises:
        PluginError: it can't be imported, for whatever reason.
    """
    try:
        return importlib.import_module(name)
    # Importing runs someone else's code, which may raise anything.
    except (Exception, SystemExit) as error:  # a script without a guard ends at its import
        raise PluginError(f"{reference!r}: module {name!r} can't be imported: {_told(error)}") from error


@cache  # looking through the installed packages takes some milliseconds
def installed_entry_points(group: str) -> tuple[metadata.EntryPoint, ...]:
    """The entry points of `group` in order of their names."""
    return tuple(sorted(metadata.entry_points(group=group), key=lambda point: (point.name, point.value)))


def load_entry_point(point: metadata.EntryPoint) -> Any:
    """The object that an entry point names.

    Raises:
        PluginError: it can't be loaded, for whatever reason.
    """
    try:
        return point.load()
    # Importing runs someone else's code, which may raise anything.
    except (Exception, SystemExit) as error:
        raise PluginError(f"{entry_point_text(point)}: {_told(error)}") from error


def entry_point_text(point: metadata.EntryPoint) -> str:
    """How an entry point is told to a user."""
    return f"entry point {point.name!r} = {point.value!r} of group {point.group!r}"


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
