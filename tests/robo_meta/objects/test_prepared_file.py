"""What an import prepared and left behind when it was stopped gives the same object as if it had not been stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from demos.storage.array_file import read_array_file
from robo_meta.cli.main import main
from robo_meta.objects.object_file import INDEX, OBJECT, object_file
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
    whole = read_array_file(object_file(out, NAME), OBJECT)
    # As it is left by a process that is killed between the two.
    object_file(out, NAME).unlink()
    (out / INDEX).unlink()
    prepared = prepared_file(out, NAME).read_bytes()
    assert main(words) == 0
    again = read_array_file(object_file(out, NAME), OBJECT)
    assert prepared_file(out, NAME).read_bytes() == prepared
    assert again.record | {"seconds": 0.0} == whole.record | {"seconds": 0.0}
    assert all(np.array_equal(again.arrays[name], values) for name, values in whole.arrays.items())
