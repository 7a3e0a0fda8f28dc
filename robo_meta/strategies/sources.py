"""Where a strategy comes from: the table, a place `module:Class`, an installed plug-in, or an object of the user's.

A source is small, hashable and picklable. It travels to worker processes, and the strategy is made there.
"""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from robo_meta.catalogue import CATALOGUE, SCRIPTED_SUFFIX, bare
from robo_meta.strategies import StrategyError, row_named
from robo_meta.strategies.own import Adapts

GROUP = "robo_meta.strategies"
"""Entry-point group by which an installed package offers strategies."""
RESERVED = ("expert", "best-baseline")
"""Names that results give a meaning of their own, besides those of the table."""


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


_REGISTERED: dict[str, Any] = {}


def register_strategy(strategy: Any) -> Any:
    """Let a strategy of one's own be named like the shipped ones, in this process and the workers that it starts.

    Args:
        strategy: a class without arguments, or an object, with `adapt(support)`; its attribute `name`, or else its
            class's name, is what it is called.

    Returns:
        The strategy itself, so that this may be used as a decorator.

    Raises:
        StrategyError: it has no `adapt`, or its name is taken by another one.

    Example:
        >>> @register_strategy
        ... class Nowhere:
        ...     name = "nowhere"
        ...     def adapt(self, support):
        ...         return lambda points: [0.0, 0.0, 0.02, 0.0]
        >>> resolve("nowhere").name
        'nowhere'
    """
    kind = strategy if inspect.isclass(strategy) else type(strategy)
    name = shown_name(_checked(strategy, kind.__name__))
    if _REGISTERED.get(name, strategy) is not strategy:
        raise StrategyError(f"strategy {name!r} is registered already; give this one another name")
    _REGISTERED[name] = strategy
    return strategy


def resolve(given: object) -> Source:
    """The source of one strategy.

    Args:
        given: a name of the table, `module:Class` with the current folder importable, or the name of an installed
            plug-in, each with `SCRIPTED_SUFFIX` or without; or a class or object with `adapt(support)`; or a source.

    Raises:
        StrategyError: no such strategy, or it is none.
    """
    if isinstance(given, Source):
        return given
    if not isinstance(given, str):
        return _carried(given)
    name = bare(given)
    suffix = given[len(name) :]
    if name in CATALOGUE:
        return Source(given)
    if ":" in name:
        module, _, attribute = name.partition(":")
        if not module or not attribute or module.startswith("."):
            raise StrategyError(f"strategy {given!r}; expected a name, or module:Class")
        return _named_source(PlacedSource(name, name, os.getcwd()), "", suffix)
    if name in _REGISTERED:
        carried = _carried(_REGISTERED[name])
        return CarriedSource(given, carried.payload, carried.folder)
    plug_ins = _plug_ins()
    if name not in plug_ins:
        row_named(name, (*_REGISTERED, *plug_ins))
    point = _only(name, plug_ins[name])
    origin = _distribution(point)
    return _named_source(PlacedSource(name, point.value.partition("[")[0].strip(), None, origin), name, suffix)


def resolve_all(given: Sequence[object]) -> tuple[Source, ...]:
    """The sources of several strategies; see `resolve`.

    Raises:
        StrategyError: two have one name.
    """
    sources = tuple(resolve(one) for one in given)
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise StrategyError(
                f"two strategies are called {name!r}; expected names that differ (class attribute name)"
            )
    return sources


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


def shown_name(thing: Any, otherwise: str = "") -> str:
    """The name in results: the attribute `name` where it is a string, else `otherwise`, else the class's name.

    Raises:
        StrategyError: a name that results can't have.
    """
    kind = thing if inspect.isclass(thing) else type(thing)
    # The user's object may have a name and need not: this is the one place where that is asked.
    declared = getattr(thing, "name", None)
    name = declared if isinstance(declared, str) else otherwise or kind.__name__
    if not name or not name.isprintable() or name != name.strip() or len(name) > 60 or SCRIPTED_SUFFIX in name:
        raise StrategyError(f"strategy {kind.__name__}: name {name!r}; expected up to 60 printable characters")
    if name in CATALOGUE or name in RESERVED:
        raise StrategyError(f"strategy {kind.__name__}: the name {name!r} is taken; give it another (attribute name)")
    return name


@contextmanager
def importable(folder: str | None) -> Iterator[None]:
    """`folder` stands first on the import path while the block runs."""
    if folder is None:
        yield
        return
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        with suppress(ValueError):
            sys.path.remove(folder)


def import_folder(module: Any) -> Path | None:
    """The folder that must be on the import path for `module`; None for `__main__` and modules without a file."""
    file = getattr(module, "__file__", None)
    if file is None or module.__name__ == "__main__":
        return None
    depth = module.__name__.count(".") + (Path(file).name == "__init__.py")
    return Path(file).resolve().parents[depth]


def first_line(error: BaseException) -> str:
    """The first line of an error's message."""
    return (str(error).splitlines() or [""])[0]


def _carried(thing: Any) -> CarriedSource:
    import cloudpickle

    kind = thing if inspect.isclass(thing) else type(thing)
    name = shown_name(_checked(thing, kind.__name__))
    folder = import_folder(sys.modules.get(kind.__module__))
    try:
        payload = cloudpickle.dumps(thing)
    except Exception as error:
        said = f"strategy {name!r} can't be sent to worker processes"
        raise StrategyError(f"{said}: {type(error).__name__}: {first_line(error)}") from error
    return CarriedSource(name, payload, None if folder is None else str(folder))


def _named_source(unnamed: PlacedSource, otherwise: str, suffix: str) -> PlacedSource:
    """The source with the name that its strategy has; it is imported and checked here, before any process starts."""
    thing = _checked(unnamed.found(), unnamed.place)
    return PlacedSource(shown_name(thing, otherwise) + suffix, unnamed.place, unnamed.folder, unnamed.origin)


def _checked(thing: Any, name: str) -> Any:
    if not isinstance(thing, Adapts):
        kind = f"the class {thing.__name__}" if inspect.isclass(thing) else f"a {type(thing).__name__}"
        raise StrategyError(f"strategy {name!r} is {kind} without adapt(support); expected a class or object with it")
    return thing


def _plug_ins() -> dict[str, list[metadata.EntryPoint]]:
    found: dict[str, list[metadata.EntryPoint]] = {}
    for point in metadata.entry_points(group=GROUP):
        found.setdefault(point.name, []).append(point)
    return found


def _only(name: str, points: list[metadata.EntryPoint]) -> metadata.EntryPoint:
    """The entry point called `name`; a package that is found twice on the path offers the same one twice."""
    if len({point.value for point in points}) > 1:
        where = " and ".join(sorted({_distribution(point) for point in points}))
        raise StrategyError(f"strategy {name!r} is offered by {where}; uninstall one, or name module:Class")
    return points[0]


def _distribution(point: metadata.EntryPoint) -> str:
    return "of an unknown package" if point.dist is None else f"{point.dist.name} {point.dist.version}"
