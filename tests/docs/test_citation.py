"""CITATION.cff follows its schema, and names the version that the package has."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

import robo_meta

TEXT = (Path(__file__).parents[2] / "CITATION.cff").read_text(encoding="utf-8")


def test_it_names_this_version_and_its_authors() -> None:
    fields = dict(re.findall(r"^([\w-]+): (.+)$", TEXT, flags=re.MULTILINE))
    assert fields["version"] == robo_meta.__version__
    assert (fields["cff-version"], fields["license"], fields["type"]) == ("1.2.0", "MIT", "software")
    assert re.search(r"^authors:\n  - name: The robo_meta developers$", TEXT, flags=re.MULTILINE)


@pytest.mark.docs
def test_it_follows_the_schema() -> None:
    if importlib.util.find_spec("cffconvert") is None:
        pytest.skip('no cffconvert: pip install ".[docs]"')
    from cffconvert import Citation

    Citation(TEXT).validate()
    with pytest.raises(Exception, match="auteurs"):
        Citation(TEXT.replace("authors:", "auteurs:")).validate()
