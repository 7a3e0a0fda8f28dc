"""Recording by hand in a terminal, for whoever asks for the actor `keyboard`: only where there are such terminals."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from demos.recording.config import RecordConfig, RecordError

if TYPE_CHECKING:  # only names
    from rich.console import Console

KEYBOARD = "keyboard"
"""The actor's name where a recording is asked for; the dataset says `hand`, as the studio's does, and either goes on
with it."""


def record_by_hand(config: RecordConfig, console: Console) -> dict[str, Any]:
    """`robo_meta.studio.keyboard.demonstrate`, which see.

    Raises:
        RecordError: no terminal, or an operating system without terminals as Unix has them, besides what that raises.
    """
    if find_spec("termios") is None:
        raise RecordError(f"--actor {KEYBOARD} needs a terminal as Unix has them; `robo-meta studio` does without")
    from robo_meta.studio.keyboard import demonstrate

    return demonstrate(config, console)
