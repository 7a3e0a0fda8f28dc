"""Standard streams that are closed, and places that are no files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from demos.storage.files import SpecialFile, write_atomic
from tests.demos.conftest import FAKE_ACTOR

COMMAND = "robo-meta record --tasks 1 --demos 1 --workers 1 --actor made_up_demonstrator:steady --out"


@pytest.mark.skipif(os.name != "posix", reason="streams are closed by a shell")
def test_without_standard_streams_the_same_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "made_up_demonstrator.py").write_text(FAKE_ACTOR)
    run = f"exec {sys.executable} -m {COMMAND.replace('robo-meta', 'robo_meta.cli.main')}"
    for closed, out in (("", "open"), ("<&- >&- 2>&-", "closed")):
        done = subprocess.run(["sh", "-c", f"{run} {out} {closed}"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    (whole,) = (tmp_path / "open" / "episodes").iterdir()
    assert (tmp_path / "closed" / "episodes" / whole.name).read_bytes() == whole.read_bytes()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_no_file_is_put_in_the_place_of_a_pipe_or_a_device(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(SpecialFile, match="pipe: a device, a pipe or a socket; expected a file"):
        write_atomic(pipe, [b"anything"])
    assert pipe.is_fifo() and list(tmp_path.iterdir()) == [pipe]
