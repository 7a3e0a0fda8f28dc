"""What an import prepared and left behind when it was stopped gives the same object as if it had not been stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from robo_meta.cli.main import main
from robo_meta.objects.object_file import INDEX, object_file
from robo_meta.objects.prepared_file import prepared_file

pytest.importorskip("trimesh", reason='needs pip install "robo-meta[meshes]"')
NAME = "bent-003"
"""An object whose cut surfaces change with the last bits of its corners."""


def test_an_import_that_goes_on_from_what_was_prepared_ends_with_the_same_object(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "library"
    words = ["objects", "import", "curved", "--ids", "3", "--workers", "1", "--out", str(out)]
    assert main(words) == 0
    whole, index = object_file(out, NAME).read_bytes(), (out / INDEX).read_bytes()
    # As it is left by a process that is killed between the two.
    object_file(out, NAME).unlink()
    (out / INDEX).unlink()
    prepared = prepared_file(out, NAME).read_bytes()
    assert main(words) == 0
    assert prepared_file(out, NAME).read_bytes() == prepared
    # Bit by bit: were a time kept there, each import would be another library, and shards of two machines strangers.
    assert object_file(out, NAME).read_bytes() == whole and (out / INDEX).read_bytes() == index
