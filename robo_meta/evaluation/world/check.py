"""Does the world make the demonstration necessary and sufficient? Every rule of the design, measured.

Each line is a share of cases with its Wilson 95 % interval and the bound that it must keep, or a plain number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from demos.workers import run_jobs
from robo_meta.evaluation.world.blind_grasps import HOLDS, RULES
from robo_meta.evaluation.world.bounds import (
    ALL,
    Line,
    curve_lines,
    family_lines,
    geometry_lines,
    layout_lines,
    skill_lines,
)
from robo_meta.evaluation.world.probes import (
    CurveProbe,
    LayoutsProbe,
    Probe,
    RulesProbe,
    TaskProbe,
    probe_curve,
    probe_layouts,
    probe_rules,
    probe_task,
)
from robo_meta.runs.console import wide_console
from sim.errors import InputError
from sim.shapes.families import FAMILIES, SPLITS, families_of
from sim.tasks.scenes import BALANCE, PART

SCHEMA = 1
RULE_TASKS = 10_000
"""Number of the first task that blind rules are chosen on: none of those that they are judged on."""
PIPE_WIDTH = 130
"""Columns where the output is no terminal."""


class Placed(Protocol):
    """A record that workers measure."""

    @property
    def place(self) -> tuple[str, int]:
        """What records are sorted by."""
        ...


Found = TypeVar("Found", bound=Placed)


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


@dataclass(frozen=True)
class ExpertFailure:
    """A task on which the expert failed."""

    split: str
    index: int
    family: str
    intention: str
    failed: tuple[str, ...]
    """Parts of the verdict that didn't hold, or `no grasp`."""
    off: float | None
    """m that it aimed off, across the closing direction; None where it found no grasp."""


class Check(Protocol):
    """What a check found, as it is told."""

    @property
    def title(self) -> str:
        """Of the table."""
        ...

    @property
    def grouped_by(self) -> str:
        """What `Line.split` names."""
        ...

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every figure."""
        ...

    @property
    def failures(self) -> tuple[ExpertFailure, ...]:
        """Every task on which the expert failed."""
        ...

    @property
    def missed(self) -> bool:
        """Whether any bound certainly isn't kept."""
        ...


@dataclass(frozen=True)
class WorldCheck:
    """What was measured of the world; JSON comes from it by `robo_meta.runs.json_records.to_json`."""

    schema: int
    config: CheckConfig
    blind_rule: str
    """The best material-blind rule."""
    lines: tuple[Line, ...]
    """Every figure."""
    failures: tuple[ExpertFailure, ...]
    """Every task on which the expert failed."""

    passed: bool
    """Whether every bound is kept."""
    missed: bool
    """Whether any bound certainly isn't."""

    @property
    def title(self) -> str:
        """Of the table."""
        return f"World check; best material-blind rule: {self.blind_rule}"

    @property
    def grouped_by(self) -> str:
        """What `Line.split` names."""
        return "split"


def check_world(config: CheckConfig, *, progress: bool = True) -> WorldCheck:
    """Measure the world.

    Args:
        config: how much.
        progress: show a bar on standard error.
    """
    seed, splits = config.seed, config.splits
    # The curve is shared out over the splits, on objects of its own.
    first: list[Callable[[], Probe]] = [
        *(partial(probe_rules, seed, RULE_TASKS + number) for number in range(config.rule_tasks)),
        *(partial(probe_layouts, seed, family, config.layouts) for family in _families(config)),
        *(partial(probe_curve, seed, splits[n % len(splits)], config.tasks + n) for n in range(config.tasks)),
    ]
    found = measure("layouts and offset curve", first, config.workers, progress)
    rule = best_rule([record for record in found if isinstance(record, RulesProbe)])
    tasks = [partial(probe_task, seed, split, index, rule) for split in splits for index in range(config.tasks)]
    records = [r for r in measure("tasks", tasks, config.workers, progress) if isinstance(r, TaskProbe)]
    layouts = [record for record in found if isinstance(record, LayoutsProbe)]
    curve = [record for record in found if isinstance(record, CurveProbe)]
    lines = [*family_lines(), *layout_lines(layouts), *curve_lines(curve)]
    for split in (*config.splits, *([ALL] if len(config.splits) > 1 else [])):
        chosen = [record for record in records if split in (record.split, ALL)]
        lines += [*skill_lines(split, chosen), *geometry_lines(split, chosen)]
    passed, missed = all(line.passed is not False for line in lines), any(line.missed for line in lines)
    return WorldCheck(SCHEMA, config, rule, tuple(lines), failures(records), passed, missed)


def best_rule(records: Sequence[RulesProbe]) -> str:
    """The blind rule that is near the centre of mass most often; the first of equals."""
    near = {name: sum(record.offsets[name] < HOLDS for record in records) for name in RULES}
    return max(near, key=near.__getitem__)


def failures(records: Sequence[TaskProbe]) -> tuple[ExpertFailure, ...]:
    """Every task on which the expert failed."""
    return tuple(
        ExpertFailure(record.split, record.index, record.family, intention, tried.failed, tried.off)
        for record in records
        for intention, tried in ((BALANCE, record.expert_balance), (PART, record.expert_part))
        if not tried.success
    )


def print_check(result: Check, console: Console | None = None) -> None:
    """Print the lines, and what went wrong where the expert failed."""
    console = wide_console(console, PIPE_WIDTH)
    console.print(check_table(result))
    for failure in result.failures:
        where = f"{failure.split} task {failure.index}, {failure.family}, {failure.intention}"
        off = "" if failure.off is None else f"; aimed {failure.off * 100:.1f} cm off"
        console.print(f"expert failed: {where}: {', '.join(failure.failed)}{off}")


def check_table(result: Check) -> Table:
    """The lines for people."""
    table = Table(
        title=result.title,
        caption="FAIL: the whole 95 % interval misses the bound; unclear: the rate does, the interval doesn't",
    )
    for heading in ("figure", result.grouped_by, "value", "95 %", "n", "bound", "", "range"):
        table.add_column(heading)
    for line in result.lines:
        mark = {True: "[green]pass", False: "[yellow]unclear", None: ""}[line.passed]
        mark = "[red]FAIL" if line.missed else mark
        interval = "" if line.n is None else f"{line.low:.2f}–{line.high:.2f}"
        value = "–" if line.value is None else f"{line.value:.3g}"
        cells = (line.name, line.split, value, interval)
        table.add_row(*cells, "" if line.n is None else str(line.n), line.bound, mark, line.note)
    return table


def measure(label: str, jobs: Sequence[Callable[[], Found]], workers: int, progress: bool) -> list[Found]:
    """What the jobs found, in an order that the workers have no part in."""
    console, found = Console(stderr=True), list[Found]()
    with Progress(console=console, disable=not (progress and console.is_terminal), transient=True) as bar:
        shown = bar.add_task(label, total=len(jobs))
        for record in run_jobs(jobs, workers):
            found.append(record)
            bar.advance(shown)
    return sorted(found, key=lambda record: record.place)


def _families(config: CheckConfig) -> list[str]:
    """Families of the splits, each once, in table order."""
    wanted = {name for split in config.splits for name in families_of(split)}
    return [name for name in FAMILIES if name in wanted]
