"""`robo-meta evaluate`: play, print, and write the result and its report; or write a stored result's report anew."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demos.storage.files import write_atomic
from robo_meta.cli.words import Unchecked, config_in
from robo_meta.evaluation.config import EvaluateConfig

if TYPE_CHECKING:
    from rich.console import Console


def run(config: EvaluateConfig, console: Console | None = None) -> dict[str, Any]:
    """Evaluate, print the table or JSON, and write `result.json` and `report.html` where there is an out folder."""
    # Imported here: help needs none of it.
    from robo_meta.evaluation.evaluate import evaluate

    found = evaluate(config)
    result = found.to_json() | {"date": datetime.now(UTC).date().isoformat()}
    if config.out is not None:
        write_result(config.out, result)
        if config.report:
            # Imported here: pages take a moment to load that `--json` alone need not pay.
            from robo_meta.report.evaluation_page import write_evaluation_page

            write_evaluation_page(config.out / "report.html", result, found.tasks, config.checkpoint_file)
    show(result, config.json, console)
    return result


def show(result: dict[str, Any], as_json: bool, console: Console | None = None) -> None:
    """Print a result as tables and lines, or as JSON."""
    from robo_meta.report.terminal import asking_lines, attempt_lines, novice_lines, print_result

    if as_json:
        print(json.dumps(result))
        return
    print_result(result, console)
    from rich.console import Console

    for line in film_lines(result.get("films")):
        (console or Console()).print(line, soft_wrap=True, highlight=False, markup=False)
    further = {"asking": asking_lines, "attempts": attempt_lines, "contrast": novice_lines}
    for line in [line for name, lines in further.items() for line in lines(result.get(name, ()))]:
        (console or Console()).print(line, soft_wrap=True, highlight=False, markup=False)


def film_lines(films: dict[str, Any] | None) -> list[str]:
    """What filming came to, in lines; none where no films were asked for."""
    if films is None:
        return []
    shown = f"{films['films']} of {films['wanted']} rollouts on film in {films['folder']}, listed in films.json"
    more = f"; --most-films is {films['most']}" if films["wanted"] > films["most"] else ""
    otherwise = [f"not filmed, as it then came to something else: {one}" for one in films["otherwise"]]
    return [shown + more, *otherwise, *(f"not filmed: {one}" for one in films["left_out"])]


def write_result(folder: Path, result: dict[str, Any]) -> Path:
    """Write `result.json` into `folder`, whole or not at all."""
    path = folder / "result.json"
    write_atomic(path, [(json.dumps(result, indent=1) + "\n").encode()])
    return path


def report_from(stored: Path, out: Path | None = None) -> Path:
    """Write the report of a stored result anew; nothing is played but the scenes whose adaptation is drawn.

    Args:
        stored: `result.json`, or the folder that holds it.
        out: folder of the page; that of the result by default.

    Returns:
        The page.
    """
    from robo_meta.evaluation.stored import read_result, read_tasks
    from robo_meta.report.evaluation_page import checkpoint_of, write_evaluation_page

    file, result = read_result(stored)
    tasks, checkpoint = read_tasks(file, result), checkpoint_of(result)
    if checkpoint is None and result["identity"]["checkpoint"] is not None:
        said = "its checkpoint or its objects are not there as they were, so no adaptation is drawn"
        print(f"robo-meta: warning: {file}: {said}", file=sys.stderr)
    folder = file.parent if out is None else out
    return write_evaluation_page(folder / "report.html", result, tasks, checkpoint)


@dataclass(frozen=True)
class Evaluate(Unchecked, EvaluateConfig):
    """Adapt to unseen objects from a few demonstrations and judge by physics, baselines beside."""

    report_from: Path | None = None
    """Evaluate nothing: write the report of this stored result anew, into its folder or `--out`. A folder that
    `evaluate --out` filled, or its `result.json`."""

    def run(self) -> int | None:
        """Evaluate, print, and write the result."""
        from robo_meta.cli.evaluate import report_from, run

        if self.report_from is not None:
            page = report_from(self.report_from, self.out)
            print(json.dumps({"report": str(page)}) if self.json else page)
            return None
        run(config_in(self, EvaluateConfig))
        return None
