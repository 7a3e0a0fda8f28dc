"""Array files whose content was changed and whose checksum is right all the same, as a hostile author makes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from demos.storage.array_file import read_array_file, write_array_file
from demos.storage.array_form import Form


def altered(
    path: Path, form: Form, record: dict[str, Any] | None = None, drop: str | None = None, **arrays: np.ndarray
) -> None:
    """Write the file at `path` anew with fields of its record and arrays replaced, and the array `drop` left out."""
    found = read_array_file(path, form)
    kept = {name: array for name, array in {**found.arrays, **arrays}.items() if name != drop}
    write_array_file(path, form, {**found.record, **(record or {})}, kept)


def other_schema(path: Path, form: Form, schema: str = "0") -> None:
    """Write the file at `path` anew as one of another version."""
    found = read_array_file(path, form)
    write_array_file(path, replace(form, schema=schema), found.record, found.arrays)
