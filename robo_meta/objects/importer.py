"""Objects brought in from files, each accepted or refused with one reason; a killed import goes on where it was."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from demos.engines import Engine, engine_of
from demos.storage.files import remove_temporaries
from demos.storage.lock import sole_writer
from robo_meta.objects.child import ChildUnfinished, run_in_child
from robo_meta.objects.config import ImportConfig, ImportConfigError
from robo_meta.objects.judging import RULES, Judge, judge_by_rules, judge_object
from robo_meta.objects.libraries import require_libraries
from robo_meta.objects.library import write_index
from robo_meta.objects.object_file import (
    INDEX,
    OBJECTS,
    PREPARED,
    LibraryError,
    Outcome,
    object_file,
    read_outcome,
    write_object,
)
from robo_meta.objects.prepared_file import prepared_file, read_prepared, write_prepared
from robo_meta.objects.preparing import prepare
from robo_meta.objects.settings import read_settings
from robo_meta.objects.sources import Source, find_sources, refuse_names
from robo_meta.objects.urdf import read_urdf
from sim.errors import InputError

VERSION = 5
"""Of how objects are prepared: raised by whatever changes a prepared object."""
MEMORY = 8 << 30
"""Bytes of address space for one object."""
LONGEST_REASON = 500
"""Characters of a refusal."""
OVERHEAD, FITTING = 180.0, 240.0
"""s, of processor time on Linux, that an object may take besides its decomposition, and more where other sizes are
tried."""


@dataclass(frozen=True)
class Import:
    """What an import brought in."""

    out: Path
    """Folder of the library."""
    outcomes: tuple[Outcome, ...]
    """By name."""
    done_before: int
    """How many had been imported by an earlier command and were left as they were."""
    checksum: str
    """Over all of the library."""

    @property
    def accepted(self) -> tuple[Outcome, ...]:
        """Those that serve for at least one intention."""
        return tuple(outcome for outcome in self.outcomes if outcome.accepted)


def import_objects(
    config: ImportConfig, *, judge: Judge = judge_by_rules, rules: str = RULES, progress: bool = True
) -> Import:
    """Import all objects of a folder into a library.

    Args:
        config: which, how, and whereto.
        judge: what says of a divided object at rest what it serves for; a function of a module.
        rules: names the judge's version; objects judged by another are judged again, from what was prepared.
        progress: draw a bar on standard error.

    Returns:
        One outcome for every object; those refused have none accepted, and a reason.

    Raises:
        InputError: the folder holds no objects, `out` is no folder, or a library for meshes is missing.
    """
    require_libraries()
    sources = find_sources(config.folder, config.ids)
    with engine_of(config) as engine:
        _make_folders(config.out)
        with sole_writer(config.out, "importing"):
            return _imported(config, sources, judge, rules, engine, progress)


def _imported(
    config: ImportConfig, sources: Sequence[Source], judge: Judge, rules: str, engine: Engine, progress: bool
) -> Import:
    """What `import_objects` does, by the only process that writes to the library but for its jobs'."""
    for folder in (config.out, config.out / OBJECTS, config.out / PREPARED):
        remove_temporaries(folder)
    own = f"{judge.__module__}:{judge.__qualname__} {rules}"
    options = {**_preparing(config), "fit": config.fit, "judge": own}
    checksums = {source.name: source.checksum() for source in sources}
    done = {s.name: o for s in sources if (o := _finished(config.out, s, checksums[s.name], options)) is not None}
    before = len(done)
    missing = [source for source in sources if source.name not in done]
    if missing:
        # While some are missing there is no library, rather than one that seems whole.
        (config.out / INDEX).unlink(missing_ok=True)
    job = partial(import_one, config, judge, options)
    jobs = [partial(job, source, checksums[source.name]) for source in missing]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    shows = progress and console.is_terminal
    with Progress(*columns, console=console, disable=not shows, transient=True) as bar:
        shown = bar.add_task("importing objects", total=len(sources), completed=before)
        for outcome in engine.run(jobs):
            done[outcome.name] = outcome
            bar.advance(shown)
    outcomes = tuple(done[name] for name in sorted(done))
    return Import(config.out, outcomes, before, write_index(config.out, outcomes))


def import_one(
    config: ImportConfig, judge: Judge, options: Mapping[str, Any], source: Source, checksum: str
) -> Outcome:
    """Import one object, in a process of its own, and write what came of it."""
    start = time.monotonic()
    try:
        # What costs little is looked at before a process is started.
        refuse_names(source)
        read_settings(source.settings)
        if source.files and source.files[0].suffix.lower() == ".urdf":
            read_urdf(source.files[0])
        seconds = config.time_limit + OVERHEAD + (FITTING if config.fit else 0.0)
        run_in_child(_import, config, judge, options, source, checksum, seconds=seconds, memory=MEMORY)
    except ChildUnfinished as error:
        # Other options than asked for: the next import finds it not done.
        reason = f"{error}; the next import tries it again"
        _write_refusal(config.out, source.name, checksum, {**options, "unfinished": True}, reason)
    except InputError as error:
        _write_refusal(config.out, source.name, checksum, options, _reason(error))
    outcome, _ = read_outcome(object_file(config.out, source.name))
    return replace(outcome, seconds=round(time.monotonic() - start, 3))


def _import(config: ImportConfig, judge: Judge, options: Mapping[str, Any], source: Source, checksum: str) -> None:
    """What the child does: prepare the object, or take it as it was prepared before, judge it, and write it."""
    path = prepared_file(config.out, source.name)
    prepared = read_prepared(path, checksum, _preparing(config))
    if prepared is None:
        prepared = prepare(source, config.unit, config.scale, config.time_limit)
        write_prepared(path, prepared, checksum, _preparing(config))
    verdict = judge_object(source.name, prepared, judge, config.fit)
    about = _about(checksum, options, verdict.reason)
    about |= {"accepted": list(verdict.accepted), "notes": list(prepared.notes), "unit": prepared.unit}
    write_object(config.out, source.name, verdict.shape, about)


def _write_refusal(out: Path, name: str, checksum: str, options: Mapping[str, Any], reason: str) -> None:
    about = _about(checksum, options, reason) | {"accepted": [], "notes": [], "unit": ""}
    write_object(out, name, None, about)


def _reason(error: InputError) -> str:
    """What an error says, in one line that can be kept: it may quote whatever stands in a file."""
    text = " ".join(str(error).split()).encode(errors="backslashreplace").decode()
    return text if len(text) <= LONGEST_REASON else f"{text[: LONGEST_REASON - 1]}…"


def _about(checksum: str, options: Mapping[str, Any], reason: str) -> dict[str, Any]:
    """What is written of every object: nothing that another import of it would find otherwise, such as a time."""
    return {"source": checksum, "options": dict(options), "reason": reason}


def _preparing(config: ImportConfig) -> dict[str, Any]:
    """What of the options a prepared object depends on."""
    return {"version": VERSION, "unit": config.unit, "scale": config.scale, "time_limit": config.time_limit}


def _finished(out: Path, source: Source, checksum: str, options: Mapping[str, Any]) -> Outcome | None:
    """What came of the object in an earlier import of the same source with the same options."""
    with contextlib.suppress(LibraryError):
        outcome, record = read_outcome(object_file(out, source.name))
        if record["name"] == source.name and record["source"] == checksum and record["options"] == options:
            return outcome
    return None


def _make_folders(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise ImportConfigError(f"{out}: a file; expected a folder for the library")
    if out.is_dir() and not (out / OBJECTS).is_dir() and any(out.iterdir()):
        raise ImportConfigError(f"{out}: holds other files; expected a new folder, or a library to go on with")
    for part in (OBJECTS, PREPARED):
        (out / part).mkdir(parents=True, exist_ok=True)
