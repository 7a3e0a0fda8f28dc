"""Jobs on a Ray cluster: each is a task of one core, retried by Ray where its process or its node dies.

The nodes share this machine's file system and have the same packages; both are checked on each. Scheduling, retrying
and what is transferred are Ray's.
"""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, TypeVar

import cloudpickle

from demos.demo import installed_versions
from demos.engines import EngineError
from demos.workers import WorkerDied
from sim.libraries import library
from sim.shapes.families import packed_families, unpack_families

Result = TypeVar("Result")
RETRIES = 5
"""How often Ray runs a job again whose process or node died; a job that kills its process must end some time."""
AHEAD = 2
"""Jobs handed to Ray for each core of the cluster: enough that none waits, and a million are not queued at once."""
REACH, ANSWER = 3.0, 11.0
"""s until somebody must accept a connection to the address, and until it must answer as Ray's head does."""
AUTO = "auto"
"""The cluster that this machine is a node of, if any; Ray's word for it."""


@contextmanager
def connected(address: str | None, workers: int) -> Iterator[RayEngine]:
    """A connection to a cluster, given up at the end; one that this process has already is used and left.

    Args:
        address: HOST:PORT of its head; without one the environment's `RAY_ADDRESS`, else the cluster that this machine
            is a node of, else a Ray of its own on `workers` cores.
        workers: see `address`.

    Raises:
        EngineError: nobody answers there.
        sim.libraries.LibraryMissing: Ray is not installed.
    """
    ray = library("ray", "engine ray", "ray")
    if ray.is_initialized():
        yield RayEngine()
        return
    wanted = address or os.environ.get("RAY_ADDRESS") or AUTO
    if wanted != AUTO:
        _check_answers(wanted)
    settings: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR", "configure_logging": False}
    # Where this very package lies, for processes that would find none, or another.
    settings["runtime_env"] = {"env_vars": {"PYTHONPATH": os.pathsep.join(_own_places())}}
    # Ray raises errors of many kinds where a cluster is not to be reached.
    try:
        try:
            ray.init(address=wanted, **settings)
        except ConnectionError:
            if wanted != AUTO:
                raise
            ray.init(address="local", num_cpus=workers, include_dashboard=False, **settings)
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise EngineError(f"engine ray: {wanted}: {said}") from error
    try:
        yield RayEngine()
    finally:
        ray.shutdown()


@dataclass(frozen=True)
class RayEngine:
    """The cluster that this process is connected to."""

    def run(self, jobs: Iterable[Callable[[], Result]]) -> Iterator[Result]:
        """As `Engine` says; jobs in progress are ended where an error or Ctrl-C ends the run."""
        import ray
        from ray.exceptions import RayError, RayTaskError

        surroundings = ray.put(Surroundings.here())
        task = ray.remote(num_cpus=1, max_retries=RETRIES)(_run)
        waiting, pending = iter(jobs), list[Any]()
        try:
            while True:
                room = max(0, AHEAD * _cores() - len(pending))
                # As bytes, for a module that a job needs may be found only once its surroundings are those of here.
                pending += [task.remote(cloudpickle.dumps(job), surroundings) for job in islice(waiting, room)]
                if not pending:
                    return
                (done,), pending = ray.wait(pending, num_returns=1)
                yield ray.get(done)
        except RayTaskError as error:
            raise error.cause from error
        except RayError as error:
            said = " ".join(str(error).split())
            raise WorkerDied(
                f"engine ray: a job's process or node died {RETRIES + 1} times before it was done ({said[:200]}); what "
                "was finished is kept"
            ) from error
        finally:
            for job in pending:
                ray.cancel(job, force=True)


@dataclass(frozen=True)
class Surroundings:
    """What a job's process takes over from the command's."""

    folder: str
    """Working folder: relative paths are below it."""
    path: tuple[str, ...]
    """`sys.path`."""
    families: bytes
    """Shape families that were registered."""
    versions: tuple[tuple[str, str], ...]
    """Of what episodes depend on."""

    @classmethod
    def here(cls) -> Surroundings:
        """Those of this process."""
        return cls(os.getcwd(), tuple(sys.path), packed_families(), tuple(sorted(installed_versions().items())))


def _run(job: bytes, surroundings: Surroundings) -> Any:
    """What a process of the cluster does."""
    _take_over(surroundings)
    return cloudpickle.loads(job)()


@cache
def _take_over(wanted: Surroundings) -> None:
    """Become like the command's process, once.

    Raises:
        EngineError: this node has other packages, or not the same folder.
    """
    node, found = platform.node(), dict(installed_versions())
    for name, version in wanted.versions:
        if found.get(name) != version:
            raise EngineError(
                f"engine ray: node {node} has {name} {found.get(name)}, this one {version}; install alike"
            )
    try:
        os.chdir(wanted.folder)
    except OSError as error:
        raise EngineError(
            f"engine ray: node {node} has no folder {wanted.folder}; expected a file system that all nodes share"
        ) from error
    sys.path += [place for place in wanted.path if place not in sys.path]
    unpack_families(wanted.families)


def _own_places() -> list[str]:
    """The folders of `sys.path` that come with no Python, so that a node may have its own of those."""
    given = [os.path.abspath(place) for place in sys.path]
    return [place for place in dict.fromkeys(given) if not place.startswith((sys.prefix, sys.base_prefix))]


def _cores() -> int:
    import ray

    return max(1, int(ray.cluster_resources().get("CPU", 0)))


def _check_answers(address: str) -> None:
    """Refuse an address where no Ray cluster answers within seconds; Ray itself asks for minutes.

    Raises:
        EngineError: it is no address, or nobody answers, or it is no Ray.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise EngineError(f"address {address!r}; expected HOST:PORT of a Ray cluster's head")
    silent = f"engine ray: no Ray cluster answers at {address}; start one with: ray start --head --port {port}"
    try:
        socket.create_connection((host, int(port)), REACH).close()
    except OSError as error:
        raise EngineError(silent) from error
    if address.startswith("ray://"):
        return
    # In a process that can be ended: Ray's own client waits on, and then ends the process that asked.
    question = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", f"{host}:{port}"]
    try:
        answer = subprocess.run(question, capture_output=True, timeout=ANSWER, check=False).returncode
    except subprocess.TimeoutExpired:
        answer = 1
    if answer:
        raise EngineError(silent)
