"""What an extra brings is asked for at one door, which says what to install."""

import json.decoder
import sys

import pytest

from robo_meta.objects.libraries import LIBRARIES, mesh_library
from sim.errors import InputError
from sim.libraries import LibraryMissing, library


def test_what_is_there_is_handed_out() -> None:
    assert library("json.decoder", "reading notes", "notes") is json.decoder


@pytest.mark.parametrize("name", ["h5py", "h5py.deeper"])
def test_what_is_missing_is_one_line_with_the_extra(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(LibraryMissing) as raised:
        library(name, "--to minari", "data")
    assert str(raised.value) == '--to minari needs h5py, which is missing; pip install "robo-meta[data]"'
    assert isinstance(raised.value, InputError)  # so that a command ends with exit status 2


@pytest.mark.parametrize("name", LIBRARIES)
def test_meshes_name_the_library_that_is_missing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(LibraryMissing, match=f"^importing meshes needs {name}, which is missing; pip install"):
        mesh_library(name)
