"""The command behind a record of options, as a report shows it: quoted, and with what isn't usual."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

LEFT_OUT = ("out", "report", "json", "workers", "resume")
"""Options that say where results go and how fast they come, not what they are."""


def shown_command(words: Sequence[str], options: Any, left_out: Collection[str] = LEFT_OUT) -> str:
    """`words` and every option that differs from its default.

    Args:
        words: the command, such as `("robo-meta", "train")`.
        options: a dataclass record; records in it give their options without a prefix.
        left_out: options that are not shown.

    Example:
        >>> from robo_meta.bench.config import BenchConfig
        >>> shown_command(("robo-meta", "bench"), BenchConfig(rounds=3))
        'robo-meta bench --rounds 3'
    """
    return shlex.join([*words, *_options(options, left_out)])


def _options(options: Any, left_out: Collection[str]) -> list[str]:
    words = []
    for field in fields(options):
        value = getattr(options, field.name)
        if field.name in left_out or value is None or value == _default(field):
            continue
        flag = f"--{field.name.replace('_', '-')}"
        if is_dataclass(value):
            words += _options(value, left_out)
        elif isinstance(value, bool):
            words.append(flag if value else flag.replace("--", "--no-", 1))
        else:
            words += [flag, *map(str, value if isinstance(value, tuple | list) else [value])]
    return words


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default
