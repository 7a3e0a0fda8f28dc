"""The table of strategies: what callers rely on in its rows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from robo_meta.catalogue import CATALOGUE, DEFAULT_METHODS, METHODS, TRAINED, StrategyRow


@pytest.mark.parametrize("row", CATALOGUE.values(), ids=CATALOGUE)
def test_rows(row: StrategyRow) -> None:
    assert row.help.endswith(".") and row.help[0].isupper() and len(row.help) <= 100
    assert row.needs_checkpoint == bool(row.parts or row.file)
    if row.method is not None:
        assert any(row.method.name in choice for choice in row.parts), "its trained part is one that it uses"


def test_methods_are_trained_in_their_order() -> None:
    assert [method.order for method in TRAINED] == list(range(len(TRAINED)))
    assert METHODS.index("maml") < METHODS.index("contrast")
    assert DEFAULT_METHODS == ("maml", "zero-shot", "context")


def test_the_table_needs_the_standard_library_alone() -> None:
    """It can be read where nothing is installed: its file imports nothing else."""
    file = Path(__file__).parents[2] / "robo_meta" / "catalogue.py"
    code = f"import runpy; print(len(runpy.run_path({str(file)!r})['CATALOGUE']))"
    done = subprocess.run([sys.executable, "-S", "-I", "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == str(len(CATALOGUE)), done.stderr
