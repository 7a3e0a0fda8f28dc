"""README and docs hold together: links lead somewhere, the README stays short, and CI finds the commands to run."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCUMENTS = (README, *sorted((ROOT / "docs").glob("*.md")))
LINKING = (*DOCUMENTS, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")))


@pytest.fixture(scope="module")
def runner() -> ModuleType:
    """`.ci/readme_commands.py`, which lies in no package."""
    spec = importlib.util.spec_from_file_location("readme_commands", ROOT / ".ci" / "readme_commands.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _words(document: Path) -> str:
    """What a page or a notebook says in markdown, its code left out."""
    text = document.read_text(encoding="utf-8")
    if document.suffix == ".ipynb":
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells)
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def _anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _broken(document: Path) -> list[str]:
    """Links of a document that lead nowhere."""
    found = []
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", _words(document)):
        name, _, anchor = link.partition("#")
        target = document.parent / name if name else document
        if not target.exists() or (anchor and anchor not in _anchors(_words(target))):
            found.append(link)
    return found


@pytest.mark.parametrize("document", LINKING, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    assert _broken(document) == []


def test_a_link_that_leads_nowhere_is_found_out(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One\n[a](#one) [b](#two) [c](page.md#one) [d](other.md)\n```\n# Two\n[e](not-a-link)\n```\n")
    assert _broken(page) == ["#two", "other.md"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_picture_is_told_in_words(document: Path) -> None:
    assert [path for words, path in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", _words(document)) if len(words) < 40] == []


def test_the_readme_is_short() -> None:
    page = README.read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    lines = [line for line in snippet.splitlines() if line.strip()]
    assert len(lines) <= 10
    assert [line for line in lines if "import" in line] == ["import robo_meta"]
    assert len(page.splitlines()) <= 100
    # Intervals of others than the policy that is shown belong to RESULTS.md.
    assert len(re.findall(r"\[[\d.]+, [\d.]+\]", page)) <= 7


def test_figures_of_the_readme_stand_in_the_results() -> None:
    results = (ROOT / "docs" / "RESULTS.md").read_text(encoding="utf-8")
    shown = re.findall(r"\*\*(\d+)\*\* (\[\d+, \d+\])", README.read_text(encoding="utf-8"))
    assert shown
    assert all(f"{value} {interval}" in results for value, interval in shown)


def test_ci_runs_blocks_in_order_and_of_an_installing_line_only_our_command(runner: ModuleType) -> None:
    page = "\n".join(
        (
            "```bash",
            "git clone URL x && pip install . && robo-meta quickstart",
            "git clone URL x && python -m pytest",
            "```",
            "```python",
            "print(1)",
            "```",
            "```json",
            "{}",
            "```",
            "```bash",
            "cat > f.py <<'PY'",
            "x = 1",
            "PY",
            "```",
        )
    )
    assert runner.blocks(page) == [
        ("bash", "robo-meta quickstart\n"),
        ("python", "print(1)\n"),
        ("bash", "cat > f.py <<'PY'\nx = 1\nPY\n"),
    ]


def test_ci_stops_at_the_first_failure(runner: ModuleType, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    page = tmp_path / "page.md"
    page.write_text("```bash\nfalse\ntouch " + str(tmp_path / "reached") + "\n```\n")
    assert runner.main([str(programs), str(page)]) == 1
    assert not (tmp_path / "reached").exists()
    page.write_text("```bash\ntouch " + str(tmp_path / "reached") + "\n```\n")
    assert runner.main([str(programs), str(page)]) == 0
    assert (tmp_path / "reached").exists()


def test_ci_refuses_a_document_without_commands(runner: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("nothing here\n")
    assert runner.main([str(tmp_path), str(tmp_path / "page.md")]) == 1


@pytest.mark.parametrize("name", ["README.md", "GUIDE.md", "EXTENDING.md"])
def test_ci_finds_commands_in_every_document(runner: ModuleType, name: str) -> None:
    page = next(path for path in DOCUMENTS if path.name == name).read_text(encoding="utf-8")
    assert {language for language, _ in runner.blocks(page)} == {"bash", "python"}
