"""Where a result comes from: the files it was made with, and the source tree's revision."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from importlib import metadata
from pathlib import Path

import numpy as np

from demos import __version__


def fingerprint(file: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def git_revision() -> str | None:
    """Git revision of the source tree, None for an installed package."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() or None if result.returncode == 0 else None


def versions() -> dict[str, str]:
    """Of the package, of what it computes with, and of Python."""
    # Asked of torch's own record and not of the package, which takes seconds to import.
    names = {"robo_meta": __version__, "torch": metadata.version("torch"), "numpy": np.__version__}
    return {**names, "python": platform.python_version()}
