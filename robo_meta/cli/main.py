"""The command line: `robo-meta COMMAND`. Exit status 0 done, 2 bad input, 1 failure.

Every bad input (`sim.errors.InputError`) and every trouble of the machine (`sim.errors.MachineError`, `OSError`, a
worker that died) ends in one line on standard error; this module is the only place that translates them. A bug raises
anything else and keeps its traceback.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor
from functools import partial
from typing import Annotated, Any

from sim.errors import InputError, MachineError

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny networks: threads cost more than they bring


def exit_status(error: BaseException) -> int | None:
    """The exit status of an error that is told in one line: 2 bad input, 1 the machine's trouble; None for a bug."""
    if isinstance(error, InputError):
        return 2
    return 1 if isinstance(error, (MachineError, OSError, BrokenExecutor)) else None


def one_line(error: BaseException) -> str:
    """What an error says, in one line; an operating system's error names its file first."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, BrokenExecutor):
        return (
            "a worker process died before its work was done (killed, or out of memory?); what was finished is kept. "
            "In a script, call robo_meta under `if __name__ == '__main__':`, because workers import the script again"
        )
    return " ".join(str(error).split())


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
        error = "missing " + ", ".join(re.findall(r"(?<![`\w])--[a-z][a-z-]*", error))
    similar = next(filter(None, (re.match(r"Perhaps you meant: (--\S+)", text) for text in said)), None)
    return error.rstrip(".") + (f"; did you mean {similar[1]}?" if similar else "")


WIDE = "100000"
"""Columns at which no word is broken."""


def _parsed(union: Any, words: Sequence[str] | None) -> Any:
    """The command that the words ask for; or the exit status, where help was asked for and shown, or where the words
    make no command, as one line on standard error says then."""
    import tyro

    parse = partial(
        tyro.cli,
        union,
        prog="robo-meta",
        description="Few-shot imitation for grasping: demonstrations carry what observation cannot.",
        args=None if words is None else list(words),
        config=(tyro.conf.OmitArgPrefixes, tyro.conf.OmitSubcommandPrefixes),
    )
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            command = parse()
    except SystemExit as stop:
        if not stop.code:
            return 0
    else:
        print(said.getvalue(), end="", file=sys.stderr)
        return command
    # Again, for the error in lines that break no word; help, which is for people, had the terminal's own width.
    said, columns = io.StringIO(), os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = WIDE
    with contextlib.redirect_stderr(said), contextlib.suppress(SystemExit):
        parse()
    if columns is None:
        del os.environ["COLUMNS"]
    else:
        os.environ["COLUMNS"] = columns
    print(f"robo-meta: {in_one_line(said.getvalue()) or 'these words make no command'}", file=sys.stderr)
    return 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    import tyro

    from robo_meta.cli import commands
    from robo_meta.cli.select import Select

    choices: dict[str, Any] = {
        "quickstart": commands.Quickstart,
        "sim": commands.Sim,
        "objects": commands.Objects,
        "record": commands.Record,
        "train": commands.Train,
        "evaluate": commands.Evaluate,
        "select": Select,
        "bench": commands.Bench,
    }
    parts = tuple(Annotated[command, tyro.conf.subcommand(name)] for name, command in choices.items())
    union: Any = parts[0]
    for part in parts[1:]:
        union = union | part
    try:
        command = _parsed(union, arguments)
        return command if isinstance(command, int) else command.run() or 0
    except KeyboardInterrupt:
        print("robo-meta: stopped; what was finished is kept, and the same command goes on", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read our output has left, as `| head` does; nothing more can be said, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        status = exit_status(error)
        if status is None:
            raise
        print(f"robo-meta: {one_line(error)}", file=sys.stderr)
        return status


if __name__ == "__main__":
    sys.exit(main())
