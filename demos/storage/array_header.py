"""The header of a file of arrays, checked before anything of it is used."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from demos.storage.array_form import Form, check_layout
from demos.storage.files import DamagedFile, file_size
from demos.storage.schema import SHA256, ListOf, Record, Text, Unfit, Whole, parse_json

DTYPES = {
    "bool": "BOOL",
    "uint8": "U8",
    "int8": "I8",
    "int16": "I16",
    "int32": "I32",
    "int64": "I64",
    "float16": "F16",
    "float32": "F32",
    "float64": "F64",
}
"""numpy type → its name in a safetensors header. No other type is read or written."""
LONGEST_HEADER = 16_000_000
"""Bytes. The largest that is written here has some 100,000."""
MOST_AXES = 8
_LARGEST = 2**48
_NAMES = {name: dtype for dtype, name in DTYPES.items()}
_ENTRY = Record(
    {
        "dtype": Text(allowed=tuple(_NAMES)),
        "shape": ListOf(Whole(0, 2**40), most=MOST_AXES),
        "data_offsets": ListOf(Whole(0), 2, 2),
    }
)
_METADATA = Record({"form": Text(), "schema": Text(), "record": Text(longest=LONGEST_HEADER), "checksum": Text()})


class Header(NamedTuple):
    """What an array file says of itself."""

    record: dict[str, Any]
    shapes: dict[str, tuple[str, tuple[int, ...]]]
    """Array → numpy type and shape."""
    checksum: str
    raw: bytes
    """Length and JSON text as they stand in the file."""
    offsets: dict[str, int]
    """Array → its first byte after the header."""


def read_header(path: Path, form: Form) -> Header:
    """What a file of `form` says of itself, without its arrays, and so without proof that the checksum fits.

    Raises:
        InputError: of the type `form.error`, in one line.
    """
    try:
        size = file_size(path, form.largest)
        with open(path, "rb") as file:
            return header_of(file, size, path, form)
    except (FileNotFoundError, DamagedFile, Unfit) as error:
        raise form.error(f"{told(path, error)}; {form.advice}") from error


def stored_checksum(path: Path) -> str:
    """The checksum that an array file of any form carries, without proof that it fits.

    Raises:
        DamagedFile: no array file.
    """
    try:
        size = file_size(path, 2**63)
        with open(path, "rb") as file:
            metadata: Any = _read_json(file, size)[1].get("__metadata__")
        _METADATA.check(metadata, "metadata")
        Text(pattern=SHA256).check(metadata["checksum"], "checksum")
    except Unfit as error:
        raise DamagedFile(told(path, error)) from error
    return metadata["checksum"]


def checksum_text(checksum: str) -> bytes:
    # Inside a JSON text the quotes would be escaped, so that this stands in a header once.
    return f'"checksum": "{checksum}"'.encode()


def told(path: Path, error: Exception) -> str:
    """What is wrong with a file, with its name."""
    if isinstance(error, FileNotFoundError):
        return f"{path}: missing"
    return str(error) if isinstance(error, DamagedFile) else f"{path}: truncated or damaged ({error})"


def header_of(file: BinaryIO, size: int, path: Path, form: Form) -> Header:
    """The header of an open file of `size` bytes.

    Raises:
        Unfit: no header of an array file, or its sizes are not those of the file.
        DamagedFile: of another form or version.
    """
    raw, header = _read_json(file, size)
    metadata = header.pop("__metadata__", None)
    if not isinstance(metadata, dict) or "form" not in metadata:
        older = f"{path}: no {form.name}, or one of an older version"
        raise DamagedFile(f"{older}; this version reads schema {form.schema!r}")
    _METADATA.check(metadata, "metadata")
    if metadata["form"] != form.name:
        raise DamagedFile(f"{path}: this is of the form {metadata['form']!r}; expected {form.name!r}")
    if metadata["schema"] != form.schema:
        raise DamagedFile(f"{path}: schema {metadata['schema']!r}, this version reads {form.schema!r}")
    Text(pattern=SHA256).check(metadata["checksum"], "checksum")
    if raw.count(checksum_text(metadata["checksum"])) != 1:
        raise Unfit("no checksum in its place")
    shapes, offsets = _entries(header, size - len(raw))
    if form.layout is not None:
        check_layout(shapes, form.layout, path)
    record = parse_json(metadata["record"])
    form.record.check(record, "record")
    return Header(record, shapes, metadata["checksum"], raw, offsets)


def _read_json(file: BinaryIO, size: int) -> tuple[bytes, dict[str, Any]]:
    """Length and JSON text as they stand at the start of an open file of `size` bytes, and the table in it."""
    start = file.read(8)
    length = int.from_bytes(start, "little")
    if len(start) < 8 or 8 + length > size:
        raise Unfit("the header is longer than the file")
    if length > LONGEST_HEADER:
        raise Unfit(f"a header of {length} bytes; expected {LONGEST_HEADER} at most")
    text = file.read(length)
    header = parse_json(text)
    if not isinstance(header, dict):
        raise Unfit("the header is no table")
    return start + text, header


def _entries(header: dict[str, Any], size: int) -> tuple[dict[str, tuple[str, tuple[int, ...]]], dict[str, int]]:
    """Types, shapes and offsets of the arrays, which must fill the `size` bytes after the header without a gap."""
    shapes, offsets, spans = {}, {}, []
    for name, entry in header.items():
        _ENTRY.check(entry, f"array {name!r}")
        dtype, shape = _NAMES[entry["dtype"]], tuple(entry["shape"])
        begin, end = entry["data_offsets"]
        # An empty array may still have axes too long for numpy.
        if math.prod(max(axis, 1) for axis in shape) > _LARGEST:
            raise Unfit(f"array {name!r} of shape {shape}")
        if end - begin != math.prod(shape) * np.dtype(dtype).itemsize:
            raise Unfit(f"array {name!r} of shape {shape} and type {dtype} in {end - begin} bytes")
        shapes[name], offsets[name] = (dtype, shape), begin
        spans.append((begin, end))
    place = 0
    for begin, end in sorted(spans):
        if begin != place:
            raise Unfit(f"arrays that overlap or leave a gap at byte {place}")
        place = end
    if place != size:
        raise Unfit(f"{size} bytes of arrays; its header declares {place}")
    return shapes, offsets
