"""Does the world make the demonstration necessary and sufficient? Every rule of the design, measured.

Each line is a share of cases with its Wilson 95 % interval and the bound that it must keep, or a plain number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from demos.workers import run_jobs
from robo_meta.blind_grasps import HOLDS, RULES
from robo_meta.statistics import wilson
from robo_meta.world_probes import OFFSETS, Record, probe_curve, probe_layouts, probe_rules, probe_task
from sim.families import FAMILIES, families_of
from sim.sampling import RATIO_RANGE
from sim.scenes import SPLITS

SCHEMA = 1
LEAST_FAMILIES = {"training": 10, "validation": 4, "unseen-families": 6}
"""Families that each group must have at least."""
RULE_TASKS = 10_000
"""Number of the first task that blind rules are chosen on: none of those that they are judged on."""
ALL = "all"


class WorldCheckError(ValueError):
    """A check that cannot be made as asked."""


@dataclass(frozen=True)
class CheckConfig:
    """How much is measured; an episode takes about 0.2 s."""

    tasks: int = 24
    """Tasks of each split, and points of the grasp-offset curve at each offset."""
    workers: int = 2
    """Processes; they change nothing but the time."""
    seed: int = 0
    """Root seed of tasks, objects and episodes."""
    splits: tuple[str, ...] = SPLITS
    """Splits to measure."""

    def __post_init__(self) -> None:
        if self.tasks < 1 or self.workers < 1:
            raise WorldCheckError(f"{self.tasks} tasks on {self.workers} workers; expected at least 1 of each")
        for split in self.splits:
            families_of(split)
        if not self.splits or len(set(self.splits)) < len(self.splits):
            raise WorldCheckError(f"splits {' '.join(self.splits) or 'none'}; expected at least one, each once")


@dataclass(frozen=True)
class Line:
    """One figure; `n`, `low` and `high` are None for a number that is no share."""

    name: str
    split: str
    value: float | None
    """None where there was nothing to measure it on."""
    bound: str
    """What it must keep, e.g. `≤ 0.45`; empty for a figure that is only told."""
    passed: bool | None
    """Whether the value keeps the bound; None without one."""
    n: int | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""


def check_world(config: CheckConfig, *, progress: bool = True) -> dict[str, Any]:
    """Measure the world.

    Args:
        config: how much.
        progress: show a bar on standard error.

    Returns:
        `{schema, config, blind_rule, lines, failures, passed}`: the lines as records, what went wrong where the expert
        failed, and whether every bound is kept.
    """
    rules = [partial(probe_rules, config.seed, RULE_TASKS + number) for number in range(max(40, 3 * config.tasks))]
    tasks = [(split, index) for split in config.splits for index in range(config.tasks)]
    # The curve is shared out over the splits, on objects of its own.
    where = [(config.splits[number % len(config.splits)], config.tasks + number) for number in range(config.tasks)]
    curve_jobs = [partial(probe_curve, config.seed, split, index) for split, index in where]
    layout_jobs = [partial(probe_layouts, config.seed, family, max(20, config.tasks)) for family in _families(config)]
    console = Console(stderr=True)
    with Progress(console=console, disable=not (progress and console.is_terminal), transient=True) as bar:

        def run(label: str, jobs: list[partial[Record]]) -> list[Record]:
            task = bar.add_task(label, total=len(jobs))
            found = []
            for record in run_jobs(jobs, config.workers):
                found.append(record)
                bar.advance(task)
            return sorted(found, key=_place)

        rule = best_rule(run("blind rules", rules))
        task_jobs = [partial(probe_task, config.seed, split, index, rule) for split, index in tasks]
        layouts, curve = run("raw layouts", layout_jobs), run("offset curve", curve_jobs)
        records = run("tasks", task_jobs)
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
    }


def best_rule(records: list[Record]) -> str:
    """The blind rule that is near the centre of mass most often; the first of equals."""
    near = {name: sum(record["offsets"][name] < HOLDS for record in records) for name in RULES}
    return max(near, key=near.__getitem__)


def share(name: str, split: str, hits: Iterable[bool], least: float = 0.0, most: float = 1.0, note: str = "") -> Line:
    """A line for the share of true `hits`, which must be within `least` and `most`."""
    outcomes = [bool(hit) for hit in hits]
    rate = wilson(sum(outcomes), len(outcomes))
    bound = " and ".join(([f"≥ {least:g}"] if least > 0 else []) + ([f"≤ {most:g}"] if most < 1 else []))
    passed = bool(outcomes) and least <= rate.value <= most if bound else None
    value = rate.value if outcomes else None
    return Line(name, split, value, bound, passed, len(outcomes), rate.low, rate.high, note)


def skill_lines(split: str, records: list[Record]) -> list[Line]:
    """What needs no demonstration must fail, and the expert must succeed."""
    bounds: tuple[tuple[str, float, float, str], ...] = (
        ("centre", 0.0, 0.45, "grasps the middle"),
        ("equal", 0.0, 0.40, "guesses equal densities"),
        ("blind", 0.0, 0.55, "best material-blind rule"),
        ("expert balance", 0.97, 1.0, "expert, balance"),
        ("expert part", 0.97, 1.0, "expert, part"),
    )
    return [
        share(label, split, [record[key]["success"] for record in records], least, most)
        for key, least, most, label in bounds
    ]


def geometry_lines(split: str, records: list[Record]) -> list[Line]:
    """Rules of objects, materials and observation, on every task."""

    def rule(name: str, key: str, holds: Callable[[Any], bool], scale: float = 1.0, unit: str = "") -> Line:
        values = [record[key] for record in records]
        note = "" if isinstance(values[0], bool) else f"{min(values) * scale:.3g} to {max(values) * scale:.3g}{unit}"
        return share(name, split, [holds(value) for value in values], least=1.0, note=note)

    low, high = RATIO_RANGE
    first = share("first colour the heavier", split, [r["first heavier"] for r in records], note="either may be")
    return [
        rule("balance points at 1:4 and 4:1 ≥ 4 cm apart", "separation", lambda m: m >= 0.04, 100, " cm"),
        rule(f"density ratio {low:g} to {high:g}", "ratio", lambda value: low <= value <= high),
        first,
        rule("two colours, both on the object", "colours", bool),
        rule("balance mass 0.3 to 0.7 kg", "balance mass", lambda kg: 0.3 <= kg <= 0.7, 1, " kg"),
        rule("part mass ≤ 0.04 kg", "part mass", lambda kg: kg <= 0.04, 1, " kg"),
        rule("geometry independent of the intention", "same object", bool),
        rule("outer ends ≥ 4 cm from balance points", "end clearance", lambda m: m >= 0.04, 100, " cm"),
        rule("length 12 to 36 cm", "length", lambda m: 0.12 <= m <= 0.36, 100, " cm"),
        rule("height ≤ 5 cm", "height", lambda m: m <= 0.05, 100, " cm"),
        rule("every possible balance point graspable", "graspable", bool),
        rule("every possible balance point supported", "flat", bool),
        share("equal-density guess > 2.5 cm off", split, [record["equal off"] > 0.025 for record in records]),
        share("middle > 2.5 cm off", split, [record["middle off"] > 0.025 for record in records]),
        rule("reset unchanged by exchanged materials", "reset alike", bool),
        rule("settled within 0.1 mm of that", "settled apart", lambda m: m <= 1e-4, 1e3, " mm"),
    ]


def curve_lines(records: list[Record]) -> list[Line]:
    """Success against the distance from the centre of mass, and where it falls below one half."""
    lines: list[Line] = []
    for number, offset in enumerate(OFFSETS):
        hits = [record["outcomes"][number] for record in records if record["outcomes"][number] is not None]
        lines.append(share(f"grasp {offset * 100:g} cm off", ALL, hits, least=0.97 if offset == 0 else 0.0))
    measured = [(offset, line.value) for offset, line in zip(OFFSETS, lines, strict=True) if line.value is not None]
    crossing = half_crossing(measured)
    passed = crossing is not None and 2.0 <= crossing * 100 <= 3.0
    centimetres = None if crossing is None else crossing * 100
    return [*lines, Line("cm off at which half of the grasps fail", ALL, centimetres, "2 to 3", passed)]


def half_crossing(curve: list[tuple[float, float]]) -> float | None:
    """m: first offset at which the rates of (offset, rate), joined by straight lines, fall to one half, if any."""
    for (left, above), (right, below) in pairwise(curve):
        if above >= 0.5 > below:
            return left + (right - left) * (above - 0.5) / (above - below)
    return None


def layout_lines(records: list[Record]) -> list[Line]:
    """Share of raw layouts that become objects."""
    reasons = sum((Counter(record["reasons"]) for record in records), Counter[str]())
    total = sum(record["n"] for record in records)
    refused = ", ".join(f"{name} {n / total:.0%}" for name, n in reasons.most_common() if name != "accepted")
    rate = wilson(reasons["accepted"], total)
    return [Line("raw layouts accepted", ALL, rate.value, "", None, total, rate.low, rate.high, f"refused: {refused}")]


def family_lines() -> list[Line]:
    """Enough families in each group, and none in two."""
    names = {group: set(families_of(group)) for group in LEAST_FAMILIES}
    lines = [
        Line("families", group, len(names[group]), f"≥ {least}", len(names[group]) >= least)
        for group, least in LEAST_FAMILIES.items()
    ]
    shared = sum(len(names[group]) for group in names) - len(set().union(*names.values()))
    outside = len(set(FAMILIES) - set().union(*names.values()))
    return [*lines, Line("families in two groups or none", ALL, shared + outside, "= 0", shared + outside == 0)]


def failures(records: list[Record]) -> list[Record]:
    """Every task on which the expert failed: which, why, and how far off it aimed, m across the closing direction."""
    return [
        {key: record[key] for key in ("split", "index", "family")} | {"intention": key.split()[1]} | record[key]
        for record in records
        for key in ("expert balance", "expert part")
        if not record[key]["success"]
    ]


def check_table(result: dict[str, Any]) -> Table:
    """The lines for people."""
    table = Table(title=f"World check; best material-blind rule: {result['blind_rule']}")
    for heading in ("figure", "split", "value", "95 %", "n", "bound", "", "range"):
        table.add_column(heading)
    for line in result["lines"]:
        mark = {True: "[green]pass", False: "[red]FAIL", None: ""}[line["passed"]]
        interval = "" if line["n"] is None else f"{line['low']:.2f}–{line['high']:.2f}"
        value = "–" if line["value"] is None else f"{line['value']:.3g}"
        cells = (line["name"], line["split"], value, interval)
        table.add_row(*cells, "" if line["n"] is None else str(line["n"]), line["bound"], mark, line["note"])
    return table


def _place(record: Record) -> tuple[str, int]:
    """Sorts records, which workers bring in any order, by split or family and number."""
    return str(record.get("split", record.get("family", ""))), int(record.get("index", 0))


def _families(config: CheckConfig) -> list[str]:
    """Families of the splits, each once, in table order."""
    wanted = {name for split in config.splits for name in families_of(split)}
    return [name for name in FAMILIES if name in wanted]
