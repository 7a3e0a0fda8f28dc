"""Names inside a dataset folder, and the fingerprint of the files in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from demos.storage.array_header import stored_checksum

INDEX, EPISODES, PLANNED, TRAINING_FILE = "index.json", "episodes", "planned", "training.safetensors"


def dataset_files(folder: Path, part: str) -> list[Path]:
    """Files of `part`, `EPISODES` or `PLANNED`, by name; without hidden ones, which are being written."""
    return sorted((folder / part).glob("[!.]*.safetensors"))


def fingerprint_of(checksums: Mapping[str, str]) -> str:
    """SHA-256 over files and their checksums; keys are `episodes/<key>` and `planned/<number>`."""
    lines = (f"{name} {checksum}\n" for name, checksum in sorted(checksums.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def files_fingerprint(folder: Path) -> str | None:
    """`fingerprint_of` the files that lie in the folder now, None where there are none.

    Raises:
        demos.storage.files.DamagedFile: one of them has no readable header.
    """
    paths = [path for part in (EPISODES, PLANNED) for path in dataset_files(folder, part)]
    if not paths:
        return None
    return fingerprint_of({f"{path.parent.name}/{path.stem}": stored_checksum(path) for path in paths})
