"""Examples in docstrings of the report are true."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import robo_meta.report

MODULES = [
    f"robo_meta.report.{path.stem}"
    for path in sorted(Path(robo_meta.report.__file__).parent.glob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", [*MODULES, "robo_meta.cli.shown_command"])
def test_examples_are_true(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted and not found.failed
