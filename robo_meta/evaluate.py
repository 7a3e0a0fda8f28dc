"""Evaluation: matched scenes × strategies × transfers × shots, on several processes, resumable task by task."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from demos.demo import installed_versions
from demos.files import write_atomic
from demos.workers import run_jobs
from robo_meta.checkpoint import part_names
from robo_meta.contestants import (
    SCRIPTED_SUFFIX,
    SELECTOR,
    check_names,
    checkpoint_file,
    contestants,
    default_names,
    needs_checkpoint,
)
from robo_meta.results_table import print_result
from robo_meta.second_attempts import attempt_cells, attempt_lines
from robo_meta.sloppy_supports import sloppy_cells, sloppy_lines
from robo_meta.tally import OURS, Results, cells, failures, families, interpretability, pairs
from robo_meta.task_rollouts import play_task
from sim.scenes import SPLITS, TRANSFERS

SCHEMA = "1"
FINISHED = "tasks.jsonl"
"""Name, in the out folder, of the file with one finished task a line, after a line that says of which evaluation."""

PICTURED = 6
"""Scenes that the report draws."""


class EvaluateError(ValueError):
    """An evaluation that cannot be done as asked."""


@dataclass(frozen=True)
class EvaluateConfig:
    """What to evaluate."""

    checkpoint: Path | None = None
    """A trained checkpoint, file or folder; without it, the one that comes with the package."""
    split: tuple[str, ...] = ("unseen-objects", "unseen-families")
    """Where tasks and objects come from."""
    transfer: tuple[str, ...] = TRANSFERS
    """What demonstrations and query share."""
    shots: tuple[int, ...] = (1, 3)
    """Numbers of demonstrations to adapt from."""
    tasks: int = 60
    """Distinct tasks per split, one rollout each; half of them *balance*, half *part*."""
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    """Processes; the result is the same for any number."""
    seed: int = 0
    """Root of all randomness."""
    strategies: tuple[str, ...] = ()
    """Which strategies take part; where none is named, all whose part the checkpoint has. `NAME+scripted-hand` swaps
    one strategy's hand."""
    hand: Literal["learned", "scripted"] = "learned"
    """Whose hand drives strategies that choose where to grasp."""
    attempts: int = 1
    """More than one: let `retry` and, blindly, `maml` try every scene as often, and report success by attempt."""
    sloppy: bool = False
    """Compare `contrast` with `maml` on a novice's tries: a sloppy success and failures, or failures alone."""
    selector: Path | None = None
    """With the strategy `selector`: a trained selector's file; without it, the one that comes with the package."""
    out: Path | None = None
    """Folder for the result, its report, and finished tasks: the same command resumes there."""
    report: bool = True
    """Write `report.html` into the out folder."""
    json: bool = False
    """Print JSON instead of a table."""

    def __post_init__(self) -> None:
        for name in ("split", "transfer", "shots", "strategies"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        _check_known("split", self.split, SPLITS)
        _check_known("transfer", self.transfer, TRANSFERS)
        check_names(self.strategies)
        for name in ("split", "transfer", "shots"):
            values = getattr(self, name)
            if not values or len(set(values)) != len(values):
                raise EvaluateError(f"{name} {' '.join(map(str, values)) or 'empty'}; expected one or more, each once")
        for name, value in (
            ("shots", min(self.shots)),
            ("tasks", self.tasks),
            ("workers", self.workers),
            ("attempts", self.attempts),
        ):
            if value < 1:
                raise EvaluateError(f"{name} {value}; expected 1 or more")
        if self.seed < 0:
            raise EvaluateError(f"seed {self.seed}; expected 0 or more")
        if self.hand not in ("learned", "scripted"):
            raise EvaluateError(f"hand {self.hand!r}; expected learned or scripted")

    @property
    def names(self) -> tuple[str, ...]:
        """The strategies that take part."""
        return self.strategies or default_names(part_names(checkpoint_file(self.checkpoint)))

    @property
    def checkpoint_file(self) -> Path | None:
        """The checkpoint to load, or None where nothing learned takes part."""
        return checkpoint_file(self.checkpoint) if needs_checkpoint(self.players, self.hand) else None

    @property
    def players(self) -> tuple[str, ...]:
        """The strategies that take part, those of the further experiments included."""
        after_failure = (*("retry", "maml") * (self.attempts > 1), *("contrast", "maml") * self.sloppy)
        return tuple(dict.fromkeys((*self.names, *after_failure)))

    @property
    def selector_file(self) -> Path | None:
        """The selector to load, or None where none takes part."""
        if not any(name.removesuffix(SCRIPTED_SUFFIX) == SELECTOR for name in self.names):
            return None
        from robo_meta.selector.selector_file import shipped_selector

        return shipped_selector() if self.selector is None else self.selector

    @property
    def identity(self) -> dict[str, Any]:
        """What the result depends on: an interrupted evaluation goes on only where all of it is the same."""
        file = self.checkpoint_file
        # Named only where it takes part, so that other evaluations go on as they were begun.
        chooser = {"selector": fingerprint(self.selector_file)} if self.selector_file is not None else {}
        return {
            **chooser,
            "schema": SCHEMA,
            "checkpoint": None if file is None else fingerprint(file),
            "split": list(self.split),
            "transfer": list(self.transfer),
            "shots": list(self.shots),
            "seed": self.seed,
            "strategies": list(self.names),
            "hand": self.hand,
            "attempts": self.attempts,
            "sloppy": self.sloppy,
            "versions": installed_versions(),
        }


def evaluate(config: EvaluateConfig, progress: bool = True) -> dict[str, Any]:
    """Play what `config` asks for and sum it up.

    Args:
        config: what to play; tasks finished in its out folder are not played again.
        progress: draw a bar on standard error.

    Returns:
        What `robo-meta evaluate --json` prints; latencies apart, it depends on `config.identity` and `tasks` alone.

    Raises:
        EvaluateError: the out folder is not writable or holds another evaluation.
        robo_meta.checkpoint.CheckpointError: no checkpoint, or a damaged one.
    """
    # Loaded here once, so that a bad checkpoint is said before anything is written or any process started.
    contestants(config.checkpoint_file, config.players, config.hand, config.selector_file)
    finished = _open_finished(config)
    wanted = [(split, index) for split in config.split for index in range(config.tasks)]
    done = {(task["split"], task["index"]): task for task in finished}
    missing = [key for key in wanted if key not in done]
    shared = (config.checkpoint_file, config.names, config.hand, config.seed)
    play = partial(play_task, attempts=config.attempts, sloppy=config.sloppy, selector=config.selector_file)
    jobs = [partial(play, *shared, split, index, config.transfer, config.shots) for split, index in missing]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not progress) as bar:
        shown = bar.add_task("evaluating tasks", total=len(wanted), completed=len(wanted) - len(missing))
        for task in run_jobs(jobs, config.workers):
            # Written and flushed before it counts, so that Ctrl-C and kill -9 lose only the tasks in progress.
            if config.out is not None:
                _append(config.out / FINISHED, task)
            done[task["split"], task["index"]] = task
            bar.advance(shown)
    return summary(config, [done[key] for key in wanted])


def summary(config: EvaluateConfig, tasks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The result of finished tasks, ready for JSON."""
    results = Results(tasks)
    return {
        "schema": SCHEMA,
        "device": "cpu",
        "config": {name: _plain(value) for name, value in asdict(config).items()},
        "identity": config.identity,
        "revision": revision(),
        "cells": cells(results),
        "pairs": pairs(results),
        "families": families(results),
        "failures": failures(results),
        "interpretability": interpretability(results),
        "skipped": [
            {"split": task["split"], "index": task["index"], **note}
            for task in results.tasks
            for note in task["skipped"]
        ],
        **({"attempts": attempt_cells(results.tasks)} if config.attempts > 1 else {}),
        **({"contrast": sloppy_cells(results.tasks)} if config.sloppy else {}),
    }


def run(config: EvaluateConfig, console: Console | None = None) -> dict[str, Any]:
    """Evaluate, print the table or JSON, and write `result.json` and `report.html` where there is an out folder."""
    result = evaluate(config)
    if config.out is not None:
        write_result(config.out, result)
        if config.report:
            # Imported here: a figure costs half a second that `--json` alone need not pay.
            from robo_meta.adaptation_scenes import adaptation_scenes
            from robo_meta.report import write_report

            file = config.checkpoint_file
            drawn = (
                []
                if file is None or OURS not in config.names
                else adaptation_scenes(file, config.seed, config.split[-1], min(PICTURED, config.tasks))
            )
            write_report(config.out / "report.html", result, drawn)
    if config.json:
        print(json.dumps(result))
    else:
        print_result(result, console)
        for line in (*attempt_lines(result.get("attempts", ())), *sloppy_lines(result.get("contrast", ()))):
            (console or Console()).print(line, soft_wrap=True, highlight=False, markup=False)
    return result


def write_result(folder: Path, result: dict[str, Any]) -> Path:
    """Write `result.json` into `folder`, whole or not at all."""
    path = folder / "result.json"
    write_atomic(path, [(json.dumps(result, indent=1) + "\n").encode()])
    return path


def fingerprint(file: Path) -> str:
    """SHA-256 of the checkpoint's file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def revision() -> str | None:
    """Git revision of the source tree, None for an installed package."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()


def _check_known(what: str, names: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    for name in names:
        if name not in allowed:
            close = difflib.get_close_matches(name, allowed, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; expected one of {', '.join(allowed)}"
            raise EvaluateError(f"unknown {what} {name!r}{hint}")


def _open_finished(config: EvaluateConfig) -> list[dict[str, Any]]:
    """Tasks that the out folder already holds; makes the folder and its file where there are none."""
    if config.out is None:
        return []
    path = config.out / FINISHED
    try:
        config.out.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_atomic(path, [(json.dumps(config.identity) + "\n").encode()])
            return []
        lines = path.read_text().split("\n")
        # A kill may have left half a line at the end; the file goes on after the last whole one.
        if lines[-1]:
            write_atomic(path, [("\n".join(lines[:-1]) + "\n").encode()])
        records = [json.loads(line) for line in lines[:-1]]
    except json.JSONDecodeError as error:
        raise EvaluateError(f"{path}: damaged ({error.msg}); remove it or use another folder") from error
    except OSError as error:
        raise EvaluateError(f"{config.out}: {error.strerror}; expected a folder to write to") from error
    if not records or records[0] != config.identity:
        found = records[0] if records else {}
        changed = [name for name, value in config.identity.items() if found.get(name) != value]
        raise EvaluateError(f"{config.out}: holds an evaluation with other {', '.join(changed)}; use another folder")
    return records[1:]


def _append(path: Path, task: dict[str, Any]) -> None:
    with path.open("a") as file:
        file.write(json.dumps(task) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value
