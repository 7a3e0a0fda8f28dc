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
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from demos.storage.files import DamagedFile, file_size, write_atomic
from demos.storage.schema import SHA256, Kind, ListOf, Record, Text, Unfit, Whole, parse_json
from sim.errors import InputError

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
NO_CHECKSUM = "0" * 64
"""Stands in the checksum's place while the checksum is computed."""

Layout = Mapping[str, tuple[str, tuple[int | str, ...]]]
"""Array → numpy type and axes; equal letters are equal sizes."""

_NAMES = {name: dtype for dtype, name in DTYPES.items()}
_ENTRY = Record(
    {
        "dtype": Text(allowed=tuple(_NAMES)),
        "shape": ListOf(Whole(0, 2**40), most=MOST_AXES),
        "data_offsets": ListOf(Whole(0), 2, 2),
    }
)
_METADATA = Record({"form": Text(), "schema": Text(), "record": Text(longest=LONGEST_HEADER), "checksum": Text()})


@dataclass(frozen=True)
class Form:
    """One format of file."""

    name: str
    """What the file is, e.g. `episode`; stored in it."""
    schema: str
    """Version of its content; stored in it. A file of another version is refused."""
    record: Kind
    """What its JSON record must be."""
    error: type[InputError]
    """Raised for a file that does not fit."""
    advice: str
    """What to do then, e.g. `record again`."""
    layout: Layout | None = None
    """Its arrays; None where names and shapes follow from the record, which the reader checks then."""
    largest: int = 2**30
    """Bytes of a file at most."""


class Content(NamedTuple):
    """What an array file holds."""

    record: dict[str, Any]
    """The JSON record, as the form's schema declares it."""
    arrays: dict[str, np.ndarray]
    """Name → array, read-only."""
    checksum: str
    """SHA-256 of the file, see the module."""


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
    write_atomic(path, [raw.replace(_checksum_text(NO_CHECKSUM), _checksum_text(found), 1), *buffers])
    return found


def read_array_file(path: Path, form: Form) -> Content:
    """Read a file of `form`, after all of it is checked: form, schema, record, sizes, layout and checksum.

    Raises:
        InputError: of the type `form.error`, in one line.
    """
    try:
        size = file_size(path, form.largest)
        with open(path, "rb") as file:
            header = _read_header(file, size, path, form)
            data = file.read(size - len(header.raw))
    except (FileNotFoundError, DamagedFile, Unfit) as error:
        raise form.error(f"{_told(path, error)}; {form.advice}") from error
    blank = header.raw.replace(_checksum_text(header.checksum), _checksum_text(NO_CHECKSUM), 1)
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


def read_header(path: Path, form: Form) -> Header:
    """What a file of `form` says of itself, without its arrays, and so without proof that the checksum fits.

    Raises:
        InputError: of the type `form.error`, in one line.
    """
    try:
        size = file_size(path, form.largest)
        with open(path, "rb") as file:
            return _read_header(file, size, path, form)
    except (FileNotFoundError, DamagedFile, Unfit) as error:
        raise form.error(f"{_told(path, error)}; {form.advice}") from error


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
        raise DamagedFile(_told(path, error)) from error
    return metadata["checksum"]


def _checksum_text(checksum: str) -> bytes:
    # Inside a JSON text the quotes would be escaped, so that this stands in a header once.
    return f'"checksum": "{checksum}"'.encode()


def _told(path: Path, error: Exception) -> str:
    """What is wrong with a file, with its name."""
    if isinstance(error, FileNotFoundError):
        return f"{path}: missing"
    return str(error) if isinstance(error, DamagedFile) else f"{path}: truncated or damaged ({error})"


def _read_header(file: BinaryIO, size: int, path: Path, form: Form) -> Header:
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
    if raw.count(_checksum_text(metadata["checksum"])) != 1:
        raise Unfit("no checksum in its place")
    shapes, offsets = _entries(header, size - len(raw))
    if form.layout is not None:
        _check_layout(shapes, form.layout, path)
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


def _check_layout(shapes: Mapping[str, tuple[str, tuple[int, ...]]], layout: Layout, path: Path) -> None:
    """Compare types and shapes with the layout's."""
    sizes: dict[str, int] = {}
    for name, (dtype, axes) in layout.items():
        if name not in shapes:
            raise DamagedFile(f"{path}: no array {name!r}")
        found, shape = shapes[name]
        expected = tuple(
            sizes.setdefault(axis, size) if isinstance(axis, str) else axis
            for axis, size in zip(axes, shape, strict=False)
        )
        if found != dtype or len(shape) != len(axes) or shape != expected:
            wanted = ", ".join(str(sizes.get(axis, axis) if isinstance(axis, str) else axis) for axis in axes)
            raise DamagedFile(f"{path}: {name} is {found} {shape}, expected {dtype} ({wanted})")
    for name in shapes:
        if name not in layout:
            raise DamagedFile(f"{path}: unknown array {name!r}; expected {', '.join(layout)}")
