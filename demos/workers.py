"""Jobs on several processes: results in any order, nothing left behind when the parent dies."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing.connection import wait
from types import FrameType
from typing import TypeVar

from sim.errors import MachineError
from sim.shapes.families import packed_families, unpack_families

Result = TypeVar("Result")


class WorkerDied(MachineError):
    """A worker process ended before its job did."""


def run_jobs(jobs: Iterable[Callable[[], Result]], workers: int) -> Iterator[Result]:
    """Yield the result of every job as it finishes; in this process and in order for one worker.

    Jobs are `functools.partial`s of module-level functions, because they travel to other processes.

    An exception of a job ends the run once the jobs in progress are through, and waiting ones are dropped. Ctrl-C ends
    it at once: jobs in progress are lost, and whatever they write is whole or absent.

    Raises:
        WorkerDied: a process ended before its job did.
    """
    if workers == 1:
        for job in jobs:
            yield job()
        return
    context, families = multiprocessing.get_context("spawn"), packed_families()
    with _interruptible(), ProcessPoolExecutor(workers, context, _prepare_worker, (families,)) as pool:
        try:
            futures = [pool.submit(job) for job in jobs]
            for future in as_completed(futures):
                yield future.result()
        except BrokenExecutor as error:
            raise WorkerDied(
                "a worker process died before its work was done (killed, or out of memory?); what was finished is "
                "kept. In a script, call robo_meta under `if __name__ == '__main__':`, for workers import it"
            ) from error
        except (KeyboardInterrupt, GeneratorExit):
            # Nobody wants what is still in progress.
            pool.shutdown(wait=False, cancel_futures=True)
            _end_workers()
            raise
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C ends the workers wherever it meets this process: between two results it is the caller's loop that hears
    of it, and the interpreter would then wait for jobs in progress before it ends."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is None:
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        _end_workers()
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        # A generator that is dropped half-way may be closed in any thread.
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)


def _end_workers() -> None:
    for process in multiprocessing.active_children():
        process.terminate()


def _prepare_worker(families: bytes) -> None:
    """Leave Ctrl-C to the parent, and die with it: a killed parent's workers would wait for jobs for ever. Know the
    families that were registered there."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    unpack_families(families)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_die_with, args=(parent.sentinel,), daemon=True).start()


def _die_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
