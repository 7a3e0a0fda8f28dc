"""From what a user gives as a strategy, a name or an object, to its source."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import Any

from demos.code_identity import import_folder
from robo_meta.catalogue import ASKING, CATALOGUE, SCRIPTED_SUFFIX, bare
from robo_meta.strategies import StrategyError, row_named
from robo_meta.strategies.importing import first_line
from robo_meta.strategies.own import Adapts
from robo_meta.strategies.sources import CarriedSource, PlacedSource, Source

GROUP = "robo_meta.strategies"
"""Entry-point group by which an installed package offers strategies."""
RESERVED = ("expert", "best-baseline", ASKING)
"""Names that results give a meaning of their own, besides those of the table."""


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
