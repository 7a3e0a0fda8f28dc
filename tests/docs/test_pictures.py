"""The pictures of docs/CONCEPTS.md: all there, told in words as well, and drawn anew by their script."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from PIL import Image

DOCS = Path(__file__).parents[2] / "docs"
LARGEST = 600_000
"""Bytes of all pictures together."""
SHORTEST = 40
"""Characters of a text that says what is seen."""


def test_every_picture_is_shown_and_told_in_words() -> None:
    page = (DOCS / "CONCEPTS.md").read_text(encoding="utf-8")
    shown = {path: words for words, path in re.findall(r"!\[([^\]]*)\]\((pictures/[^)]+)\)", page)}
    files = {f"pictures/{path.name}" for path in (DOCS / "pictures").glob("*.png")}
    assert set(shown) == files and len(files) >= 8
    assert all(len(words) >= SHORTEST for words in shown.values())
    assert sum((DOCS / path).stat().st_size for path in files) < LARGEST


def test_a_picture_is_drawn_anew_as_it_is_stored(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, DOCS / "pictures" / "draw.py", "intentions", "--out", tmp_path], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "intentions.png") as made, Image.open(DOCS / "pictures" / "intentions.png") as stored:
        # Fonts may differ by a pixel between machines, the picture as a whole not.
        assert abs(made.width - stored.width) <= 20 and abs(made.height - stored.height) <= 20
        assert len(made.convert("RGB").getcolors(1 << 16) or ()) > 8


def test_an_unknown_picture_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, DOCS / "pictures" / "draw.py", "nothing", "--out", tmp_path], capture_output=True, text=True
    )
    assert done.returncode == 2 and "unknown picture 'nothing'" in done.stderr
    assert list(tmp_path.iterdir()) == []
