"""A page of the report as a reader or a screen reader gets it: names, anchors, tables, text."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "img", "br", "input", "hr"}
DRAWN = {"svg", "use", "line", "path", "circle", "symbol", "text", "g"}


@dataclass
class Table:
    """A table as text."""

    caption: str = ""
    head: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    scopes: list[str | None] = field(default_factory=list)
    """Of every head cell of a column or row."""


class Page(HTMLParser):
    """Everything that the tests ask about one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.unnamed: list[str] = []
        self.names: list[str] = []
        self.headings: list[tuple[int, str]] = []
        self.tables: list[Table] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.regions: list[dict[str, str | None]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, f"left open: {self._open}"

    @property
    def text(self) -> str:
        """All that is read, with single plain spaces."""
        return " ".join("".join(self.words).replace("\u00a0", " ").split())

    def table(self, caption: str) -> Table:
        """The table whose caption begins so."""
        (found,) = [table for table in self.tables if table.caption.startswith(caption)]
        return found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        elif "href" in given or "src" in given:
            self.sources.append(str(given.get("href") or given.get("src")))
        root = "svg" not in self._open
        if (tag == "svg" and root and given.get("aria-hidden") != "true") or tag == "img":
            name = given.get("aria-label") or given.get("alt")
            self.names.append(name or "")
            if not name or (tag == "svg" and given.get("role") != "img"):
                self.unnamed.append(str(given))
        if given.get("class") == "scroll":
            self.regions.append(given)
        if tag == "table":
            self.tables.append(Table())
        if tag == "tr" and self.tables:
            self.tables[-1].rows.append([])
        if tag == "th":
            self.tables[-1].scopes.append(given.get("scope"))
        if tag in {"td", "th"}:
            self.tables[-1].rows[-1].append("")
        if tag in {"h1", "h2", "h3", "h4"}:
            self.headings.append((int(tag[1]), ""))
        if tag not in VOID and not self.get_starttag_text().endswith("/>"):  # type: ignore[union-attr]
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open[-1] == tag, f"</{tag}> closes {self._open[-1:]}"
        self._open.pop()
        if tag == "thead":
            self.tables[-1].head = self.tables[-1].rows.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            return
        self.words.append(data)
        plain = data.replace("\u00a0", " ")
        if "caption" in self._open:
            self.tables[-1].caption += plain
        elif ("td" in self._open or "th" in self._open) and self.tables:
            self.tables[-1].rows[-1][-1] += plain
        if self._open and self._open[-1] in {"h1", "h2", "h3", "h4"}:
            level, said = self.headings[-1]
            self.headings[-1] = (level, said + plain)
