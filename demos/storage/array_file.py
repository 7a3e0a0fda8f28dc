"""Arrays and one JSON record in a safetensors file, checked whole before anything of it is used.

All files of arrays are read and written here: episodes, planned demonstrations, packed data, checkpoints, training
states, selectors and matrices. Each is a `Form`. A file's metadata are four texts: `form`, `schema`, `record` (JSON)
and `checksum`, the SHA-256 of the whole file, header included, with 64 zeros in the checksum's own place. So a single
bit that changes anywhere is noticed. Needs only numpy.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from demos.storage.array_form import Form
from demos.storage.array_header import DTYPES, checksum_text, header_of, told
from demos.storage.files import DamagedFile, file_size, write_atomic
from demos.storage.schema import Unfit

NO_CHECKSUM = "0" * 64
"""Stands in the checksum's place while the checksum is computed."""


class Content(NamedTuple):
    """What an array file holds."""

    record: dict[str, Any]
    """The JSON record, as the form's schema declares it."""
    arrays: dict[str, np.ndarray]
    """Name → array, read-only."""
    checksum: str
    """SHA-256 of the file, see the module."""


def write_array_file(path: Path, form: Form, record: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> str:
    """Write a file, whole or not at all; equal content gives equal bytes.

    Returns:
        Its checksum.

    Raises:
        OSError: see `demos.storage.files.write_atomic`.
    """
    text = json.dumps(dict(record), sort_keys=True, ensure_ascii=False)
    metadata = {"checksum": NO_CHECKSUM, "form": form.name, "record": text, "schema": form.schema}
    header: dict[str, object] = {"__metadata__": metadata}
    start = 0
    # Readers view bytes in place, which needs each array to start at a multiple of its item size: widest first.
    names = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    # `ascontiguousarray` makes a scalar an array with one axis, so the shape is taken before.
    ordered = {name: np.ascontiguousarray(arrays[name]) for name in names}
    for name, array in ordered.items():
        shape, end = list(arrays[name].shape), start + array.nbytes
        header[name] = {"dtype": DTYPES[array.dtype.name], "shape": shape, "data_offsets": [start, end]}
        start = end
    raw = json.dumps(header, ensure_ascii=False).encode()
    raw += b" " * (-len(raw) % 8)
    raw = len(raw).to_bytes(8, "little") + raw
    buffers = [array.reshape(-1).view(np.uint8).data for array in ordered.values() if array.size]
    digest = hashlib.sha256(raw)
    for buffer in buffers:
        digest.update(buffer)
    found = digest.hexdigest()
    write_atomic(path, [raw.replace(checksum_text(NO_CHECKSUM), checksum_text(found), 1), *buffers])
    return found


def read_array_file(path: Path, form: Form) -> Content:
    """Read a file of `form`, after all of it is checked: form, schema, record, sizes, layout and checksum.

    Raises:
        InputError: of the type `form.error`, in one line.
    """
    try:
        size = file_size(path, form.largest)
        with open(path, "rb") as file:
            header = header_of(file, size, path, form)
            data = file.read(size - len(header.raw))
    except (FileNotFoundError, DamagedFile, Unfit) as error:
        raise form.error(f"{told(path, error)}; {form.advice}") from error
    blank = header.raw.replace(checksum_text(header.checksum), checksum_text(NO_CHECKSUM), 1)
    digest = hashlib.sha256(blank)
    digest.update(data)
    if digest.hexdigest() != header.checksum:
        raise form.error(f"{path}: altered: its checksum does not fit its content; {form.advice}")
    arrays = {}
    for name, (dtype, shape) in header.shapes.items():
        count = math.prod(shape)
        flat = np.frombuffer(data, dtype, count, header.offsets[name]) if count else np.zeros(0, dtype)
        flat.setflags(write=False)
        arrays[name] = flat.reshape(shape)
    return Content(header.record, arrays, header.checksum)
