"""What stands in a user's files and names may be of any length and no text at all: a refusal tells it in one line."""

import json
import os
from pathlib import Path

import pytest

from robo_meta.objects.config import ImportConfig
from robo_meta.objects.importer import import_objects
from robo_meta.objects.library import read_outcomes
from tests.robo_meta.objects.judges import by_height

SETTINGS = {
    "key": {"k" * 20_000: 1},
    "part": {"parts": {"p" * 9_000: 1}},
    "licence": {"licence": "\ud800"},
    "half": {"parts": {"\udfff.obj": 1}},
}
"""Object → what stands in its `object.json`."""


@pytest.mark.skipif(os.name != "posix", reason="file names are text elsewhere")
def test_any_text_of_a_users_is_told_in_one_line_that_can_be_kept(tmp_path: Path) -> None:
    place = tmp_path / "meshes"
    for name, content in SETTINGS.items():
        (place / name).mkdir(parents=True)
        (place / name / "a.obj").write_text("v 0 0 0\n")
        (place / name / "object.json").write_text(json.dumps(content))
    with open(os.fsencode(place) + b"/caf\xe9.obj", "w") as file:
        file.write("v 0 0 0\n")
    found = import_objects(ImportConfig(place, tmp_path / "mine", workers=1), judge=by_height, progress=False)
    assert found.outcomes == read_outcomes(tmp_path / "mine")
    reasons = {outcome.name: outcome.reason for outcome in found.outcomes}
    assert set(reasons) == {*SETTINGS, "caf"}
    assert all(reason.isprintable() and reason.isascii() | ("…" in reason) for reason in reasons.values())
    assert all(0 < len(reason) <= 500 for reason in reasons.values())
    assert reasons["caf"] == r"file 'caf\udce9.obj': its name is no text in utf-8; rename it"
