"""What the studio is started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sim.errors import InputError


class StudioError(InputError):
    """A studio that can't be opened as asked."""


@dataclass(frozen=True)
class StudioConfig:
    """Where the page is, and where the demonstrations go.

    Raises:
        StudioError: a port or a seed that can't be.
    """

    out: Path = Path("by-hand")
    """Dataset folder for what is demonstrated; made with the first demonstration, continued if it is there."""
    host: str = "127.0.0.1"
    """Address to listen on. The page asks nobody who they are: keep it to this machine, or to a network that you
    trust."""
    port: int = 8080
    """Port to listen on; 0 for any that is free."""
    objects: tuple[Path, ...] = ()
    """Folders of imported objects (`robo-meta objects import`) to choose from besides the shipped ones."""
    checkpoint: Path | None = None
    """A trained checkpoint, file or folder; without it, the one that comes with the package."""
    seed: int = 0
    """Root seed of tasks, objects and episodes."""

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise StudioError(f"port {self.port}; expected 0 to 65535")
        if self.seed < 0:
            raise StudioError(f"seed is {self.seed}; expected at least 0")
