"""The console that tables are printed on, wide enough where the output is no terminal."""

from __future__ import annotations

from rich.console import Console

PIPE_WIDTH = 140
"""Columns where the output is no terminal."""


def wide_console(console: Console | None = None, width: int = PIPE_WIDTH) -> Console:
    """`console`, or standard output's, if it is a terminal; else one `width` columns wide that writes to the same file.

    A pipe has no width of its own, and eighty columns would cut the numbers.
    """
    console = console or Console()
    return console if console.is_terminal else Console(file=console.file, width=width)
