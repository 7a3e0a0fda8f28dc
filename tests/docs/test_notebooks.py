"""The notebooks of `docs/notebooks/` run from an empty folder, and are stored small.

Running them needs the extra `notebooks`: `pip install ".[test,notebooks]" && python -m pytest -m notebooks`.
"""

from __future__ import annotations

import ast
import importlib.util
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LARGEST = 100_000
"""Bytes of a stored notebook with its outputs."""
NEEDED = {"adapt": (), "own_strategy": (), "own_mesh": ("trimesh", "manifold3d", "coacd")}
"""Notebook → libraries that it needs beyond nbclient and a kernel."""


def _cells(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def test_there_are_three() -> None:
    assert {path.stem for path in NOTEBOOKS} == set(NEEDED)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_small_and_every_cell_of_code_is_introduced(path: Path) -> None:
    cells = _cells(path)
    assert path.stat().st_size < LARGEST
    assert cells[0]["cell_type"] == "markdown" and "".join(cells[0]["source"]).startswith("# ")
    for before, cell in pairwise(cells):
        if cell["cell_type"] == "code":
            assert before["cell_type"] == "markdown", "a cell of code without a word before it"
            ast.parse("".join(cell["source"]))


@pytest.mark.notebooks
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_from_an_empty_folder(path: Path, tmp_path: Path) -> None:
    missing = [name for name in ("nbclient", "ipykernel", *NEEDED[path.stem]) if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f'no {", ".join(missing)}: pip install ".[notebooks,meshes]"')
    import nbclient
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    pictures = [out for cell in notebook.cells for out in cell.get("outputs", ()) if "image/png" in out.get("data", {})]
    told = "".join(out.get("text", "") for cell in notebook.cells for out in cell.get("outputs", ()))
    assert "maml" in told or "accepted" in told
    assert pictures or path.stem == "own_strategy"
