"""What an import is to do."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from demos.engines import check_engine
from robo_meta.objects.settings import SCALES, check_unit
from sim.errors import InputError


class ImportConfigError(InputError):
    """An option of an import that can't be."""


def _workers() -> int:
    import os

    return os.cpu_count() or 1


@dataclass(frozen=True)
class ImportConfig:
    """Which objects to import, how, and whereto.

    Raises:
        ImportConfigError: a number out of its range.
        SettingsError: an unknown unit.
    """

    folder: Path
    """Folders and loose mesh files, each an object; one mesh file; `random-urdfs`, the shapes of PyBullet; or `curved`,
    generated ones."""
    out: Path
    """Folder of the library."""
    workers: int = field(default_factory=_workers)
    """Processes."""
    engine: Literal["local", "ray"] = "local"
    """`local` processes, or a `ray` cluster (extra `ray`), whose cores all take part."""
    address: str | None = None
    """With `ray`: HOST:PORT of the cluster's head; without it, the cluster that this machine is a node of, or a Ray of
    its own with `workers` cores."""
    fit: bool = False
    """Try other scales for an object that doesn't serve at its own."""
    unit: str | None = None
    """Of all files' lengths (m, cm, mm, inch), whatever their settings say; guessed where nobody says."""
    scale: float = 1.0
    """What all lengths are multiplied by besides."""
    ids: str = ""
    """Of `random-urdfs` or `curved`: only these numbers, as `100-120,148`."""
    time_limit: float = 60.0
    """s, of processor time on Linux, for the decomposition of one object into convex pieces; after it a simpler one is
    taken."""

    def __post_init__(self) -> None:
        """Check every value that can be out of range."""
        if self.workers < 1:
            raise ImportConfigError(f"workers {self.workers}; expected 1 or more")
        check_engine(self.engine, self.address)
        if self.unit is not None:
            check_unit(self.unit)
        if not SCALES[0] <= self.scale <= SCALES[1]:
            raise ImportConfigError(f"scale {self.scale:g}; expected from {SCALES[0]:g} to {SCALES[1]:g}")
        if not math.isfinite(self.time_limit) or not 0 < self.time_limit <= 86400:
            raise ImportConfigError(f"time limit {self.time_limit:g}; expected more than 0 s, and a day at most")
