"""Tables of the report's pages: captioned, scrolling in a frame of their own, with their records to download as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from robo_meta.report.page import render

Row = tuple[bool, Sequence[Any]]
"""Whether a row is ours, and its cells; the first cell is the row's head."""


def table(caption: str, head: Sequence[str], body: Iterable[Row], download: Markup | None = None) -> Markup:
    """Rows of text, numbers to the right.

    Args:
        caption: what the table says; it names the table for people who don't see it, too.
        head: names of the columns.
        body: the rows.
        download: a link to the same as CSV, see `csv_link`.
    """
    return render("table.html", caption=caption, head=head, body=list(body), download=download)


def csv_link(name: str, records: Sequence[Mapping[str, Any]]) -> Markup:
    """A link that holds records as CSV, so that the page stays one file.

    Args:
        name: of the file that a browser proposes, without its ending.
        records: of equal fields, unrounded as in the result. A table in a field becomes several columns, `a.b`.
    """
    data = quote(csv_text(records))
    return Markup('<a class="csv" download="{}.csv" href="data:text/csv;charset=utf-8,{}">{}.csv</a>').format(
        name, Markup(data), name
    )


def csv_text(records: Sequence[Mapping[str, Any]]) -> str:
    """Records as CSV, a line each after a line of names.

    Example:
        >>> csv_text([{"n": 2, "parts": {"level": 1}}, {"n": 3, "parts": {}}]).splitlines()
        ['n,parts.level', '2,1', '3,']
    """
    rows = [_flat(record) for record in records]
    names = list(dict.fromkeys(name for row in rows for name in row))
    written = io.StringIO()
    writer = csv.DictWriter(written, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, Mapping):
            found |= {f"{name}.{inner}": item for inner, item in _flat(value).items()}
        elif isinstance(value, list | tuple):
            # A list of records, such as rates by attempt, is numbered from 1.
            for number, item in enumerate(value, start=1):
                found |= _flat({f"{name}.{number}": item}) if isinstance(item, Mapping) else {}
            if not any(isinstance(item, Mapping) for item in value):
                found[name] = " ".join(map(str, value))
        else:
            found[name] = value
    return found
