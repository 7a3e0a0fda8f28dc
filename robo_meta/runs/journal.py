"""A journal of finished work: one JSON record a line after a line that says of what, so that a kill loses little."""

from __future__ import annotations

from sim.errors import InputError

import json
import os
from pathlib import Path
from typing import Any

from demos.storage.files import write_atomic


class JournalError(InputError):
    """A journal that is damaged, of other work, or cannot be written."""


def open_journal(path: Path, identity: dict[str, Any]) -> list[dict[str, Any]]:
    """The records finished so far; makes the file where there is none.

    Raises:
        JournalError: the file belongs to other work than `identity`, is damaged, or its folder can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_atomic(path, [(json.dumps(identity) + "\n").encode()])
            return []
        lines = path.read_text().split("\n")
        # A kill may have left half a line at the end; the file goes on after the last whole one.
        if lines[-1]:
            write_atomic(path, [("\n".join(lines[:-1]) + "\n").encode()])
        records = [json.loads(line) for line in lines[:-1]]
    except json.JSONDecodeError as error:
        raise JournalError(f"{path}: damaged ({error.msg}); remove it or write elsewhere") from error
    except OSError as error:
        raise JournalError(f"{path.parent}: {error.strerror}; expected a folder to write to") from error
    found = records[0] if records else {}
    changed = [name for name in {**identity, **found} if found.get(name) != identity.get(name)]
    if changed:
        raise JournalError(f"{path}: begun with other {', '.join(changed)}; remove it or write elsewhere")
    return records[1:]


def append(path: Path, record: dict[str, Any]) -> None:
    """Add a record; on the disk when this returns."""
    with path.open("a") as file:
        file.write(json.dumps(record) + "\n")
        file.flush()
        os.fsync(file.fileno())
