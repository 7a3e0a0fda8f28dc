"""The report's frame: self-contained pages of one folder, readable offline, and the bar that links them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from demos.storage.files import write_atomic

PAGES = {"strategies": "report.html", "stream": "stream.html", "selector": "selector.html"}
"""Page → its file in the report's folder."""
TITLES = {
    "strategies": "Adapting to unseen objects",
    "stream": "Learning online",
    "selector": "Choosing a strategy",
}
"""Page → its heading, and what others call it where they link to it."""
BAR = re.compile(rb"<nav id=\"?robo-meta\"?[^>]*>.*?</nav>")
"""What tells our pages from others, and all of a page that depends on its neighbours."""


def render(template: str, **values: Any) -> Markup:
    """A template of `robo_meta/report/templates` filled in. Text is escaped; `Markup` is taken as HTML."""
    return Markup(_environment().get_template(template).render(**values).rstrip("\n"))


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("robo_meta.report"),
        autoescape=True,
        keep_trailing_newline=False,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    # Imported here, as looks know the strategies and this module doesn't.
    from robo_meta.report.looks import MARKER_PATHS

    found.globals["markers"] = MARKER_PATHS
    found.tests["number_text"] = lambda value: str(value)[:1] in tuple("0123456789+-–−")
    return found


def html(name: str, body: str, present: Iterable[str] = ()) -> str:
    """A page without any outside reference.

    Args:
        name: of `PAGES`.
        body: HTML.
        present: names of the pages in its folder, itself included.
    """
    return render("page.html", name=name, title=TITLES[name], bar=_bar(name, present), body=Markup(body)) + "\n"


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
            bar = _bar(other, present).encode()
            linked = BAR.sub(lambda _, bar=bar: bar, page, count=1)  # type: ignore[misc]
            if linked != page:
                write_atomic(files[other], [linked])
    return path


def _bar(name: str, present: Iterable[str]) -> Markup:
    """Links to the other pages, in one line; empty where there is none."""
    shown = {other: (TITLES[other], PAGES[other]) for other in present}
    return render("bar.html", name=name, present=shown)


def figure(picture: Markup, caption: str) -> Markup:
    """A picture, given as HTML, over a caption, given as text."""
    return render("figure.html", picture=picture, caption=caption)
