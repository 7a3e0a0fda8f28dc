"""`robo-meta evaluate`: play, print, and write the result and its report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demos.storage.files import write_atomic
from robo_meta.cli.words import Unchecked, config_in
from robo_meta.evaluation.config import EvaluateConfig

if TYPE_CHECKING:
    from rich.console import Console

PICTURED, DRAWN = 6, "maml"
"""Scenes that the report draws, and the strategy whose adaptation they show."""
NEW_SHAPE = "new-shape"
"""The transfer that they have, where it is played."""


def run(config: EvaluateConfig, console: Console | None = None) -> dict[str, Any]:
    """Evaluate, print the table or JSON, and write `result.json` and `report.html` where there is an out folder."""
    # Imported here: help needs none of it.
    from robo_meta.evaluation.evaluate import evaluate
    from robo_meta.report.terminal import asking_lines, attempt_lines, novice_lines, print_result

    result = evaluate(config).to_json()
    if config.out is not None:
        write_result(config.out, result)
        if config.report:
            # Imported here: a figure costs half a second that `--json` alone need not pay.
            from robo_meta.report.adaptation import adaptation_scenes
            from robo_meta.report.strategies import write_report

            file = config.checkpoint_file
            drawn = (
                []
                if file is None or DRAWN not in config.names
                else adaptation_scenes(
                    file,
                    config.seed,
                    config.split[-1],
                    min(PICTURED, config.tasks),
                    NEW_SHAPE if NEW_SHAPE in config.transfer else config.transfer[-1],
                    config.support,
                )
            )
            write_report(config.out / "report.html", result, drawn)
    if config.json:
        print(json.dumps(result))
    else:
        print_result(result, console)
        from rich.console import Console

        for line in film_lines(result.get("films")):
            (console or Console()).print(line, soft_wrap=True, highlight=False, markup=False)
        further = {"asking": asking_lines, "attempts": attempt_lines, "contrast": novice_lines}
        for line in [line for name, lines in further.items() for line in lines(result.get(name, ()))]:
            (console or Console()).print(line, soft_wrap=True, highlight=False, markup=False)
    return result


def film_lines(films: dict[str, Any] | None) -> list[str]:
    """What filming came to, in lines; none where no films were asked for."""
    if films is None:
        return []
    shown = f"{films['films']} of {films['wanted']} rollouts on film in {films['folder']}, listed in films.json"
    more = f"; --most-films is {films['most']}" if films["wanted"] > films["most"] else ""
    return [shown + more, *(f"not filmed, as it then came to something else: {one}" for one in films["otherwise"])]


def write_result(folder: Path, result: dict[str, Any]) -> Path:
    """Write `result.json` into `folder`, whole or not at all."""
    path = folder / "result.json"
    write_atomic(path, [(json.dumps(result, indent=1) + "\n").encode()])
    return path


@dataclass(frozen=True)
class Evaluate(Unchecked, EvaluateConfig):
    """Adapt to unseen objects from a few demonstrations and judge by physics, baselines beside."""

    def run(self) -> int | None:
        """Evaluate, print, and write the result."""
        from robo_meta.cli.evaluate import run

        run(config_in(self, EvaluateConfig))
        return None
