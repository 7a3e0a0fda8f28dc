"""Tables fit the terminal: no name and no number is cut, and any encoding is survived."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest
from rich.console import Console

from robo_meta.report.terminal import print_result
from tests.robo_meta.report.results import cell, result


def printed(width: int) -> list[str]:
    wide = result()
    names = ("maml+scripted-controller", "warped-replay")
    wide["cells"] += [cell(name, "new-shape", 1, which, 1.0) for name in names for which in ("all", "balance", "part")]
    file = io.StringIO()
    print_result(wide, Console(file=file, width=width, force_terminal=True, color_system=None))
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 100, 140])
def test_every_row_names_its_strategy_and_shows_whole_intervals(width: int) -> None:
    lines = printed(width)
    assert max(len(line.rstrip()) for line in lines) <= width
    rows = [line for line in lines if line.strip().startswith("maml+scripted")]
    names = [line.split()[0] for line in lines if line.strip()]
    assert "maml+scripted-controller" in names or "maml+scripted-controller" in "".join(names)
    assert any(row.count("100% [90, 100]") == 3 for row in rows) and any("7.0" in row for row in rows)
    assert not any("…" in line for line in lines)
    assert any("+0.52 [+0.40, +0.64]" in line for line in lines)


def test_an_encoding_without_the_characters_is_survived() -> None:
    code = """
import sys
from robo_meta.cli.main import main
status = main(["objects", "--families", "hammer"])
print("µ ÷ …")
sys.exit(status)
"""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0 and "hammer" in done.stdout, done.stderr
