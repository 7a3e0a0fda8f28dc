"""The terminal that a person demonstrates in: its keys one by one as they are pressed, its screen, and its end."""

from __future__ import annotations

import os
import select
import signal
import termios
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

ARROWS = {"A": "up", "B": "down", "C": "right", "D": "left"}
"""Last letter of an arrow's sequence of characters → its name."""
NAMED = {" ": "space", "\r": "enter", "\n": "enter", "\t": "tab", "\x03": "end", "\x04": "end"}
"""Character → name of its key; ctrl-C and ctrl-D end."""


class Keys:
    """The keys of a terminal; ctrl-C is one of them, so that nothing is ever broken off in the middle.

    Args:
        terminal: standard input.
    """

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal.fileno()
        self._told, self._tell = os.pipe()
        self._pressed: deque[str] = deque()

    def next(self, timeout: float | None) -> str | None:
        """The next key: a letter as it was typed, or a name; capital for an arrow with shift.

        Args:
            timeout: s to wait for it; None for ever.

        Returns:
            None where none was pressed; `end` where none will be.
        """
        if not self._pressed:
            ready = select.select([self._terminal, self._told], [], [], timeout)[0]
            if self._told in ready:
                return "end"
            if ready:
                found = os.read(self._terminal, 1024)
                self._pressed.extend(names_of(found.decode(errors="replace")) if found else ["end"])
        return self._pressed.popleft() if self._pressed else None

    @contextmanager
    def grabbed(self) -> Iterator[None]:
        """While it lasts, keys come at once and unseen, and requests to end come as the key `end`."""
        before = termios.tcgetattr(self._terminal)
        mode = list(before)
        # One by one, unseen, and ctrl-C no signal; what is written stays as it was.
        mode[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
        mode[6] = [*before[6]]
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
        signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        handlers = [signal.signal(number, self._end) for number in signals]
        try:
            termios.tcsetattr(self._terminal, termios.TCSADRAIN, mode)
            yield
        finally:
            for number, handler in zip(signals, handlers, strict=True):
                signal.signal(number, handler)
            termios.tcsetattr(self._terminal, termios.TCSADRAIN, before)

    def _end(self, number: int, frame: Any) -> None:
        os.write(self._tell, b"!")


def names_of(characters: str) -> list[str]:
    """The keys that a terminal's characters stand for; those that have no name here are left out.

    Example:
        >>> names_of("a\\x1b[A\\x1b[1;2D \\x1b")
        ['a', 'up', 'LEFT', 'space']
    """
    found, at = [], 0
    while at < len(characters):
        if characters[at] != "\x1b":
            found.append(NAMED.get(characters[at], characters[at]))
            at += 1
            continue
        at += 1
        if characters[at : at + 1] not in ("[", "O"):
            continue
        last = at + 1
        while last < len(characters) and not characters[last].isalpha() and characters[last] != "~":
            last += 1
        name = ARROWS.get(characters[last : last + 1])
        if name:
            found.append(name.upper() if ";2" in characters[at:last] else name)
        at = last + 1
    return found
