"""The report's frame: self-contained pages of one folder, readable offline, and the bar that links them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from demos.storage.files import write_atomic

PAGES = {"strategies": "report.html", "stream": "stream.html", "selector": "selector.html"}
"""Page → its file in the report's folder."""
BAR = re.compile(rb"<nav id=robo-meta>.*?</nav>")
"""What tells our pages from others, and all of a page that depends on its neighbours."""


def render(template: str, **values: Any) -> Markup:
    """A template of `robo_meta/report/templates` filled in. Text is escaped; `Markup` is taken as HTML."""
    return Markup(_environment().get_template(template).render(**values).rstrip("\n"))


@cache
def _environment() -> Environment:
    found = Environment(loader=PackageLoader("robo_meta.report"), autoescape=True, keep_trailing_newline=False)
    found.tests["number_text"] = lambda value: str(value)[:1] in tuple("0123456789+-–")
    return found


def html(name: str, body: str, present: Iterable[str] = ()) -> str:
    """A page without any outside reference.

    Args:
        name: of `PAGES`.
        body: HTML.
        present: names of the pages in its folder, itself included.
    """
    return render("page.html", name=name, bar=_bar(name, present), body=Markup(body)) + "\n"


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


def _bar(name: str, present: Iterable[str]) -> Markup:
    """Links to the other pages; empty where there is none."""
    return render("bar.html", name=name, present={other: PAGES[other] for other in present})


def table(head: Sequence[str], body: Iterable[tuple[bool, Sequence[str]]]) -> Markup:
    """Rows of text, numbers to the right.

    Args:
        head: names of the columns.
        body: for each row, whether it is ours, and its cells.
    """
    return render("table.html", head=head, body=list(body))


def figure(picture: str, caption: str) -> Markup:
    """A picture, given as HTML, over a caption, given as text."""
    return render("figure.html", picture=Markup(picture), caption=caption)
