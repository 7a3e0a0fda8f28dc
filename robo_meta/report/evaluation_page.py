"""From an evaluation to its page: which scenes are drawn, which films lie beside, and what the page is made from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from robo_meta.evaluation.records import TaskRecord
from robo_meta.objects.registration import register_library
from robo_meta.report.adaptation import OURS, AdaptationScene, adaptation_scenes
from robo_meta.report.films import films_beside
from robo_meta.report.headline import Slot, best_baseline, cells_of, main_slot
from robo_meta.report.instructive import Shown, scenes_to_show
from robo_meta.report.strategies import write_report
from robo_meta.runs.provenance import fingerprint
from robo_meta.scenarios.matched_scenes import OWN
from robo_meta.training.checkpoint import checkpoint_file
from sim.tasks.benchmark import benchmark_of

Record = dict[str, Any]


def write_evaluation_page(path: Path, result: Record, tasks: Sequence[TaskRecord], checkpoint: Path | None) -> Path:
    """Choose and play the scenes to draw, look for films beside, and write the page.

    Args:
        path: of the HTML file.
        result: an evaluation's, as JSON.
        tasks: its rollouts; without them no scene is drawn and no failure listed.
        checkpoint: what it was made with; None: no scene is drawn.

    Raises:
        robo_meta.report.films.FilmsError: a folder beside holds a damaged index of films.
    """
    made = result.get("films")
    films = films_beside(path, Path(made["folder"]) if isinstance(made, dict) and "folder" in made else None)
    shown, slot = _to_show(result, tasks)
    scenes: list[AdaptationScene] = []
    if checkpoint is not None and slot is not None:
        config = result["config"]
        support = result["identity"].get("support", OWN)
        where = (checkpoint, config["seed"], slot.split, [one.index for one in shown])
        scenes = adaptation_scenes(*where, slot.transfer, support, slot.shots)
    return write_report(path, result, scenes, tasks, films, shown)


def _to_show(result: Record, tasks: Sequence[TaskRecord]) -> tuple[list[Shown], Slot | None]:
    """Which scenes of the last split to draw, and of which rollouts they are."""
    splits = list(dict.fromkeys(cell["split"] for cell in result["cells"]))
    slot = main_slot(result["cells"], splits[-1]) if splits else None
    if slot is None:
        return [], None
    rival = best_baseline(cells_of(result["cells"], slot), OURS)
    return scenes_to_show(tasks, slot.split, slot.transfer, slot.shots, OURS, rival), slot


def checkpoint_of(result: Record) -> Path | None:
    """The checkpoint that a stored result was made with, where it still lies there unchanged and its objects are
    known; else None: its scenes can't be played again."""
    named = result["config"].get("checkpoint")
    file = checkpoint_file(None if named is None else Path(named))
    if not file.is_file() or fingerprint(file) != result["identity"]["checkpoint"]:
        return None
    objects = result["config"].get("objects")
    if objects is not None:
        if not Path(objects).is_dir():
            return None
        register_library(Path(objects))
    # The shipped splits are what their benchmark says; another one's tasks are not those of the result.
    splits = result["identity"].get("benchmark", {})
    if objects is None and any(name is None or benchmark_of(split) != name for split, name in splits.items()):
        return None
    return file
