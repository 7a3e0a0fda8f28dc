"""The report's frame: self-contained pages of one folder, readable offline, and the bar that links them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from demos.storage.files import write_atomic

PAGES = {"strategies": "report.html", "stream": "stream.html", "selector": "selector.html"}
"""Page → its file in the report's folder."""
BAR = re.compile(rb"<nav id=robo-meta>.*?</nav>")
"""What tells our pages from others, and all of a page that depends on its neighbours."""
STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;max-width:72em;padding:0 1em;color:#1b1f24;background:#fff}
nav>*{margin-right:1.2em}
table{border-collapse:collapse;font-size:13px;margin:.4em 0 1.6em}
td,th{padding:.25em .7em;border-bottom:1px solid #d7dce1}
th{text-align:left;background:#f2f4f6}
td.n{text-align:right;font-variant-numeric:tabular-nums}
tr.ours{background:#eaf3ff}
figure{margin:.6em 0 1.6em}
figure img,figure svg{max-width:100%;height:auto}
figcaption,p.note{color:#57606a;font-size:13px}
"""


def html(name: str, body: str, present: Iterable[str] = ()) -> str:
    """A page without any outside reference.

    Args:
        name: of `PAGES`.
        body: HTML.
        present: names of the pages in its folder, itself included.
    """
    head = f"<meta charset=utf-8><title>robo_meta: {name}</title><style>{STYLE}</style>"
    return f"<!doctype html><html lang=en><head>{head}</head><body>{_bar(name, present)}{body}</body></html>\n"


def write_page(path: Path, name: str, body: str) -> Path:
    """Write a page, whole or not at all, and let the report's other pages in its folder link to it.

    Args:
        path: of the HTML file; under another name than `PAGES` has, it links to others but they don't to it.
        name: of `PAGES`.
        body: HTML.

    Raises:
        OSError: the file or its folder can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    files = {other: path.with_name(file) for other, file in PAGES.items() if path.name != file}
    beside = {other: file.read_bytes() for other, file in files.items() if file.is_file()}
    beside = {other: page for other, page in beside.items() if other != name and BAR.search(page)}
    present = [other for other in PAGES if other in beside or other == name]
    write_atomic(path, [html(name, body, present).encode()])
    if path.name == PAGES[name]:
        for other, page in beside.items():
            linked = BAR.sub(_bar(other, present).encode(), page, count=1)
            if linked != page:
                write_atomic(files[other], [linked])
    return path


def _bar(name: str, present: Iterable[str]) -> str:
    """Links to the other pages; empty where there is none."""
    shown = [f"<b>{other}</b>" if other == name else f"<a href={PAGES[other]}>{other}</a>" for other in present]
    return f"<nav id=robo-meta>{''.join(shown) if len(shown) > 1 else ''}</nav>"


def table(head: Sequence[str], body: Iterable[tuple[bool, Sequence[str]]]) -> str:
    """Rows of text, numbers to the right.

    Args:
        head: names of the columns.
        body: for each row, whether it is ours, and its cells.
    """
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    rows = []
    for ours, values in body:
        shown = "".join(f"<td{_number_class(value)}>{escape(value)}</td>" for value in values)
        rows.append(f"<tr{' class=ours' if ours else ''}>{shown}</tr>")
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def figure(picture: str, caption: str) -> str:
    """A picture, given as HTML, over a caption, given as text."""
    return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption></figure>"


def _number_class(value: str) -> str:
    return " class=n" if value[:1] in tuple("0123456789+-–") else ""
