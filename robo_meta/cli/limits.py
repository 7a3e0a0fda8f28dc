"""What no option may be: empty, a name that no file can keep as text, or a number that no machine could count to.

Both command lines ask here, so that a slip (an unset shell variable, a digit too many) is told before anything starts:
an empty path would be the folder that one is in, and 2⁶⁴ processes or rollouts end in memory, not in a message.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from sim.errors import InputError

MOST = 100_000_000
"""Of whatever is counted and not named below."""
MOST_OF = {
    **dict.fromkeys(("workers", "shots", "demos", "attempts", "seeds"), 1_000),
    **dict.fromkeys(("rounds", "rollouts", "asked_rollouts", "trees"), 100_000),
}
"""Option → its largest number."""
UNBOUNDED = ("seed",)
"""Whole numbers that count nothing."""


class LimitError(InputError):
    """A word or a number that no command can mean."""


def check_words(words: Sequence[str]) -> None:
    """Refuse empty words, and words of bytes that are no text: results, reports and indices hold them as text.

    Raises:
        LimitError: naming the option.

    Example:
        >>> check_words(["--tasks", "3", "--out", ""])
        Traceback (most recent call last):
        ...
        robo_meta.cli.limits.LimitError: --out is empty; expected a value (this folder is .), or leave it out
    """
    option = "an argument"
    for word in words:
        name, equals, value = word.partition("=")
        if word.startswith("--"):
            option = name
        if not word or (word.startswith("--") and equals and not value):
            raise LimitError(f"{option} is empty; expected a value (this folder is .), or leave it out")
        if not word.isascii() and any("\ud800" <= letter <= "\udfff" for letter in word):
            raise LimitError(f"{option}: {word!r} is no text in {sys.getfilesystemencoding()}; rename it")


def check_counts(command: Any) -> None:
    """Refuse whole numbers beyond all bounds, in a record of options and in the records inside it.

    Raises:
        LimitError: naming the option, what was found, and the most there may be.
    """
    for field in fields(command):
        value = getattr(command, field.name)
        if is_dataclass(value):
            check_counts(value)
        most = MOST_OF.get(field.name, MOST)
        for number in value if isinstance(value, tuple) else (value,):
            if type(number) is int and number > most and field.name not in UNBOUNDED:
                raise LimitError(f"--{field.name.replace('_', '-')} {number}; expected {most} at most")
