"""The contact sheet's file: whole, or not there."""

from pathlib import Path

import pytest

from robo_meta.cli.sheet_file import write_sheet
from tests.full_disk import full_disk


def test_a_full_disk_leaves_the_sheet_of_before(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.png"
    write_sheet(path, ("hammer",), objects=1, seed=1)
    before = path.read_bytes()
    assert before.startswith(b"\x89PNG")
    with full_disk(1000), pytest.raises(OSError):
        write_sheet(path, ("hammer",), objects=1, seed=2)
    assert path.read_bytes() == before and list(path.parent.iterdir()) == [path]


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileExistsError, match="file"):
        write_sheet(tmp_path / "file" / "a.png", ("hammer",), objects=1)
