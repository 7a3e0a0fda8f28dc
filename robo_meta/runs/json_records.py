"""Frozen dataclasses to JSON values and back; what is read is checked field by field."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from typing import Any, TypeVar

from sim.errors import InputError

Json = dict[str, Any]


class JsonRecordError(InputError):
    """A record that is damaged, or of another kind."""


Record = TypeVar("Record")


def to_json(record: Any) -> Any:
    """A record, with the records and tuples in it, as dictionaries and lists in the order of the fields."""
    if dataclasses.is_dataclass(record):
        return {field.name: to_json(getattr(record, field.name)) for field in dataclasses.fields(record)}
    return [to_json(item) for item in record] if isinstance(record, tuple | list) else record


def from_json(kind: type[Record], found: Any) -> Record:
    """Inverse of `to_json`: a record of a dataclass whose fields are plain values, tuples, tables and such dataclasses.

    Raises:
        JsonRecordError: fields are missing, unknown, or of another kind; numbers that are not finite.
    """
    return typing.cast(Record, _read(kind, found, kind.__name__))


def _read(kind: Any, found: Any, place: str) -> Any:
    """`found` as a value of `kind`; `place` says where it stands."""
    if dataclasses.is_dataclass(kind):
        return _read_record(kind, found, place)
    if isinstance(kind, types.UnionType):
        if found is None and type(None) in typing.get_args(kind):
            return None
        (kind,) = (option for option in typing.get_args(kind) if option is not type(None))
        return _read(kind, found, place)
    if typing.get_origin(kind) is tuple:
        if not isinstance(found, list):
            raise JsonRecordError(f"{place}: {_kind(found)}; expected a list")
        return tuple(_read(typing.get_args(kind)[0], item, f"{place}[{k}]") for k, item in enumerate(found))
    if typing.get_origin(kind) is dict:
        if not isinstance(found, dict):
            raise JsonRecordError(f"{place}: {_kind(found)}; expected an object")
        return {name: _read(typing.get_args(kind)[1], item, f"{place}.{name}") for name, item in found.items()}
    # In Python true is an int; in a record it is none. A whole number may stand for a float.
    right = type(found) in (int, float) if kind is float else type(found) is kind
    if not right:
        raise JsonRecordError(f"{place}: {_kind(found)}; expected {_NAMES[kind]}")
    try:
        value = kind(found)
    except OverflowError:
        value = math.inf
    if kind is float and not math.isfinite(value):
        said = found if type(found) is float else _kind(found)
        raise JsonRecordError(f"{place}: {said}; expected a finite number")
    return value


def _read_record(kind: Any, found: Any, place: str) -> Any:
    if not isinstance(found, dict):
        raise JsonRecordError(f"{place}: {_kind(found)}; expected an object")
    fields = {field.name: field for field in dataclasses.fields(kind)}
    unknown = [name for name in found if name not in fields]
    if unknown:
        raise JsonRecordError(f"{place}: unknown field {unknown[0]!r}; expected {', '.join(fields)}")
    missing = [n for n, field in fields.items() if n not in found and field.default is dataclasses.MISSING]
    if missing:
        raise JsonRecordError(f"{place}: no field {missing[0]!r}")
    kinds = typing.get_type_hints(kind)
    return kind(**{name: _read(kinds[name], value, f"{place}.{name}") for name, value in found.items()})


_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def _kind(found: Any) -> str:
    names = {**_NAMES, dict: "an object", list: "a list", type(None): "null"}
    return names.get(type(found), type(found).__name__)
