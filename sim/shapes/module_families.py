"""Families in importable modules, by reference: `module:attribute` is one, `module:group` a split."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

from sim.errors import did_you_mean
from sim.shapes.family import Family, UnknownFamily
from sim.shapes.plugins import module_at


def family_at(reference: str) -> Family:
    """The family at `module:attribute`, called by that reference.

    Raises:
        UnknownFamily: it names no family.
        sim.shapes.plugins.PluginError: the module can't be imported.
    """
    module, _, attribute = reference.partition(":")
    if not module or not attribute.isidentifier():
        raise UnknownFamily(f"family {reference!r}; expected module:attribute")
    named = _module_families(module_at(module, reference))
    if attribute not in named:
        hint = did_you_mean(attribute, named) if named else "; it has none"
        raise UnknownFamily(f"family {reference!r}: module {module!r} has no Family {attribute!r}{hint}")
    found = named[attribute]
    # By the reference a worker process finds both again.
    return replace(found, name=reference, group=f"{module}:{found.group}")


def families_in(module: ModuleType, group: str) -> tuple[str, ...]:
    """References to the families of `group` in a module, in order of definition."""
    # The first attribute of a family that has two names.
    first: dict[Family, str] = {}
    for attribute, family in _module_families(module).items():
        first.setdefault(family, attribute)
    return tuple(f"{module.__name__}:{attribute}" for family, attribute in first.items() if family.group == group)


def _module_families(module: ModuleType) -> dict[str, Family]:
    """Attribute → family of the module, in order of definition."""
    return {attribute: value for attribute, value in vars(module).items() if isinstance(value, Family)}
