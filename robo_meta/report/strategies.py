"""The strategies' page of the report, `report.html`: from a result, its rollouts, and a handful of scenes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from robo_meta.evaluation.records import TaskRecord
from robo_meta.report.adaptation import AdaptationScene
from robo_meta.report.adaptation_picture import adaptation_picture
from robo_meta.report.command import evaluate_command
from robo_meta.report.failures import PART_WORDS, counts_table, failure_list, failure_words, film_table
from robo_meta.report.films import Film
from robo_meta.report.headline import headline, main_slot, reference_of
from robo_meta.report.instructive import Shown
from robo_meta.report.looks import EXPERT
from robo_meta.report.page import render, write_page
from robo_meta.report.parts import Part, asking_part, attempt_part, novice_part, pair_part, preference_part
from robo_meta.report.split_section import split_section
from robo_meta.report.terminal import benchmarks, learned_over_scripted
from robo_meta.report.words import WORDS, strategy_words

Record = dict[str, Any]


def write_report(
    path: Path,
    result: Record,
    scenes: Sequence[AdaptationScene] = (),
    tasks: Sequence[TaskRecord] = (),
    films: Sequence[Film] = (),
    shown: Sequence[Shown] = (),
) -> Path:
    """Write the page to `path`, whole or not at all, linked with the report's others in that folder.

    Args:
        path: of the HTML file.
        result: from `robo_meta.evaluation.evaluate.evaluate`.
        scenes: what adaptation changed, to be drawn.
        tasks: the rollouts behind the result; without them, single failures are not listed.
        films: films of rollouts, to be linked to.
        shown: why each scene is drawn, and what came of it.
    """
    return write_page(path, "strategies", section(result, scenes, tasks, films, shown))


def section(
    result: Record,
    scenes: Sequence[AdaptationScene] = (),
    tasks: Sequence[TaskRecord] = (),
    films: Sequence[Film] = (),
    shown: Sequence[Shown] = (),
) -> str:
    """What the page holds, as HTML without any outside reference; arguments as of `write_report`."""
    ours = reference_of(result)
    names = list(dict.fromkeys(cell["split"] for cell in result["cells"]))
    slots = [slot for slot in (main_slot(result["cells"], name) for name in names) if slot is not None]
    heads = [] if ours is None else [headline(result, slot, ours) for slot in slots]
    found = [
        pair_part(result["pairs"]),
        asking_part(result.get("asking", ())),
        attempt_part(result.get("attempts", ())),
        novice_part(result.get("contrast", ())),
        preference_part(result["interpretability"]),
    ]
    parts: list[Part] = [part for part in found if part is not None]
    listed = None if ours is None else failure_list(tasks, ours, films)
    strategies = strategy_words(cell["strategy"] for cell in result["cells"])
    return render(
        "strategies.html",
        date=result.get("date"),
        heads=[head for head in heads if head is not None],
        splits=[split_section(name, result, ours) for name in names],
        parts=parts,
        failures=[Markup(part) for part in (listed, counts_table(result["failures"], ours)) if part is not None],
        films=film_table(films),
        pictures=[_picture(scene, shown) for scene in scenes],
        words=WORDS,
        strategies=strategies,
        notes=_notes(result),
        facts=_facts(result),
        command=evaluate_command(result["config"]),
    )


def _picture(scene: AdaptationScene, shown: Sequence[Shown]) -> Markup:
    """One scene with the rule that chose it and what became of it."""
    why = next((one for one in shown if one.index == scene.index), None)
    if why is None:
        return adaptation_picture(scene, title=f"Task {scene.index}")
    return adaptation_picture(scene, render("badges.html", badges=_badges(why)), f"Task {scene.index}. {why.why}.")


def _badges(shown: Shown) -> list[tuple[bool, str]]:
    """Whether it succeeded, and what is said."""
    return [
        (row.success, f"{'✓' if row.success else '✗'} {row.strategy}: {_outcome(row.success, row.failed)}")
        for row in shown.rows
    ]


def _outcome(success: bool, failed: Sequence[str]) -> str:
    return "success" if success else f"failure, {failure_words(failed)}" if set(failed) & set(PART_WORDS) else "failure"


def _notes(result: Record) -> list[str]:
    """What a reader of the figures should know about them."""
    notes = ["Distinct tasks, one rollout each; every strategy met the same scenes."]
    if named := benchmarks(result):
        notes.append(f"{named}.")
    ratio = learned_over_scripted(result["cells"])
    if ratio is not None:
        notes.append(f"Successes with the learned controller ÷ with the scripted one at the same places: {ratio:.3f}.")
    if result["skipped"]:
        notes.append(f"{len(result['skipped'])} supports left out: the expert could not demonstrate there.")
    return notes


def _facts(result: Record) -> dict[str, str]:
    """Where the figures come from."""
    config, identity = result["config"], result["identity"]
    cells = [cell for cell in result["cells"] if cell["strategy"] != EXPERT and cell["intention"] == "all"]
    return {
        "evaluated on": result.get("date", "not known"),
        "tasks per split": str(config["tasks"]),
        "rollouts of strategies": str(sum(cell["n"] for cell in cells)),
        "seed": str(config["seed"]),
        "controller": config["controller"],
        "checkpoint, SHA-256": identity["checkpoint"] or "none",
        "source revision": result["revision"] or "installed package",
        "device": result["device"],
        "versions": ", ".join(f"{name} {value}" for name, value in identity["versions"].items()),
        "schema of the result": result["schema"],
    }
