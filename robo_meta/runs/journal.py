"""A journal of finished work: one record a line after a line that says of what, so that a kill loses little.

A line is a JSON table: `record`, and `sha256` over the record's text, so that a line which was altered is noticed.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from demos.storage.files import DamagedFile, read_bounded, write_atomic
from demos.storage.schema import Kind, Plain, Record, TableOf, Text, Unfit, parse_json
from sim.errors import InputError

LARGEST = 2**32
"""Bytes of a journal at most."""
ANY_TABLE = TableOf(Plain(finite=False))
"""A table with any content. What was measured in a finished task may be no finite number."""


class JournalError(InputError):
    """A journal that is damaged or of other work."""


def open_journal(path: Path, identity: dict[str, Any], kind: Kind = ANY_TABLE) -> list[dict[str, Any]]:
    """The records finished so far; makes the file where there is none.

    A last line that is cut off or doesn't fit its checksum is dropped, as a kill or a full disk leaves one: what it
    said is done again.

    Args:
        path: the journal.
        identity: of which work it must be.
        kind: what each record must be.

    Raises:
        JournalError: the file belongs to other work than `identity`, or is damaged.
        OSError: it can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        write_atomic(path, [_line(identity)])
        return []
    records, whole, cut = _read(path, kind)
    found = records[0]
    changed = [name for name in {**identity, **found} if found.get(name) != identity.get(name)]
    if changed:
        raise JournalError(f"{path}: begun with other {', '.join(changed)}; remove it or write elsewhere")
    if cut:
        # The file goes on after its last whole line.
        write_atomic(path, [line + b"\n" for line in whole])
    return records[1:]


def read_journal(path: Path, kind: Kind = ANY_TABLE) -> list[dict[str, Any]]:
    """The records finished so far, of whatever work; the file is left as it is.

    Raises:
        JournalError: the file is damaged.
    """
    return _read(path, kind)[0][1:]


def _read(path: Path, kind: Kind) -> tuple[list[dict[str, Any]], list[bytes], bool]:
    """Its records, the line about the work first; its whole lines; and whether anything was behind them."""
    try:
        lines = read_bounded(path, LARGEST).split(b"\n")
    except DamagedFile as error:
        raise JournalError(f"{error}; remove it or write elsewhere") from error
    whole = lines[:-1]
    records: list[dict[str, Any]] = []
    for number, line in enumerate(whole):
        try:
            records.append(_record(line, ANY_TABLE if number == 0 else kind))
        except Unfit as error:
            if 0 < number == len(whole) - 1:
                whole = whole[:-1]
                break
            raise JournalError(
                f"{path}: line {number + 1} is damaged ({error}); remove it or write elsewhere"
            ) from error
    if not records:
        raise JournalError(f"{path}: damaged (no line says of what work it is); remove it or write elsewhere")
    return records, whole, len(whole) < len(lines) - 1 or bool(lines[-1])


def append(path: Path, record: dict[str, Any]) -> None:
    """Add a record; on the disk when this returns, or the journal is as it was.

    Raises:
        OSError: the disk is full.
    """
    # Without a buffer, which would be written once more when the file is closed after an error.
    with path.open("ab", buffering=0) as file:
        before, rest = file.tell(), memoryview(_line(record))
        try:
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except OSError as error:
            error.filename = str(path)
            os.truncate(path, before)
            raise


def _line(record: dict[str, Any]) -> bytes:
    text = json.dumps(record)
    return json.dumps({"sha256": _sum(text), "record": text}).encode() + b"\n"


def _record(line: bytes, kind: Kind) -> dict[str, Any]:
    """The record of a line.

    Raises:
        Unfit: damaged.
    """
    wrapped = parse_json(line)
    _WRAPPED.check(wrapped, "the line")
    if _sum(wrapped["record"]) != wrapped["sha256"]:
        raise Unfit("its checksum does not fit its content")
    record = parse_json(wrapped["record"])
    kind.check(record, "the record")
    return record


_WRAPPED = Record({"sha256": Text(), "record": Text(longest=2**31)})


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
