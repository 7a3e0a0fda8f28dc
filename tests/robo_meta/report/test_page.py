"""Every page of the report is one file that needs nothing else, with names for all that is drawn."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from robo_meta.report.page import PAGES, html, write_page
from robo_meta.report.selector import section as selector_section
from robo_meta.report.strategies import section as strategies_section
from robo_meta.report.stream import section as stream_section
from tests.robo_meta.report.pages import Page
from tests.robo_meta.report.results import result, task
from tests.robo_meta.report.scenes import scene, shown
from tests.robo_meta.report.streams import stream


@pytest.fixture(scope="module")
def pages(judged: dict[str, Any]) -> dict[str, str]:
    tasks = [task(0, maml=True, replay=False), task(1, maml=False, replay=False)]
    bodies = {
        "strategies": strategies_section(result(), [scene()], tasks, (), [shown()]),
        "stream": stream_section(stream(), "robo-meta train --stream --data 'my data'"),
        "selector": selector_section(judged),
    }
    return {name: html(name, body, PAGES) for name, body in bodies.items()}


@pytest.mark.parametrize("name", PAGES)
def test_nothing_comes_from_outside(name: str, pages: dict[str, str]) -> None:
    page = Page(pages[name])
    assert not {"script", "iframe", "object", "embed"} & set(page.tags)
    assert all(source.startswith(("data:", "#")) for source in page.sources), page.sources
    assert all(link.startswith(("data:", "#")) or link in PAGES.values() for link in page.links), page.links
    assert not re.search(r"url\(|@import|https?://", pages[name])


@pytest.mark.parametrize("name", PAGES)
def test_everything_drawn_has_a_name_that_says_what_is_seen(name: str, pages: dict[str, str]) -> None:
    page = Page(pages[name])
    assert page.names and not page.unnamed
    plots = [said for said in page.names if "%" in said]
    assert plots and all(re.search(r"\d", said) for said in plots)


@pytest.mark.parametrize("name", PAGES)
def test_anchors_lead_somewhere_and_are_unique(name: str, pages: dict[str, str]) -> None:
    page = Page(pages[name])
    inside = [link[1:] for link in [*page.links, *page.sources] if link.startswith("#")]
    assert inside and set(inside) <= set(page.ids) and len(set(page.ids)) == len(page.ids)


@pytest.mark.parametrize("name", PAGES)
def test_headings_and_tables_tell_their_order(name: str, pages: dict[str, str]) -> None:
    page = Page(pages[name])
    levels = [level for level, _ in page.headings]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.tables and all(table.caption.strip() and None not in table.scopes for table in page.tables)
    # A wide table scrolls in a frame that the keyboard reaches, and never the page.
    assert len(page.regions) == len(page.tables)
    assert all(region["tabindex"] == "0" and region["role"] == "region" for region in page.regions)
    assert len({region["aria-label"] for region in page.regions}) == len(page.regions)


@pytest.mark.parametrize("name", PAGES)
def test_rates_are_percentages_everywhere(name: str, pages: dict[str, str]) -> None:
    text = Page(pages[name]).text
    assert re.search(r"\d % \[\d+(\.\d)?, \d+(\.\d)?\]", text)
    assert not re.search(r"\d%", text) and not re.search(r"(?<![\d.+−])0\.\d+ \[0\.\d+, [01]\.\d+\]", text)


def links(folder: Path) -> dict[str, list[str]]:
    return {path.name: re.findall(r'<a href="([^"]+)">', path.read_text()) for path in folder.glob("*.html")}


@pytest.mark.parametrize("order", [("strategies", "stream", "selector"), ("selector", "stream", "strategies")])
def test_pages_of_a_folder_link_to_each_other(order: tuple[str, ...], tmp_path: Path) -> None:
    first = write_page(tmp_path / PAGES[order[0]], order[0], "<p>first")
    assert re.search(r'<nav id="robo-meta"[^>]*></nav>', first.read_text())
    for name in order[1:]:
        write_page(tmp_path / PAGES[name], name, f"<p>{name}")
    files = list(PAGES.values())
    assert links(tmp_path) == {file: [other for other in files if other != file] for file in files}
    assert "<p>first" in (tmp_path / PAGES[order[0]]).read_text()
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    write_page(tmp_path / PAGES["stream"], "stream", "<p>first" if order[0] == "stream" else "<p>stream")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_page_of_an_earlier_version_is_linked_too(tmp_path: Path) -> None:
    (tmp_path / "stream.html").write_text("<body><nav id=robo-meta></nav><h1>Online</h1>")
    write_page(tmp_path / "report.html", "strategies", "")
    assert 'href="report.html"' in (tmp_path / "stream.html").read_text()
    assert 'href="stream.html"' in (tmp_path / "report.html").read_text()


def test_strangers_are_left_alone(tmp_path: Path) -> None:
    """Neither a page that is not ours, nor one under a name of the user's, nor a folder, is linked to or changed."""
    (tmp_path / "stream.html").write_bytes(b"<nav>mine \xff</nav>")
    (tmp_path / "selector.html").mkdir()
    write_page(tmp_path / "report.html", "strategies", "")
    write_page(tmp_path / "judged.html", "selector", "")
    assert (tmp_path / "stream.html").read_bytes() == b"<nav>mine \xff</nav>"
    assert "<a " not in (tmp_path / "report.html").read_text()
    assert re.findall(r'<a href="([^"]+)">', (tmp_path / "judged.html").read_text()) == ["report.html"]
