"""How an error ends a command: its exit status and its one line. Both command lines take them from here.

0 is done, 2 bad input (`sim.errors.InputError`), 1 trouble of the machine (`sim.errors.MachineError`, `OSError`).
A place that is of the wrong kind, as a file where a folder is meant, is bad input too. A bug raises anything else.
"""

from __future__ import annotations

import traceback

from sim.errors import InputError, MachineError

STOPPED = "stopped; what was finished is kept, and the same command goes on"
"""What Ctrl-C ends with, at exit status 1."""
LONGEST = 2_000
"""Characters of a line."""
WRONG_KIND = {
    FileExistsError: "expected a folder to write to",
    NotADirectoryError: "expected a folder to write to",
    IsADirectoryError: "expected a file",
}
"""An operating system's error about a place of the wrong kind → what is expected there."""


def exit_status(error: BaseException) -> int | None:
    """The exit status of an error that is told in one line: 2 bad input, 1 the machine's trouble; None for a bug."""
    if isinstance(error, (InputError, *WRONG_KIND)):
        return 2
    return 1 if isinstance(error, (MachineError, OSError)) else None


def stopped_from_inside(stop: SystemExit) -> str:
    """What to tell where a module or an object of a user's ended the command, as scripts without a guard do."""
    last = traceback.extract_tb(stop.__traceback__)[-1]
    return (
        f"{last.filename}, line {last.lineno}, ended the command by SystemExit({stop.code!r}); "
        "expected a module that can be imported and code that returns"
    )


def one_line(error: BaseException) -> str:
    """What an error says, in one line; an operating system's error names its file first.

    Example:
        >>> one_line(OSError(28, "No space left on device", "run/policy.json"))
        'run/policy.json: No space left on device'
        >>> one_line(NotADirectoryError(20, "Not a directory", "notes.txt/run"))
        'notes.txt/run: Not a directory; expected a folder to write to'
    """
    if isinstance(error, OSError) and error.strerror:
        found = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        return f"{found}; {WRONG_KIND[type(error)]}" if type(error) in WRONG_KIND else found
    said = " ".join(str(error).split())
    # A damaged file may be quoted with a text of any length.
    return said if len(said) <= LONGEST else f"{said[: LONGEST // 2]} … {said[-LONGEST // 2 :]}"
