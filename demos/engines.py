"""Where jobs run: on processes of this machine, or on the nodes of a Ray cluster.

Every command that plays many independent tasks asks here, so that there is one loop for each way to run and none in the
commands. What a job computes follows from its seed path alone, so that the engine changes no byte of a result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from demos.workers import run_jobs
from sim.errors import InputError

Result = TypeVar("Result")
LOCAL, RAY = "local", "ray"
ENGINES = (LOCAL, RAY)
"""Names of the engines."""


class EngineError(InputError):
    """An engine that doesn't exist, or doesn't answer."""


class Engine(Protocol):
    """What runs jobs."""

    def run(self, jobs: Iterable[Callable[[], Result]]) -> Iterator[Result]:
        """Yield the result of every job as it finishes.

        Jobs are `functools.partial`s of module-level functions, as they travel to other processes. A job may be run
        again where its process died: whatever it writes is whole or absent, and the same each time.

        Raises:
            demos.workers.WorkerDied: a job could not be finished, as its processes died.
        """


class EngineChoice(Protocol):
    """The options of a command that runs jobs."""

    @property
    def engine(self) -> Any:
        """One of `ENGINES`."""

    @property
    def address(self) -> str | None:
        """HOST:PORT of a Ray cluster."""

    @property
    def workers(self) -> int:
        """Processes of this machine."""


@dataclass(frozen=True)
class LocalEngine:
    """Processes of this machine; in this very process where there is one worker."""

    workers: int

    def run(self, jobs: Iterable[Callable[[], Result]]) -> Iterator[Result]:
        """As `Engine` says; nothing is run again."""
        return run_jobs(jobs, self.workers)


def check_engine(engine: str, address: str | None) -> None:
    """Refuse an engine that doesn't exist, and an address that nobody would heed.

    Raises:
        EngineError: one of these.
    """
    if engine not in ENGINES:
        raise EngineError(f"engine {engine!r}; expected {' or '.join(ENGINES)}")
    if address is not None and engine != RAY:
        raise EngineError(f"address {address} without engine {RAY}; it says nothing to processes of this machine")


@contextmanager
def engine_of(choice: EngineChoice) -> Iterator[Engine]:
    """The engine that a command's options ask for, connected before anything is written.

    Raises:
        EngineError: it doesn't answer.
        sim.libraries.LibraryMissing: it isn't installed.
    """
    check_engine(choice.engine, choice.address)
    if choice.engine == LOCAL:
        yield LocalEngine(choice.workers)
        return
    # Ray is an extra, and takes a second to import.
    from demos.ray_engine import connected

    with connected(choice.address, choice.workers) as engine:
        yield engine
