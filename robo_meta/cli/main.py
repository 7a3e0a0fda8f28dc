"""The command line: `robo-meta COMMAND`. Exit status 0 done, 2 bad input, 1 failure.

Every bad input and every trouble of the machine (a full disk, a permission, a worker that died) ends in one line on
standard error, by `robo_meta.cli.exit_status` alone. A bug raises anything else and keeps its traceback.

A command's module is imported when the command is asked for, so that help comes at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import MISSING, fields
from typing import Any, NamedTuple

from robo_meta.cli.exit_status import STOPPED, exit_status, one_line, stopped_from_inside
from robo_meta.cli.streams import open_streams

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny networks: threads cost more than they bring


class Command(NamedTuple):
    """One row of the table of commands."""

    place: str
    """`module:class` of the record of its options; its `run` does the work and returns the exit status or None."""
    help: str
    """What it does, in a line."""


COMMANDS = {
    "quickstart": Command("robo_meta.cli.quickstart:Quickstart", "the whole way in one go, with a report"),
    "sim": Command("robo_meta.cli.simulate:Sim", "play one grasp, scripted or adapted, and film it"),
    "objects": Command("robo_meta.cli.objects:Objects", "list or draw shape families; check the world; import meshes"),
    "record": Command("robo_meta.cli.record:Record", "record demonstrations into a dataset"),
    "data": Command("robo_meta.cli.data:Data", "edit datasets; to LeRobot, robomimic, Minari and back"),
    "train": Command("robo_meta.cli.train:Train", "meta-train on a dataset"),
    "evaluate": Command("robo_meta.cli.evaluate:Evaluate", "adapt to unseen objects and judge by physics"),
    "select": Command("robo_meta.cli.select:Select", "learn which strategy to use on which scene"),
    "studio": Command("robo_meta.cli.studio:Studio", "demonstrate by hand in a browser, and see what comes of it"),
    "bench": Command("robo_meta.cli.bench:Bench", "time what is used most"),
}
"""Name → what it is."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    open_streams()
    try:
        return _run(words)
    except KeyboardInterrupt:
        print(f"robo-meta: {STOPPED}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read our output has left, as `| head` does; nothing more can be said, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except SystemExit as stop:
        # Nothing of ours raises it here: exit status 0 would say that something was done.
        print(f"robo-meta: {stopped_from_inside(stop)}", file=sys.stderr)
        return 2
    except Exception as error:
        status = exit_status(error)
        if status is None:
            raise
        print(f"robo-meta: {one_line(error)}", file=sys.stderr)
        return status


def _run(words: list[str]) -> int:
    """Find the command, read its words and run it."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal whose encoding lacks a character shows a question mark, and the command goes on.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if not words or words[0] in ("-h", "--help"):
        print(help_text())
        return 0
    if words[0] == "--version":
        from demos import __version__

        print(f"robo-meta {__version__}")
        return 0
    from robo_meta.cli.words import HelpShown, WordsError, parse
    from sim.errors import did_you_mean

    if words[0] not in COMMANDS:
        raise WordsError(f"unknown command {words[0]!r}{did_you_mean(words[0], tuple(COMMANDS))}")
    # A user's own strategies, families and actors lie in the folder that the command is given in.
    if "" not in sys.path:
        sys.path.insert(0, "")
    module, _, name = COMMANDS[words[0]].place.partition(":")
    import importlib

    kind = getattr(importlib.import_module(module), name)
    try:
        command = parse(kind, words[1:], f"robo-meta {words[0]}") if words[1:] else _without_words(kind, words[0])
    except HelpShown:
        return 0
    return command.run() or 0


def _without_words(kind: type, name: str) -> Any:
    """The command with all its defaults; the parser, which takes longer to load, only where something is missing."""
    if any(field.default is MISSING and field.default_factory is MISSING for field in fields(kind)):
        from robo_meta.cli.words import parse

        return parse(kind, [], f"robo-meta {name}")
    return kind()


def help_text() -> str:
    """What `robo-meta --help` prints."""
    lines = [f"  {name:<11} {command.help}" for name, command in COMMANDS.items()]
    return "\n".join(
        [
            "usage: robo-meta [-h] [--version] COMMAND [OPTIONS]",
            "",
            "Few-shot imitation for grasping: demonstrations carry what observation cannot.",
            "",
            "commands:",
            *lines,
            "",
            "`robo-meta COMMAND --help` lists the options of a command. Start with `robo-meta quickstart`.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
