"""A matrix in one file, with its provenance."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from demos.storage.array_file import read_array_file, write_array_file
from demos.storage.array_form import Form
from demos.storage.schema import NAME, ListOf, Maybe, Plain, Record, TableOf, Text, Whole
from robo_meta.checkpoints import shipped
from robo_meta.selector.matrix.columns import COLUMNS, WORDS
from robo_meta.selector.matrix.matrix import Matrix, MatrixError

SCHEMA = "5"
ARRAYS = ("features", "success", "seconds", "following", "retried", "beside")
"""Of a matrix, besides the columns of its scene table."""
_NAMES = ListOf(Text(pattern=NAME), least=1)
FORM = Form(
    name="matrix",
    schema=SCHEMA,
    record=Record(
        {
            "strategies": _NAMES,
            "feature_names": ListOf(Text()),
            "words": Record(dict.fromkeys(WORDS, _NAMES)),
            "provenance": Record(
                # Which families were played is what keeps a selector from being judged on those it was trained on.
                {"families": _NAMES},
                optional={
                    "beside": ListOf(Text()),
                    "checkpoint": Maybe(Text()),
                    "scenes": Whole(1),
                    "skipped": ListOf(Record({"task": Whole(0), "reason": Text()})),
                    "versions": TableOf(Text()),
                },
                others=Plain(),
            ),
        }
    ),
    error=MatrixError,
    advice="play it again",
    layout={
        "features": ("float32", ("S", "F")),
        "success": ("int8", ("S", "A", "R")),
        "seconds": ("float64", ("A",)),
        "following": ("int64", ("S", "D")),
        "retried": ("int8", ("S", "A", "R")),
        "beside": ("int8", ("S", "B", "R")),
        **{f"scene.{name}": ("float64" if kind is float else "int64", ("S",)) for name, kind in COLUMNS.items()},
    },
)


def save_matrix(path: Path, matrix: Matrix) -> Path:
    """Write the matrix in one file, whole or not at all; equal matrices give equal bytes."""
    columns: dict[str, np.ndarray] = {}
    words: dict[str, list[str]] = {}
    for name, kind in COLUMNS.items():
        if kind is str:
            found, columns[name] = np.unique(matrix.scenes[name], return_inverse=True)
            words[name] = found.tolist()
        else:
            columns[name] = np.asarray(matrix.scenes[name])
    arrays = {name: getattr(matrix, name) for name in ARRAYS}
    arrays |= {f"scene.{name}": columns[name].astype(float if COLUMNS[name] is float else int) for name in COLUMNS}
    record = {
        "strategies": list(matrix.strategies),
        "feature_names": list(matrix.feature_names),
        "words": words,
        "provenance": dict(matrix.provenance),
    }
    write_array_file(path, FORM, record, arrays)
    return path


def load_matrix(path: Path | str | None = None) -> Matrix:
    """Read a matrix; None reads the shipped one.

    Raises:
        MatrixError: no such file, damaged, of another schema, or not complete.
    """
    path = shipped("matrix") if path is None else Path(path)
    if not path.exists():
        raise MatrixError(f"{path}: no matrix; play one with robo-meta select matrix")
    record, arrays, _ = read_array_file(path, FORM)
    try:
        scenes = {name: arrays[f"scene.{name}"] for name in COLUMNS}
        for name, words in record["words"].items():
            if not ((scenes[name] >= 0) & (scenes[name] < len(words))).all():
                raise MatrixError(f"matrix: the column {name!r} holds numbers beyond its {len(words)} words")
            scenes[name] = np.array(words)[scenes[name]]
        unknown = set(record["words"]["family"]) - set(record["provenance"]["families"])
        if unknown:
            raise MatrixError(f"matrix: family {min(unknown)!r} is not among the families of its provenance")
        return Matrix(
            strategies=tuple(record["strategies"]),
            feature_names=tuple(record["feature_names"]),
            scenes=scenes,
            **{name: arrays[name] for name in ARRAYS},
            provenance=record["provenance"],
        )
    except MatrixError as error:
        raise MatrixError(f"{path}: {error}") from error
