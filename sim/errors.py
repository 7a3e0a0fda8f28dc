"""The two ways in which something outside the program is wrong, each told in one line.

Every error that a user's input can cause derives from `InputError`: the command line ends with exit status 2. What the
machine causes (a full disk, a permission, a dead worker) derives from `MachineError`: exit status 1. Anything else that
is raised is a bug and shows its traceback.
"""


class InputError(ValueError):
    """Bad input. The message names the file or the option, what was found, and what was expected."""


class MachineError(RuntimeError):
    """The machine could not do it: a full disk, a permission, a process that died. The input was fine."""
