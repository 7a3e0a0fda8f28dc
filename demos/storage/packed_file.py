"""Packed training data: the form of `training.safetensors`. Needs only numpy, to be read where learning runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from demos.demo import SCHEMA
from demos.storage.array_file import write_array_file
from demos.storage.array_form import Form, Layout
from demos.storage.files import DamagedFile
from demos.storage.recording import CONFIG, VERSIONS
from demos.storage.schema import PLAIN_TABLE, REFERENCE, SHA256, ListOf, Maybe, Record, Text
from sim.errors import InputError

TASK_LAYOUT: Layout = {
    "points": ("float16", ("N", "D", "P", 6)),
    "grasps": ("float32", ("N", "D", 4)),
    "other_grasps": ("float32", ("N", "D", 2, 4)),
    "graspable": ("int8", ("N", "D", "L")),
    "family": ("int16", ("N", "D")),
    "object": ("int16", ("N", "D")),
    "intention": ("int8", ("N",)),
    "densities": ("float32", ("N", 8)),
}
"""Arrays of N tasks with D demonstrations each, of P points; `demos/recording/pack.py` says what they are."""
LAYOUT: Layout = {
    **TASK_LAYOUT,
    "hand": ("float32", ("M", 7)),
    "hand_actions": ("float32", ("M", 5)),
    "hand_targets": ("float32", ("M", 4)),
    "hand_episode": ("int32", ("M",)),
}
"""Arrays of a packed file: those of tasks, and those of M recorded steps."""


class TrainingDataError(InputError):
    """A packed file that is missing, damaged or of another form."""


PACKED = Form(
    name="training data",
    schema=SCHEMA,
    record=Record(
        {
            "families": ListOf(Text(pattern=REFERENCE), least=1, most=2**15),
            "packed_from": Maybe(Text(pattern=SHA256)),
            "provenance": Record(
                {"config": CONFIG}, optional={"merged": ListOf(CONFIG), "counts": PLAIN_TABLE, "versions": VERSIONS}
            ),
        }
    ),
    error=TrainingDataError,
    advice="pack again: run the same robo-meta record",
    layout=LAYOUT,
    largest=2**36,
)


_LENGTHS, _STEPS = (-10.0, 10.0), (-100.0, 100.0)
RANGES: Mapping[str, tuple[float, float]] = {
    "points": _LENGTHS,
    "grasps": _LENGTHS,
    "other_grasps": _LENGTHS,
    "graspable": (-1, 1),
    "object": (0, 2**15),
    "intention": (0, 1),
    "densities": (0.0, 1e4),
    "hand": _STEPS,
    "hand_actions": _STEPS,
    "hand_targets": _LENGTHS,
    "hand_episode": (0, 2**31),
}
"""Array → its smallest and largest value; m and rad for points and grasps. All are finite, but `other_grasps`, which
are NaN where none was planned."""


def check_values(path: Path, arrays: Mapping[str, np.ndarray], families: Sequence[str]) -> None:
    """Check every value against `RANGES`, and `family` against the names that it counts.

    Raises:
        DamagedFile: a value out of its range.
    """
    ranges = {**RANGES, "family": (0, len(families) - 1)}
    for name, array in arrays.items():
        least, most = ranges[name]
        fits = (array >= least) & (array <= most)
        if name == "other_grasps":
            fits |= np.isnan(array)
        if not fits.all():
            found = array[~fits][0]
            raise DamagedFile(f"{path}: {name} holds {found}; expected values from {least} to {most}")
    labels, points = arrays["graspable"].shape, arrays["points"].shape
    if labels[2] > points[2]:
        raise DamagedFile(f"{path}: graspable of shape {labels}; expected labels for at most {points[2]} points")


def write_packed_file(
    path: Path,
    arrays: Mapping[str, np.ndarray],
    families: Sequence[str],
    provenance: Mapping[str, Any],
    packed_from: str | None = None,
) -> None:
    """Write a packed file.

    Args:
        path: where.
        arrays: as `LAYOUT` says.
        families: names that the array `family` counts.
        provenance: `config`, `counts` and `versions` of the dataset.
        packed_from: fingerprint of the files it was packed from, None where it came from no files.
    """
    record = {"families": list(families), "packed_from": packed_from, "provenance": dict(provenance)}
    write_array_file(path, PACKED, record, arrays)
