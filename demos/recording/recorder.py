"""Recording demonstrations on several processes, so that a kill at any moment costs only the episodes in progress.

What an episode holds follows from its seed path (split, task, demo, attempt) alone. So neither the number of workers
nor their order changes a byte, and running the same command again records just what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from demos.demo import SCHEMA, episode_key, provenance
from demos.engines import Engine, engine_of
from demos.recording.actors import EXPERT, Actor, resolve_actor
from demos.recording.config import RecordConfig, RecordError
from demos.recording.planned import missing_chunks, write_planned_chunk
from demos.recording.task_scenes import demo_scene
from demos.storage.dataset import episode_path, make_folders
from demos.storage.derived_index import build_index, current_world
from demos.storage.episode_file import read_record, write_demo
from demos.storage.files import remove_temporaries
from demos.storage.folder import EPISODES, PLANNED
from demos.storage.index_file import read_index, write_index
from demos.storage.lock import sole_writer
from sim.tasks.seeds import seed_sequence


@dataclass(frozen=True)
class Recording:
    """What a finished recording holds."""

    folder: Path
    episodes: int
    """Episodes in the dataset, kept failures included."""
    successes: int
    planned: int
    """Tasks with planned demonstrations."""
    given_up: tuple[tuple[int, int], ...]
    """(task, demo) that failed every attempt and are missing."""


def record(config: RecordConfig, actor: Actor | None = None, progress: bool = True) -> Recording:
    """Record a dataset, or what is missing of it.

    Args:
        config: what to record and where.
        actor: who demonstrates where `config.actor` is a name that only the caller can resolve; what is recorded is
            labelled with that name. Picklable for several workers.
        progress: draw a bar on standard error.

    Raises:
        RecordError: the folder holds another recording, or another than the expert is to be recorded under its name.
        demos.storage.lock.LockError: someone is recording into it.
        demos.storage.episode_file.StoreError: the folder cannot be written to, or one of its files is damaged.
        demos.recording.actors.ActorError: no such actor.
        demos.engines.EngineError: no such engine, or it doesn't answer.
    """
    if actor is None:
        actor = resolve_actor(config.actor)
    else:
        _check_name(config, actor)
    # Once and for all processes: a hash of code may be another one in each.
    identity = config.identity
    _check_folder(config, identity)
    with engine_of(config) as engine:
        make_folders(config.out)
        with sole_writer(config.out, "recording"):
            _check_folder(config, identity)
            return _recorded(config, identity, actor, engine, progress)


def _recorded(
    config: RecordConfig, identity: Mapping[str, Any], actor: Actor, engine: Engine, progress: bool
) -> Recording:
    """What `record` does, by the only process that writes to the folder but for its jobs'."""
    remove_temporaries(config.out)
    remove_temporaries(config.out / EPISODES)
    remove_temporaries(config.out / PLANNED)
    stored = read_index(config.out)
    if stored is None or not stored["complete"]:
        write_index(config.out, _starting_index(identity))
    slots = [(task, demo) for task in range(config.tasks) if config.part.has(task) for demo in range(config.demos)]
    missing = [slot for slot in slots if _finished_attempt(config, *slot) is None]
    chunks = missing_chunks(config)
    jobs: list[Callable[[], _Done]] = [partial(_record_slot, config, identity, actor, *slot) for slot in missing]
    jobs += [partial(_plan_chunk, config, identity, *chunk) for chunk in chunks.items()]
    given_up = []
    with _bar(progress) as bar:
        bars = {
            "episodes": bar.add_task("episodes", total=len(slots), completed=len(slots) - len(missing)),
            "planned": bar.add_task("planned", total=config.planned, completed=config.planned - sum(chunks.values())),
        }
        for done in engine.run(jobs):
            bar.advance(bars[done.kind], done.count)
            if done.given_up is not None:
                given_up.append(done.given_up)
    index = build_index(config.out, identity)
    if index != stored:
        write_index(config.out, index)
    counts = index["counts"]
    return Recording(
        config.out, counts["episodes"], counts["successes"], counts["planned_tasks"], tuple(sorted(given_up))
    )


def attempt_path(config: RecordConfig, task: int, demo: int, attempt: int) -> tuple[str | int, ...]:
    """Seed path of one attempt at a demonstration."""
    return (config.split_name, task, "demo", demo, attempt)


@dataclass(frozen=True)
class _Done:
    """What one job adds to the progress."""

    kind: str
    count: int
    given_up: tuple[int, int] | None = None


def _plan_chunk(config: RecordConfig, identity: Mapping[str, Any], number: int, tasks: int) -> _Done:
    write_planned_chunk(config, identity, number, tasks)
    return _Done("planned", tasks)


def _record_slot(config: RecordConfig, identity: Mapping[str, Any], actor: Actor, task: int, demo: int) -> _Done:
    """Play attempts at one demonstration until one succeeds or they run out."""
    scene, label = demo_scene(config, task, demo)
    for attempt in range(config.attempts):
        path = attempt_path(config, task, demo, attempt)
        origin = provenance(config.actor, config.seed, path)
        file = episode_path(config.out, origin.key)
        if file.exists():  # kept before recording was cut off, or before this job's process died on a cluster
            if all(read_record(file)["verdict"].values()):
                return _Done("episodes", 1)
            continue
        played = actor(scene, seed_sequence(config.seed, *path), object_id=label, provenance=origin)
        if played.success or config.keep_failures:
            write_demo(file, played, identity)
        if played.success:
            return _Done("episodes", 1)
    return _Done("episodes", 1, given_up=(task, demo))


def _finished_attempt(config: RecordConfig, task: int, demo: int) -> int | None:
    """The attempt that succeeded and is stored, if any."""
    for attempt in range(config.attempts):
        file = episode_path(config.out, episode_key(attempt_path(config, task, demo, attempt)))
        if file.exists() and all(read_record(file)["verdict"].values()):
            return attempt
    return None


def _check_name(config: RecordConfig, actor: Actor) -> None:
    """Refuse to record somebody else's demonstrations as the expert's, whose name is the default."""
    if config.actor == EXPERT and actor is not resolve_actor(EXPERT):
        raise RecordError(
            f"an actor is given, but config.actor is {EXPERT!r}, which is another; give it a name of its own"
        )


def _check_folder(config: RecordConfig, identity: Mapping[str, Any]) -> None:
    """Refuse a folder that holds another recording."""
    if not config.out.is_dir():
        return
    index = read_index(config.out)
    if index is None:
        if not any(any((config.out / part).glob("[!.]*.safetensors")) for part in (EPISODES, PLANNED)):
            return
        index = build_index(config.out)  # deleted: its files still say what they are of, and `record` writes it anew
    if index["merged"]:
        raise RecordError(
            f"{config.out}: merged from {len(index['merged']) + 1} recordings; record into another folder"
        )
    for name, version in current_world().items():
        if index["versions"][name] != version:
            found = index["versions"][name]
            raise RecordError(
                f"{config.out}: recorded with {name} {found}, this version has {version}; use another folder"
            )
    if index["config"].get("libraries", []) != identity.get("libraries", []):
        raise RecordError(f"{config.out}: recorded with another library of imported objects; use another folder")
    for name, wanted in identity.items():
        if name not in ("code", "libraries") and index["config"].get(name) != wanted:
            found = index["config"].get(name)
            raise RecordError(f"{config.out}: recorded with {name} {found!r}, asked for {wanted!r}; use another folder")
    for family, code in identity.get("code", {}).items():
        if index["config"].get("code", {}).get(family) != code:
            raise RecordError(f"{config.out}: recorded with other code of family {family!r}; use another folder")


def _starting_index(identity: Mapping[str, Any]) -> dict[str, Any]:
    """What the folder says of itself while episodes are being recorded."""
    return {
        "schema": SCHEMA,
        "config": dict(identity),
        "merged": [],
        "versions": current_world(),
        "complete": False,
        "counts": {},
        "episodes": {},
        "planned": {},
    }


def _bar(shown: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not shown)
