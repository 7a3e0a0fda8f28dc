"""How the report's pages write numbers: rates in percent, differences in percentage points, one way everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SPACE = "\u00a0"
"""Between a number and its unit, so that no line breaks there."""
UNKNOWN = "–"


def percent(rate: float | None, digits: int = 0) -> str:
    """A rate from 0 to 1 as people read it; a dash where it isn't known.

    Example:
        >>> percent(0.925).replace(SPACE, " "), percent(None)
        ('92 %', '–')
    """
    return UNKNOWN if rate is None else f"{100 * rate:.{digits}f}{SPACE}%".replace("-", "−")


def rate_text(row: Mapping[str, Any], value: str = "rate", digits: int = 0) -> str:
    """A rate with its 95 % interval, from the row's fields `value`, `low` and `high`.

    Example:
        >>> rate_text({"rate": 0.96, "low": 0.93, "high": 0.98}).replace(SPACE, " ")
        '96 % [93, 98]'
    """
    if row[value] is None or row["low"] is None or row["high"] is None:
        return UNKNOWN
    low, high = (f"{100 * row[name]:.{digits}f}".replace("-", "−") for name in ("low", "high"))
    return f"{percent(row[value], digits)} [{low}, {high}]"


def points_text(row: Mapping[str, Any], value: str = "difference", digits: int = 0) -> str:
    """A difference of rates in percentage points, with its 95 % interval.

    Example:
        >>> points_text({"difference": 0.375, "low": -0.17, "high": 0.77})
        '+38 [−17, +77]'
    """
    if row[value] is None or row["low"] is None or row["high"] is None:
        return UNKNOWN
    found = [f"{100 * row[name]:+.{digits}f}" for name in (value, "low", "high")]
    # No minus before a zero that was rounded.
    shown = [text.replace("-", "+") if float(text) == 0 else text.replace("-", "−") for text in found]
    return f"{shown[0]} [{shown[1]}, {shown[2]}]"


def signed(value: float | None) -> str:
    """A number that is no rate, such as a rank correlation or a return, with its sign."""
    return UNKNOWN if value is None else f"{value:+.2f}".replace("-", "−")


def signed_interval(row: Mapping[str, float | None]) -> str:
    """A number that is no rate with its interval, from `value`, `low` and `high`."""
    if any(row[name] is None for name in ("value", "low", "high")):
        return UNKNOWN
    return f"{signed(row['value'])} [{signed(row['low'])}, {signed(row['high'])}]"


def duration(ms: float) -> str:
    """A time as people read it.

    Example:
        >>> duration(0.031).replace(SPACE, " "), duration(57.6).replace(SPACE, " "), duration(2500).replace(SPACE, " ")
        ('0.03 ms', '58 ms', '2.5 s')
    """
    if ms >= 1000:
        return f"{ms / 1000:.3g}{SPACE}s"
    return f"{ms:.0f}{SPACE}ms" if ms >= 10 else f"{ms:.1f}{SPACE}ms" if ms >= 0.1 else f"{ms:.2f}{SPACE}ms"


def counted(number: int, noun: str) -> str:
    """A number and its noun.

    Example:
        >>> counted(1, "demonstration"), counted(3, "demonstration")
        ('1 demonstration', '3 demonstrations')
    """
    return f"{number} {noun}{'s' * (number != 1)}"
