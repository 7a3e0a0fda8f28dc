"""From the words of a command line to a record: tyro's parser, with its errors in one line."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import Any, TypeVar

from robo_meta.cli.limits import check_counts, check_words
from sim.errors import InputError

Record = TypeVar("Record")
WIDE = "100000"
"""Columns at which no word is broken."""


class WordsError(InputError):
    """Words that make no command."""


class HelpShown(Exception):
    """Help was asked for and is on the screen."""


def parse(kind: Any, words: Sequence[str], prog: str) -> Any:
    """The command of `kind` (a dataclass, or a union of subcommands) that `words` ask for.

    Args:
        kind: what to build.
        words: the command line after the command's name.
        prog: the command's name, for help and errors.

    Raises:
        HelpShown: `--help` was among the words.
        WordsError: the words make no command; the message is one line.
        robo_meta.cli.limits.LimitError: a word or a number that no command can mean.
    """
    import tyro

    check_words(words)
    build = partial(
        tyro.cli,
        kind,
        prog=prog,
        args=list(words),
        config=(tyro.conf.OmitArgPrefixes, tyro.conf.OmitSubcommandPrefixes),
    )
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            command = build()
    except SystemExit as stop:
        if not stop.code:
            raise HelpShown from None
    else:
        print(said.getvalue(), end="", file=sys.stderr)
        check_counts(command)
        return command
    # Again, for the error in lines that break no word; help, which is for people, had the terminal's own width.
    said, columns = io.StringIO(), os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = WIDE
    try:
        with contextlib.redirect_stderr(said), contextlib.suppress(SystemExit):
            build()
    finally:
        if columns is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = columns
    raise WordsError(in_one_line(said.getvalue()) or "these words make no command")


def in_one_line(box: str) -> str:
    """What tyro says is wrong with the words of a command, without the frame and the help about it.

    Its box, drawn with lines or with hyphens and perhaps coloured, holds paragraphs between rules: a title, errors,
    perhaps options of similar names, where help is found.
    """
    paragraphs: list[list[str]] = [[]]
    for line in re.sub(r"\x1b\[[0-9;]*m", "", box).splitlines():
        inner = line.strip("│╭╮╰╯ ")
        if re.fullmatch(r"[─-]{3,}", inner) or line.startswith(("╭", "╰")):
            paragraphs.append([])
        elif inner:
            paragraphs[-1].append(inner)
    said = [" ".join(lines) for lines in paragraphs[1:] if lines] or [""]
    # A mistyped option explains better what is wrong than the required one that is therefore missing.
    error = next((text for text in said if text.startswith("Unrecognized")), said[0])
    if error.startswith("Missing from"):
        # Options, or else an argument without a name of its own, which stands in capitals after the command.
        missing = re.findall(r"(?<![`\w])--[a-z][a-z-]*", error) or re.findall(r": ([A-Z]+)\b", error)
        error = "missing " + ", ".join(missing)
    similar = next(filter(None, (re.match(r"Perhaps you meant: (--\S+)", text) for text in said)), None)
    return error.rstrip(".") + (f"; did you mean {similar[1]}?" if similar else "")


def config_in(command: Any, kind: type[Record]) -> Record:
    """The configuration record of `kind` inside a command that extends it."""
    return kind(**{field.name: getattr(command, field.name) for field in fields(kind)})  # type: ignore[arg-type]


def print_result(result: Mapping[str, Any], as_json: bool) -> None:
    """Print a result as JSON, or a line for each of its entries."""
    if as_json:
        print(json.dumps(result, default=str))
        return
    for key, value in result.items():
        print(f"{key}: {value}")


class Unchecked:
    """Options as given: the record that `config_in` builds checks them, so that a bad one is one line of our own."""

    def __post_init__(self) -> None:
        """Check nothing yet."""
