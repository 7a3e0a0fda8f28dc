"""Where a strategy comes from: the table, a place `module:Class`, an installed plug-in, or an object of the user's.

A source is small, hashable and picklable. It travels to worker processes, and the strategy is made there.
"""

from __future__ import annotations

import importlib
import inspect
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from robo_meta.catalogue import ASKING, SCRIPTED_SUFFIX, SELECTOR, bare
from robo_meta.strategies import StrategyError
from robo_meta.strategies.importing import first_line, importable


@dataclass(frozen=True)
class Source:
    """A shipped strategy."""

    name: str
    """In the results; with `SCRIPTED_SUFFIX` where the scripted controller drives it."""

    @property
    def scripted(self) -> bool:
        """Whether the scripted controller drives it, whatever drives the others."""
        return self.name.endswith(SCRIPTED_SUFFIX)


@dataclass(frozen=True)
class AskingSource(Source):
    """The selector's whole policy, which an evaluation can play and which is no strategy."""

    @property
    def chooser(self) -> Source:
        """The strategy that knows what it does."""
        return Source(self.name.replace(ASKING, SELECTOR))


@dataclass(frozen=True)
class OwnSource(Source, ABC):
    """A strategy that is not in the table."""

    @abstractmethod
    def found(self) -> Any:
        """The user's class or object, imported or unpacked."""

    def load(self) -> Any:
        """The user's object: a class is constructed, without arguments.

        Raises:
            StrategyError: the class can't be imported, or wants arguments.
        """
        return instance(self.found(), bare(self.name))


@dataclass(frozen=True)
class PlacedSource(OwnSource):
    """A strategy at a place that every process can import."""

    place: str
    """`module:Class`, or `module:object`."""
    folder: str | None
    """Folder that is importable while the module is imported; None for installed modules."""
    origin: str = ""
    """The plug-in it comes from, for error messages; empty where there is none."""

    def found(self) -> Any:
        """The class or object at the place.

        Raises:
            StrategyError: it can't be imported.
        """
        module, _, attribute = self.place.partition(":")
        said = f"strategy {self.place!r}" + (f" of the plug-in {self.origin}" if self.origin else "")
        try:
            with importable(self.folder):
                thing: Any = importlib.import_module(module)
            for part in attribute.split("."):
                thing = getattr(thing, part)
        # A module runs any code while it is imported, so that anything can go wrong there; a script may even exit.
        except (Exception, SystemExit) as error:
            raise StrategyError(f"{said}: {type(error).__name__}: {first_line(error)}") from error
        return thing


@dataclass(frozen=True)
class CarriedSource(OwnSource):
    """An object or class as it was when it was given, packed by cloudpickle.

    It is packed for worker processes of this machine only, never for files.
    Classes of importable modules are packed by reference; what `__main__` or a notebook cell defines travels whole.
    Every process unpacks a copy of its own, so that results don't depend on the number of processes.
    """

    payload: bytes
    folder: str | None
    """Folder from which the class's module was imported."""

    def found(self) -> Any:
        """A fresh copy of the object, or the class.

        Raises:
            StrategyError: its module can't be imported in this process.
        """
        import cloudpickle

        try:
            with importable(self.folder):
                return cloudpickle.loads(self.payload)
        except (ImportError, AttributeError) as error:
            said = f"strategy {bare(self.name)!r} can't be made in another process"
            raise StrategyError(f"{said}: {type(error).__name__}: {first_line(error)}") from error


def instance(thing: Any, name: str) -> Any:
    """The object itself, or one made of a class without arguments.

    Raises:
        StrategyError: a class that wants arguments.
    """
    if not inspect.isclass(thing):
        return thing
    try:
        inspect.signature(thing).bind()
    except TypeError as error:
        said = f"strategy {name!r}: {thing.__name__} can't be made without arguments ({error})"
        raise StrategyError(f"{said}; give an object instead") from error
    return thing()
