"""The API pages are built without a warning, and every public name is on them.

Building needs the extra `docs`: `pip install ".[test,docs]" && python -m pytest -m docs`.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import robo_meta

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docs" / "build_api.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """`docs/build_api.py`, which lies in no package."""
    spec = importlib.util.spec_from_file_location("build_api", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_public_names_have_docstrings(script: ModuleType) -> None:
    assert script.undocumented() == []


def test_a_place_that_is_not_there_is_found_out(script: ModuleType) -> None:
    assert script.exists("robo_meta.evaluation.config.EvaluateConfig.tasks")
    assert not script.exists("robo_meta.evaluation.config.EvaluateConfig.taks")
    assert not script.exists("robo_meta.evaluations")


@pytest.mark.docs
def test_the_pages_are_built_without_warnings_and_hold_every_public_name(tmp_path: Path) -> None:
    if importlib.util.find_spec("pdoc") is None:
        pytest.skip('no pdoc: pip install ".[docs]"')
    done = subprocess.run([sys.executable, SCRIPT, "--out", tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "robo_meta.html").read_text(encoding="utf-8")
    anchors = set(re.findall(r'id="([\w.]+)"', page))
    named = {name for document in ("EXTENDING", "GUIDE") for name in _named(ROOT / "docs" / f"{document}.md")}
    assert {*robo_meta.__all__, *named} <= anchors
    assert {"SupportItem.grasp", "Policy.target", "Strategy.adapt", "Task.densities", "Rollout.verdict"} <= anchors
    # A page on the disk asks nobody for anything.
    assert not re.search(r'(?:src|href)="https?:(?!//pdoc)', page.partition("<main")[0])


def _named(document: Path) -> set[str]:
    """What a document calls `robo_meta.NAME`, modules and the names of entry points left out."""
    names = set(re.findall(r"\brobo_meta\.(\w+)\b(?!\.)", document.read_text(encoding="utf-8")))
    return {name for name in names if name in robo_meta.__all__}
