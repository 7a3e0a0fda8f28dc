"""Files that are whole or absent, and whose bytes depend on their content alone."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

DTYPES = {"float16": "F16", "float32": "F32", "float64": "F64", "int8": "I8", "int16": "I16", "int32": "I32"}
"""numpy type → its name in a safetensors header."""


def write_atomic(path: Path, chunks: Iterable[bytes | memoryview]) -> None:
    """Write `chunks` to `path` by way of a temporary name, so that a kill at any moment leaves the old file or the new.

    The temporary name holds the process number, so that two writers never share one. Data reach the disk before the
    name does, and the folder's entry after.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def remove_temporaries(folder: Path) -> None:
    """Delete what writers that were killed left behind; only safe while no other writer is at work there."""
    for left in folder.glob(".*.tmp"):
        left.unlink(missing_ok=True)


def json_bytes(content: object) -> bytes:
    """Readable JSON with sorted keys and a final newline."""
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def write_safetensors(path: Path, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> None:
    """Write arrays in the safetensors format.

    The library's own writer orders metadata by a hash that changes from run to run; identical bytes need this one.
    """
    header: dict[str, object] = {"__metadata__": dict(sorted(metadata.items()))}
    start = 0
    # Readers view bytes in place, which needs each array to start at a multiple of its item size: widest first.
    names = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    ordered = {name: np.ascontiguousarray(arrays[name]) for name in names}
    for name, array in ordered.items():
        end = start + array.nbytes
        header[name] = {"dtype": DTYPES[array.dtype.name], "shape": list(array.shape), "data_offsets": [start, end]}
        start = end
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    buffers = (array.reshape(-1).view(np.uint8).data for array in ordered.values() if array.size)
    write_atomic(path, [len(text).to_bytes(8, "little"), text, *buffers])


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata of a safetensors file, without its arrays.

    Raises:
        ValueError: the file is no safetensors file.
    """
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > path.stat().st_size:
            raise ValueError("the header is longer than the file")
        header = json.loads(file.read(length))
    if not isinstance(header, dict):
        raise ValueError("the header is no table")
    return header.get("__metadata__", {})


def checksum(arrays: Mapping[str, np.ndarray], text: str) -> str:
    """SHA-256 over `text` and every array's name, type, shape and bytes."""
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"\n{name} {array.dtype.name} {array.shape}\n".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
