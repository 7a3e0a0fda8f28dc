"""The two ways in which something outside the program is wrong, each told in one line.

Every error that a user's input can cause derives from `InputError`: the command line ends with exit status 2. What the
machine causes (a full disk, a permission, a dead worker) derives from `MachineError`: exit status 1. Anything else that
is raised is a bug and shows its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Bad input. The message names the file or the option, what was found, and what was expected.

    Example:
        >>> try:
        ...     raise InputError("unknown family 'hamer'; did you mean 'hammer'?")
        ... except InputError as error:
        ...     print(error)
        unknown family 'hamer'; did you mean 'hammer'?
    """


class MachineError(RuntimeError):
    """The machine could not do it: a full disk, a permission, a process that died. The input was fine.

    Example:
        >>> try:
        ...     raise MachineError("a worker died")
        ... except MachineError as error:
        ...     print(error)
        a worker died
    """


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """The end of a message about an unknown name: the closest of those allowed, or all of them where none is close.

    Example:
        >>> did_you_mean("hamer", ("bar", "hammer"))
        "; did you mean 'hammer'?"
        >>> did_you_mean("q", ("bar", "hammer"))
        '; expected one of bar, hammer'
    """
    names = tuple(allowed)
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; expected one of {', '.join(names)}"
