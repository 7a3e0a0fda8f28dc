"""The command line: `robo-meta COMMAND`. Exit status 0 done, 2 bad input, 1 failure.

Every bad input ends in one line on standard error. The exception types that mean bad input are listed here and
nowhere else, so that a bug, which raises anything else, never passes for one.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import sys
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny networks: threads cost more than they bring

BAD_INPUT = (
    "demos.recording.actors:ActorError",
    "demos.demo:DemoError",
    "demos.storage.episode_file:StoreError",
    "demos.film:FilmError",
    "demos.recording.config:RecordError",
    "demos.support:ShotsError",
    "demos.support:SupportError",
    "robo_meta.cli.bench:BenchError",
    "robo_meta.scenarios.conditions:ConditionError",
    "robo_meta.training.checkpoint:CheckpointError",
    "robo_meta.evaluation.config:EvaluateError",
    "robo_meta.training.state:StateError",
    "robo_meta.training.train:TrainError",
    "robo_meta.training.presets:PresetError",
    "robo_meta.cli.quickstart:QuickstartError",
    "robo_meta.cli.select_options:SelectError",
    "robo_meta.selector.learner.fitted_q:LearnerError",
    "robo_meta.runs.journal:JournalError",
    "robo_meta.selector.matrix.matrix:MatrixError",
    "robo_meta.selector.learner.prices:PriceError",
    "robo_meta.selector.learner.file:SelectorError",
    "robo_meta.strategies:StrategyError",
    "robo_meta.training.online.config:StreamError",
    "robo_meta.training.data:TrainingDataError",
    "robo_meta.evaluation.world.check:CheckError",
    "robo_meta.evaluation.world.demonstrator:ExpertCheckError",
    "sim.shapes.families:UnknownFamily",
    "sim.shapes.families:UnknownSplit",
    "sim.gallery:GalleryError",
    "sim.physics.world:DisplayError",
    "sim.tasks.sampling:UnknownIntention",
    "sim.tasks.seeds:SeedError",
    "sim.physics.push:ShoveError",
)
"""`module:type` of every exception that means bad input; imported only when something was raised."""

FAILURES = ("robo_meta.training.outer_loop:TrainingDiverged",)
"""The same of exceptions that are neither bad input nor a bug: one line as well, and exit status 1."""


def is_bad_input(error: BaseException) -> bool:
    """Whether `error` says that the input, not the program, is wrong."""
    return _is_one_of(error, BAD_INPUT)


def _is_one_of(error: BaseException, places: Sequence[str]) -> bool:
    for place in places:
        module, _, name = place.partition(":")
        # A type whose module was never loaded cannot have been raised.
        if module in sys.modules and isinstance(error, getattr(importlib.import_module(module), name)):
            return True
    return False


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
        bad_input = is_bad_input(error)
        if not bad_input and not _is_one_of(error, FAILURES):
            raise
        print(f"robo-meta: {' '.join(str(error).split())}", file=sys.stderr)
        return 2 if bad_input else 1


if __name__ == "__main__":
    sys.exit(main())
