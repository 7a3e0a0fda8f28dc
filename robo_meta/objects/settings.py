"""`object.json`: what a file of triangles doesn't say about its object."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demos.storage.files import DamagedFile, read_bounded
from demos.storage.schema import Either, Kind, ListOf, Number, Record, TableOf, Text, Unfit, Whole, parse_json
from sim.errors import InputError, did_you_mean
from sim.records import FrozenMapping

UNITS = FrozenMapping({"m": 1.0, "cm": 0.01, "mm": 0.001, "inch": 0.0254})
"""Unit → m."""
UP = tuple(f"{sign}{axis}" for sign in ("", "-") for axis in "xyz")
SCALES = (1e-6, 1e6)
FIELDS: dict[str, Kind] = {
    "unit": Text(allowed=tuple(UNITS)),
    "scale": Number(*SCALES),
    "up": Text(allowed=UP),
    "parts": TableOf(Whole(0, 1)),
    "cut": Either(Number(0, 1), ListOf(Number(0, 1), 1, 20)),
    "licence": Text(longest=500),
}


class SettingsError(InputError):
    """An `object.json` that can't be followed."""


@dataclass(frozen=True)
class Settings:
    """What is known of an object besides its triangles."""

    unit: str | None = None
    """Of its files' lengths, a key of `UNITS`; None where nobody says."""
    scale: float = 1.0
    """What its files' lengths are multiplied by besides."""
    up: str | None = None
    """Which axis of its file points up, e.g. `-x`; a hint for how it rests."""
    parts: FrozenMapping[str, int] = FrozenMapping({})  # noqa: RUF009 it is read-only
    """Mesh file → material slot, 0 or 1."""
    cut: tuple[float, ...] = ()
    """Shares of its length, each of which divides it into two materials; none where the importer may choose."""
    licence: str = ""
    """As the owner states it."""


def read_settings(path: Path) -> Settings:
    """The settings in a file, or none where there is no file.

    Raises:
        SettingsError: unreadable, an unknown key, or a value that can't be.
    """
    try:
        content = parse_json(read_bounded(path, 1_000_000))
        return settings_from(content, path.name)
    except FileNotFoundError:
        return Settings()
    except Unfit as error:
        raise SettingsError(f"{path.name}: {error}") from error
    except DamagedFile as error:
        raise SettingsError(str(error)) from error


def settings_from(content: Any, where: str) -> Settings:
    """The settings in a JSON value found in `where`.

    Raises:
        SettingsError: an unknown key, or a value that can't be.
    """
    if not isinstance(content, dict):
        raise SettingsError(f"{where}: expected a table with {', '.join(FIELDS)}")
    for key in content:
        if key not in FIELDS:
            raise SettingsError(f"{where}: unknown key {key!r}{did_you_mean(key, FIELDS)}")
    if isinstance(content.get("unit"), str):
        check_unit(content["unit"], f"{where}: ")
    try:
        Record({}, FIELDS).check(content, where)
    except Unfit as error:
        raise SettingsError(str(error)) from error
    cut = content.get("cut", [])
    return Settings(
        unit=content.get("unit"),
        scale=float(content.get("scale", 1.0)),
        up=content.get("up"),
        parts=FrozenMapping(content.get("parts", {})),
        cut=tuple(map(float, cut if isinstance(cut, list) else [cut])),
        licence=content.get("licence", ""),
    )


def check_unit(unit: str, where: str = "") -> None:
    """Raise `SettingsError` for a unit that there isn't."""
    if unit not in UNITS:
        raise SettingsError(f"{where}unknown unit {unit!r}{did_you_mean(unit, UNITS)}")
