"""`robo-meta evaluate --films`: the rollouts of an evaluation, or those that failed, on film.

A film plays the very episode that was evaluated, from the same seeds; where a strategy comes to something else in front
of the camera, its film is not kept. In the folder, `films.json` lists all films for pages that link to them, and
`films.jsonl` says of which evaluation they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from demos.film.camera import filming
from demos.film.screen import Screen
from demos.film.scripted import write_screen
from demos.storage.files import json_bytes, remove_temporaries, write_atomic
from demos.storage.lock import sole_writer
from demos.workers import run_jobs
from robo_meta.evaluation.expert_grasp import expert_grasp
from robo_meta.evaluation.films.asking import film_asking
from robo_meta.evaluation.films.records import (
    INDEX,
    JOURNAL,
    FilmRow,
    Films,
    Wanted,
    open_folder,
    wanted_films,
    without_attempt,
)
from robo_meta.evaluation.films.scene import FilmedStrategy, film_demonstrations, film_expert, film_strategy
from robo_meta.evaluation.play_task import shared_deciders
from robo_meta.evaluation.records import EXPERT, TaskRecord
from robo_meta.runs.journal import append
from robo_meta.runs.json_records import to_json
from robo_meta.scenarios.conditions import Condition
from robo_meta.scenarios.matched_scenes import matched_task
from robo_meta.scenarios.supports import record_demonstrations
from robo_meta.strategies.build import shared_strategies
from robo_meta.strategies.sources import AskingSource, Source

if TYPE_CHECKING:
    from robo_meta.evaluation.config import EvaluateConfig
    from sim.env import GraspEnv


def film_evaluation(
    config: EvaluateConfig, tasks: Sequence[TaskRecord], progress: bool = True, env: GraspEnv | None = None
) -> Films:
    """Film what `config` asks for of an evaluation; films that are there already are not made again.

    Args:
        config: of the evaluation, with a folder for `films`.
        tasks: what was played.
        progress: draw a bar on standard error.
        env: a `demos.film.camera.FilmEnv` to play in, for one worker; by default each process makes its own.

    Raises:
        demos.storage.lock.LockError: another process is filming into the folder.
        robo_meta.runs.journal.JournalError: it holds films of another evaluation.
        OSError: it can't be written to.
    """
    assert config.films is not None
    folder = config.films
    folder.mkdir(parents=True, exist_ok=True)
    played = wanted_films(tasks)
    fit = [one for one in played if not (config.only_failures and one.success)]
    with sole_writer(folder, "filming"):
        remove_temporaries(folder)
        made = {one.key: one for one in open_folder(folder, config.identity)}
        wanted = chosen(fit, config.most_films)
        missing = [one for one in wanted if one.key not in made]
        otherwise: list[str] = []
        try:
            for row in _film(config, missing, len(wanted), progress, env):
                if row.file:
                    append(folder / JOURNAL, to_json(row))
                    made[row.key] = row
                else:
                    otherwise.append(f"{row.strategy}, {row.split} task {row.task}")
        finally:
            # After Ctrl-C, too, the list is that of the films that are there.
            rows = sorted(made.values(), key=lambda row: row.key)
            write_atomic(folder / INDEX, [json_bytes([to_json(row) for row in rows])])
    there = sum(one.key in made for one in fit)
    unseen = (*without_attempt(tasks), *further_unfilmed(config))
    return Films(str(folder), there, len(fit), config.most_films, tuple(sorted(otherwise)), unseen)


def further_unfilmed(config: EvaluateConfig) -> list[str]:
    """What is played beside the rollouts of the table, and not filmed, in words."""
    options = {
        "further attempts of retry and maml (--attempts)": config.attempts > 1,
        "attempts after a novice's demonstrations (--sloppy)": config.sloppy,
    }
    return [said for said, asked in options.items() if asked]


def _film(
    config: EvaluateConfig, missing: Sequence[Wanted], total: int, progress: bool, env: GraspEnv | None
) -> Iterator[FilmRow]:
    """Make the missing ones of `total` films; yields each as it is there."""
    assert config.films is not None
    job = partial(film_task, config.checkpoint_file, config.adapting, config.controller, config.selector_file)
    further = (config.seed, config.support, config.films)
    jobs = [partial(job, *further, group, env, asking=config.asking) for group in grouped(missing)]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not progress) as bar:
        shown = bar.add_task("filming", total=total, completed=total - len(missing))
        for rows in run_jobs(jobs, config.workers):
            bar.advance(shown, len(rows))
            yield from rows


def film_task(
    checkpoint: Path | None,
    given: tuple[Source, ...],
    controller: str,
    selector: Path | None,
    root: int,
    support: str,
    folder: Path,
    wanted: tuple[Wanted, ...],
    env: GraspEnv | None = None,
    asking: tuple[AskingSource, ...] = (),
) -> tuple[FilmRow, ...]:
    """Film several strategies' rollouts of one task, each after the same demonstrations.

    Args:
        checkpoint, given, controller, selector: as for `robo_meta.strategies.build.shared_strategies`.
        root: root seed of the evaluation.
        support: what new shapes are demonstrated on.
        folder: where the films go.
        wanted: rollouts of one task, transfer and number of shots.
        env: to play in; by default one is made.
        asking: whole policies that may ask for demonstrations.

    Returns:
        A row for each; one whose strategy came to something else than when it was evaluated has no file.
    """
    players = {player.name: player for player in shared_strategies(checkpoint, given, controller, selector)}
    deciders = shared_deciders(checkpoint, asking, controller, selector)
    first, rows = wanted[0], list[FilmRow]()
    matched = matched_task(root, first.split, first.task, support)
    scene, seed = matched.query, matched.rollout_seed
    condition = None if first.transfer is None else Condition(first.transfer)
    shown = () if condition is None else record_demonstrations(matched, condition, first.shots)
    with filming(rolling=True, env=env) as world:
        demonstrated = film_demonstrations(shown, world)
        for one in wanted:
            seen, attempts = demonstrated, tuple[FilmedStrategy, ...]()
            if condition is None:
                attempts = (film_expert(EXPERT, scene, seed, env=world, grasp=expert_grasp(matched)),)
            elif one.strategy in deciders:
                had, attempts = film_asking(deciders[one.strategy], matched, condition, shown, world)
                seen = demonstrated if len(had) == len(shown) else film_demonstrations(had, world)
            else:
                attempts = (film_strategy(players[one.strategy], shown, scene, seed, env=world),)
            file = file_name(one) if attempts and _as_evaluated(attempts[-1], one) else ""
            if file:
                write_screen(folder / file, Screen.of(scene, seen, tuple(filmed.shot for filmed in attempts)))
            rows.append(FilmRow.of(one, seed, file))
    return tuple(rows)


def chosen(fit: Sequence[Wanted], most: int) -> list[Wanted]:
    """At most `most` of the rollouts, the same number of each strategy, split, transfer and number of shots where they
    have as many: the first of each, then the second, and so on."""
    met: dict[tuple[str, str | None, str, int], int] = {}
    ranked = []
    for place, one in enumerate(fit):
        cell = (one.split, one.transfer, one.strategy, one.shots)
        met[cell] = met.get(cell, 0) + 1
        ranked.append((met[cell], place, one))
    return [one for _, _, one in sorted(ranked, key=lambda item: item[:2])[:most]]


def grouped(wanted: Sequence[Wanted]) -> list[tuple[Wanted, ...]]:
    """The rollouts that follow the same demonstrations, together."""
    groups: dict[tuple[str, int, str | None, int], list[Wanted]] = {}
    for one in wanted:
        groups.setdefault((one.split, one.task, one.transfer, one.shots), []).append(one)
    return [tuple(group) for group in groups.values()]


def file_name(one: Wanted) -> str:
    """A film's name: task, transfer and number of demonstrations where there are any, strategy and outcome."""
    shown = () if one.transfer is None else (one.transfer, str(one.shots))
    words = (one.split, f"{one.task:05d}", *shown, one.strategy, one.outcome)
    return re.sub(r"[^A-Za-z0-9._+-]", ".", "-".join(words)) + ".mp4"


def _as_evaluated(filmed: FilmedStrategy, one: Wanted) -> bool:
    """Whether the filmed rollout is the evaluated one."""
    found = filmed.outcome
    return (found.failed_parts, found.steps, found.keypoint_mm) == (tuple(one.failed), one.steps, one.keypoint_mm)
