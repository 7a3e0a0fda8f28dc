"""The whole way in one command: objects, demonstrations, meta-training, a selector, unseen families, a report."""

from __future__ import annotations

import json as json_format
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from demos.recording.config import RecordConfig
from robo_meta.cli.evaluate import run as run_evaluation
from robo_meta.cli.sheet_file import write_sheet
from robo_meta.cli.words import Unchecked, config_in
from robo_meta.evaluation.config import EvaluateConfig
from robo_meta.selector.matrix.config import MatrixOrder
from robo_meta.training.presets import preset_named

CHOICES = ("maml", "warped-replay", "role")
"""What the selector chooses among."""
STRATEGIES = ("maml", "zero-shot", "centre", "replay", "warped-replay", "role", "selector")
"""What meets the unseen families."""
ROLLOUTS, ASKED_ROLLOUTS = 4, 2
"""Of every strategy on every scene that the selector learns from, as it is met and where it is reached by asking; they
are scored by keypoints, which takes a fraction of the time."""

PLACES = {
    "objects": "objects.png",
    "demonstrations": "demonstrations",
    "validation": "demonstrations-validation",
    "run": "run",
    "logs": "run/logs",
    "matrix": "matrix.safetensors",
    "selector": "selector.safetensors",
    "evaluation": "evaluation",
    "report": "evaluation/report.html",
}
"""What it makes → its name in the folder."""


@dataclass(frozen=True)
class QuickstartConfig:
    """How much of everything."""

    out: Path = Path("robo-meta-quickstart")
    """Folder for everything it makes; the same command goes on in it."""
    recorded: int = 20
    """Training tasks with four recorded demonstrations each: the controller learns from them."""
    planned: int = 600
    """Training tasks with four planned demonstrations each: the scorer learns from them."""
    validation: int = 16
    """Tasks of the validation families with four planned demonstrations each: how far keypoints miss there is logged
    while training (TensorBoard), and changes nothing; 0: none."""
    scenes: int = 16
    """Scenes of the validation families that a small selector learns from."""
    tasks: int = 40
    """Tasks of unseen families to adapt to, one rollout a strategy each."""
    preset: str = "quick"
    """Training preset."""
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    """Processes."""
    seed: int = 0
    """Root seed."""


Stage = Callable[[QuickstartConfig, Console], Any]
"""A stage of the way: (how much, where to print) → what came of it."""


def quickstart(
    config: QuickstartConfig, console: Console | None = None, stages: Mapping[str, Stage] | None = None
) -> dict[str, Any]:
    """Run every stage, and print how long each took and the table.

    Args:
        config: how much of everything.
        console: where to print; standard output by default.
        stages: what to run, by name, in order; the last one gives the evaluation's result. `STAGES` by default.

    Returns:
        `{seconds, total_seconds, cells, paths}`: by stage, of all, the table's cells as in the evaluation's result, and
        where the things made lie.
    """
    console, times, result = console or Console(), dict[str, float](), {}
    # Everything is checked before anything is written.
    _recording(config), _validation(config), _matrix(config), _evaluation(config), preset_named(config.preset)
    config.out.mkdir(parents=True, exist_ok=True)
    for name, stage in (STAGES if stages is None else stages).items():
        console.print(f"[bold]{name}[/bold] …")
        started = time.perf_counter()
        result = stage(config, console)
        times[name] = time.perf_counter() - started
        console.print(f"  {times[name]:.0f} s")
    total = sum(times.values())
    console.print(f"total {total:.0f} s: " + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in times.items()))
    paths = {name: str(config.out / place) for name, place in PLACES.items()}
    console.print(f"report: {paths['report']}")
    console.print(f"how training went: tensorboard --logdir {paths['logs']}")
    return {
        "seconds": {name: round(seconds, 3) for name, seconds in times.items()},
        "total_seconds": round(total, 3),
        "cells": result["cells"],
        "paths": paths,
    }


def _draw(config: QuickstartConfig, _: Console) -> None:
    write_sheet(config.out / PLACES["objects"], objects=2, seed=config.seed)


def _recording(config: QuickstartConfig) -> RecordConfig:
    return RecordConfig(
        out=config.out / PLACES["demonstrations"],
        split="training",
        tasks=config.recorded,
        planned=config.planned,
        workers=config.workers,
        seed=config.seed,
    )


def _validation(config: QuickstartConfig) -> RecordConfig | None:
    if config.validation == 0:
        return None
    return RecordConfig(
        out=config.out / PLACES["validation"],
        split="validation",
        tasks=0,
        planned=config.validation,
        # Planned sooner than a further process would start.
        workers=1,
        seed=config.seed,
    )


def _record(config: QuickstartConfig, _: Console) -> None:
    from demos.recording.pack import pack
    from demos.recording.recorder import record

    for recording in (_recording(config), _validation(config)):
        if recording is not None:
            record(recording)
            pack(recording.out)


def _train(config: QuickstartConfig, _: Console) -> None:
    from robo_meta.training.train import train

    data, out = config.out / PLACES["demonstrations"], config.out / PLACES["run"]
    methods, preset = ("maml", "zero-shot"), preset_named(config.preset)
    validation = _validation(config)
    train(
        data,
        out,
        methods,
        preset,
        seed=config.seed,
        resume=True,
        workers=config.workers,
        validation=() if validation is None else validation.out,
    )


def _matrix(config: QuickstartConfig) -> MatrixOrder:
    return MatrixOrder(
        checkpoint=config.out / PLACES["run"],
        split="validation",
        scenes=config.scenes,
        scored="keypoints",
        rollouts=ROLLOUTS,
        asked_rollouts=ASKED_ROLLOUTS,
        strategies=CHOICES,
        workers=config.workers,
        seed=config.seed,
    )


def _select(config: QuickstartConfig, _: Console) -> None:
    from robo_meta.selector.judging.cross_validation import learn
    from robo_meta.selector.learner.config import LearnerConfig
    from robo_meta.selector.learner.file import save_selector
    from robo_meta.selector.learner.prices import Prices
    from robo_meta.selector.matrix.play import play_matrix

    matrix = play_matrix(_matrix(config), config.out / PLACES["matrix"])
    # So few scenes may teach nothing: then it is the single best that is chosen.
    selector = learn(matrix, Prices(), LearnerConfig(), config.seed)[0]
    save_selector(config.out / PLACES["selector"], selector)


def _evaluation(config: QuickstartConfig) -> EvaluateConfig:
    return EvaluateConfig(
        checkpoint=config.out / PLACES["run"],
        split=("unseen-families",),
        transfer=("new-shape",),
        shots=(1,),
        tasks=config.tasks,
        workers=config.workers,
        seed=config.seed,
        strategies=STRATEGIES,
        selector=config.out / PLACES["selector"],
        out=config.out / PLACES["evaluation"],
    )


def _evaluate(config: QuickstartConfig, console: Console) -> dict[str, Any]:
    return run_evaluation(_evaluation(config), console)


STAGES: dict[str, Stage] = {
    "objects": _draw,
    "demonstrations": _record,
    "meta-training": _train,
    "selector": _select,
    "adaptation on unseen families": _evaluate,
}
"""Name → what does it."""


@dataclass(frozen=True)
class Quickstart(Unchecked, QuickstartConfig):
    """Objects, demonstrations, meta-training, adaptation on unseen families: the whole way in two to four minutes."""

    json: bool = False
    """Print JSON; progress and tables go to standard error then."""

    def run(self, stages: Mapping[str, Stage] | None = None) -> int | None:
        """Run every stage, `STAGES` by default, and print the table."""
        found = quickstart(config_in(self, QuickstartConfig), Console(stderr=True) if self.json else None, stages)
        if self.json:
            print(json_format.dumps(found))
        return None
