"""Does the world make the demonstration necessary and sufficient? Every rule of the design, measured.

Each line is a share of cases with its Wilson 95 % interval and the bound that it must keep, or a plain number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from demos.workers import run_jobs
from robo_meta.evaluation.world.blind_grasps import HOLDS, RULES
from robo_meta.evaluation.world.bounds import ALL, curve_lines, family_lines, geometry_lines, layout_lines, skill_lines
from robo_meta.evaluation.world.probes import Record, probe_curve, probe_layouts, probe_rules, probe_task
from robo_meta.runs.console import wide_console
from sim.errors import InputError
from sim.shapes.families import FAMILIES, SPLITS, families_of

SCHEMA = 1
RULE_TASKS = 10_000
"""Number of the first task that blind rules are chosen on: none of those that they are judged on."""
PIPE_WIDTH = 130
"""Columns where the output is no terminal."""


class CheckError(InputError):
    """A check that cannot be made as asked."""


@dataclass(frozen=True)
class CheckConfig:
    """How much is measured; an episode takes about 0.2 s."""

    tasks: int = 24
    """Tasks of each split, and points of the grasp-offset curve at each offset."""
    layouts: int = 40
    """Raw layouts of each family."""
    rule_tasks: int = 200
    """Further training tasks, without physics, that the best material-blind rule is chosen on."""
    workers: int = 2
    """Processes; they change nothing but the time."""
    seed: int = 0
    """Root seed of tasks, objects and episodes."""
    splits: tuple[str, ...] = SPLITS
    """Splits to measure."""

    def __post_init__(self) -> None:
        for name in ("tasks", "layouts", "rule_tasks", "workers"):
            if getattr(self, name) < 1:
                raise CheckError(f"{name} is {getattr(self, name)}; expected at least 1")
        for split in self.splits:
            families_of(split)
        if not self.splits or len(set(self.splits)) < len(self.splits):
            raise CheckError(f"splits {' '.join(self.splits) or 'none'}; expected at least one, each once")


def check_world(config: CheckConfig, *, progress: bool = True) -> dict[str, Any]:
    """Measure the world.

    Args:
        config: how much.
        progress: show a bar on standard error.

    Returns:
        `{schema, config, blind_rule, lines, failures, passed, missed}`: the lines as records, what went wrong where the
        expert failed, whether every bound is kept, and whether any certainly isn't.
    """
    seed, splits = config.seed, config.splits
    # The curve is shared out over the splits, on objects of its own.
    first = [
        *(partial(probe_rules, seed, RULE_TASKS + number) for number in range(config.rule_tasks)),
        *(partial(probe_layouts, seed, family, config.layouts) for family in _families(config)),
        *(partial(probe_curve, seed, splits[n % len(splits)], config.tasks + n) for n in range(config.tasks)),
    ]
    found = _run("layouts and offset curve", first, config.workers, progress)
    rule = best_rule([record for record in found if record["kind"] == "rules"])
    tasks = [partial(probe_task, seed, split, index, rule) for split in splits for index in range(config.tasks)]
    records = _run("tasks", tasks, config.workers, progress)
    layouts, curve = ([record for record in found if record["kind"] == kind] for kind in ("layouts", "curve"))
    lines = [*family_lines(), *layout_lines(layouts), *curve_lines(curve)]
    for split in (*config.splits, *([ALL] if len(config.splits) > 1 else [])):
        chosen = [record for record in records if split in (record["split"], ALL)]
        lines += [*skill_lines(split, chosen), *geometry_lines(split, chosen)]
    return {
        "schema": SCHEMA,
        "config": asdict(config),
        "blind_rule": rule,
        "lines": [asdict(line) for line in lines],
        "failures": failures(records),
        "passed": all(line.passed is not False for line in lines),
        "missed": any(line.missed for line in lines),
    }


def best_rule(records: list[Record]) -> str:
    """The blind rule that is near the centre of mass most often; the first of equals."""
    near = {name: sum(record["offsets"][name] < HOLDS for record in records) for name in RULES}
    return max(near, key=near.__getitem__)


def failures(records: list[Record]) -> list[Record]:
    """Every task on which the expert failed: which, why, and how far off it aimed, m across the closing direction."""
    return [
        {key: record[key] for key in ("split", "index", "family")} | {"intention": key.split()[1]} | record[key]
        for record in records
        for key in ("expert balance", "expert part")
        if not record[key]["success"]
    ]


def print_check(result: dict[str, Any], console: Console | None = None) -> None:
    """Print the lines, and what went wrong where the expert failed."""
    console = wide_console(console, PIPE_WIDTH)
    console.print(check_table(result))
    for failure in result["failures"]:
        where = "{split} task {index}, {family}, {intention}".format(**failure)
        off = "" if failure["off"] is None else f"; aimed {failure['off'] * 100:.1f} cm off"
        console.print(f"expert failed: {where}: {', '.join(failure['failed'])}{off}")


def check_table(result: dict[str, Any]) -> Table:
    """The lines for people."""
    table = Table(
        title=f"World check; best material-blind rule: {result['blind_rule']}",
        caption="FAIL: the whole 95 % interval misses the bound; unclear: the rate does, the interval doesn't",
    )
    for heading in ("figure", "split", "value", "95 %", "n", "bound", "", "range"):
        table.add_column(heading)
    for line in result["lines"]:
        mark = {True: "[green]pass", False: "[yellow]unclear", None: ""}[line["passed"]]
        mark = "[red]FAIL" if line["missed"] else mark
        interval = "" if line["n"] is None else f"{line['low']:.2f}–{line['high']:.2f}"
        value = "–" if line["value"] is None else f"{line['value']:.3g}"
        cells = (line["name"], line["split"], value, interval)
        table.add_row(*cells, "" if line["n"] is None else str(line["n"]), line["bound"], mark, line["note"])
    return table


def _run(label: str, jobs: Sequence[Callable[[], Record]], workers: int, progress: bool) -> list[Record]:
    """What the jobs found, in an order that the workers have no part in."""
    console, found = Console(stderr=True), list[Record]()
    with Progress(console=console, disable=not (progress and console.is_terminal), transient=True) as bar:
        shown = bar.add_task(label, total=len(jobs))
        for record in run_jobs(jobs, workers):
            found.append(record)
            bar.advance(shown)
    return sorted(found, key=_place)


def _place(record: Record) -> tuple[str, int]:
    """By split or family, then by number."""
    return str(record.get("split", record.get("family", ""))), int(record.get("index", 0))


def _families(config: CheckConfig) -> list[str]:
    """Families of the splits, each once, in table order."""
    wanted = {name for split in config.splits for name in families_of(split)}
    return [name for name in FAMILIES if name in wanted]
