"""A command line made of a record's fields with `argparse` alone, for machines without tyro.

It takes the words that tyro takes: `--first-order` and `--no-first-order`, `--data A B`, `None` for a value that may be
missing. The fields of a record inside the record are options of their own, without a prefix. Help is the fields'
docstrings, read from the source.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import sys
import types
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields, is_dataclass
from itertools import pairwise
from typing import Any, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

from robo_meta.cli.limits import check_counts, check_words
from robo_meta.cli.words import WordsError

Record = TypeVar("Record")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise WordsError(message)


def parse(record: type[Record], words: Sequence[str] | None, prog: str, description: str) -> Record:
    """The record that the words ask for.

    Args:
        record: a dataclass with fields of bool, str, int, float, `Path`, tuples of them, or None beside one of them.
        words: what was typed; what the process was called with where None.
        prog, description: for the help, which ends the process with status 0.

    Raises:
        WordsError: an unknown option, a missing one, or a word that is no value of its option.
        robo_meta.cli.limits.LimitError: a word or a number that no command can mean.
    """
    words = sys.argv[1:] if words is None else words
    check_words(words)
    parser = _Parser(prog=prog, description=description, allow_abbrev=False)
    _add_options(parser, record)
    command = _built(record, vars(parser.parse_args(words)))
    check_counts(command)
    return command


def field_docs(record: type) -> dict[str, str]:
    """Field → its docstring in one line; a subclass's own stands before that of its base."""
    docs: dict[str, str] = {}
    for base in reversed(record.__mro__):
        if not is_dataclass(base):
            continue
        (tree,) = ast.parse(inspect.cleandoc("\n" + inspect.getsource(base))).body
        assert isinstance(tree, ast.ClassDef)
        for before, after in pairwise(tree.body):
            if isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name):
                match after:
                    case ast.Expr(value=ast.Constant(value=str() as text)):
                        docs[before.target.id] = " ".join(text.split())
    return docs


def _add_options(parser: argparse.ArgumentParser, record: type) -> None:
    hints, docs = get_type_hints(record), field_docs(record)
    for field in fields(record):
        hint = hints[field.name]
        if is_dataclass(hint):
            _add_options(parser, hint)  # type: ignore[arg-type]
            continue
        required = field.default is MISSING and field.default_factory is MISSING
        shared: dict[str, Any] = {"help": docs.get(field.name, "").replace("%", "%%"), "required": required}
        if not required:
            shared["default"] = field.default
        if hint is bool:
            shared["action"] = argparse.BooleanOptionalAction
        else:
            shared |= {"type": _reader(hint), "nargs": "*" if get_origin(hint) is tuple else None}
        parser.add_argument(f"--{field.name.replace('_', '-')}", dest=field.name, **shared)


def _reader(hint: Any) -> Callable[[str], Any]:
    """Word → value of a field of type `hint`, or of one entry where that is a tuple."""
    if get_origin(hint) is tuple:
        return _reader(get_args(hint)[0])
    if get_origin(hint) not in (Union, types.UnionType):
        return hint
    (kind,) = (own for own in get_args(hint) if own is not type(None))

    def maybe(word: str) -> Any:
        return None if word == "None" else kind(word)

    maybe.__name__ = kind.__name__
    return maybe


def _built(record: type[Record], values: dict[str, Any]) -> Record:
    hints, given = get_type_hints(record), {}
    for field in fields(record):  # type: ignore[arg-type]
        hint = hints[field.name]
        value = _built(hint, values) if is_dataclass(hint) else values[field.name]  # type: ignore[arg-type]
        given[field.name] = tuple(value) if isinstance(value, list) else value
    return record(**given)
