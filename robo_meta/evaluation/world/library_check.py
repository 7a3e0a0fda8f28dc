"""Do imported objects make the demonstration necessary and sufficient? Measured in physics for each kind of surface.

The demonstrator must hold an object at its balance point and by its parts, and must fail 3 cm beside the balance point,
as must who grasps the middle. Each line is a share with its Wilson 95 % interval and the bound that it must keep.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from robo_meta.evaluation.world.bounds import Line, share
from robo_meta.evaluation.world.check import RULE_TASKS, CheckError, ExpertFailure, best_rule, measure
from robo_meta.evaluation.world.library_probes import (
    BESIDE,
    BalanceProbe,
    PartProbe,
    probe_balance,
    probe_library_rules,
    probe_part,
    surfaces_of,
)
from robo_meta.evaluation.world.probes import Attempted
from robo_meta.objects.registration import register_library
from sim.tasks.scenes import BALANCE, PART

SCHEMA = 1
LEAST_EXPERT, MOST_BESIDE, MOST_CENTRE = 0.95, 0.15, 0.25
"""Bounds: the demonstrator's success; its success `BESIDE[-1]` off the balance point; that of grasping the middle."""
RULE_SHARE = 0.5
"""Tasks, without physics, that the best material-blind rule is chosen on, by those that are played."""


@dataclass(frozen=True)
class LibraryCheckConfig:
    """Which library is measured, and how much; a task takes about 4 s."""

    library: str
    """Folder of imported objects."""
    tasks: int = 24
    """Tasks of each kind of surface and intention; the objects take turns."""
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    """Processes; they change nothing but the time."""
    seed: int = 0
    """Root seed of tasks and episodes."""

    def __post_init__(self) -> None:
        for name in ("tasks", "workers"):
            if getattr(self, name) < 1:
                raise CheckError(f"{name} is {getattr(self, name)}; expected at least 1")


@dataclass(frozen=True)
class LibraryCheck:
    """What was measured of a library; JSON comes from it by `robo_meta.runs.json_records.to_json`."""

    schema: int
    config: LibraryCheckConfig
    blind_rule: str
    """The best material-blind rule; empty where nothing serves for *balance*."""
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
        rule = f"; best material-blind rule: {self.blind_rule}" if self.blind_rule else ""
        return f"Objects of {self.config.library}{rule}"

    @property
    def grouped_by(self) -> str:
        """What `Line.split` names."""
        return "surface"


def check_library(config: LibraryCheckConfig, *, progress: bool = True) -> LibraryCheck:
    """Measure the objects of a library.

    Args:
        config: which, and how much.
        progress: show a bar on standard error.

    Raises:
        robo_meta.objects.object_file.LibraryError: missing, unfinished, altered, or without an accepted object.
    """
    split, seed = register_library(config.library), config.seed
    balanced, taken = surfaces_of(split, BALANCE), surfaces_of(split, PART)
    rule, rule_tasks = "", max(1, round(RULE_SHARE * config.tasks))
    if balanced:
        places = [(surface, RULE_TASKS + n) for surface in balanced for n in range(rule_tasks)]
        rules = [partial(probe_library_rules, seed, split, *place) for place in places]
        rule = best_rule(measure("blind rules", rules, config.workers, progress))
    jobs: list[Callable[[], BalanceProbe | PartProbe]] = [
        *(partial(probe_balance, seed, split, surface, n, rule) for surface in balanced for n in range(config.tasks)),
        *(partial(probe_part, seed, split, surface, n) for surface in taken for n in range(config.tasks)),
    ]
    found = measure("tasks", jobs, config.workers, progress)
    balance = [record for record in found if isinstance(record, BalanceProbe)]
    part = [record for record in found if isinstance(record, PartProbe)]
    lines = (*balance_lines(balance), *part_lines(part))
    passed, missed = all(line.passed is not False for line in lines), any(line.missed for line in lines)
    return LibraryCheck(SCHEMA, config, rule, lines, failures(balance, part), passed, missed)


def balance_lines(records: Sequence[BalanceProbe]) -> list[Line]:
    """Lines of *balance* for each kind of surface."""
    lines: list[Line] = []
    for surface in dict.fromkeys(record.surface for record in records):
        some = [record for record in records if record.surface == surface]
        for number, offset in enumerate(BESIDE):
            tried = [attempt for record in some if (attempt := record.beside[number]) is not None]
            least = LEAST_EXPERT if offset == 0 else 0.0
            most = MOST_BESIDE if offset == BESIDE[-1] else 1.0
            name = f"expert, balance, {offset * 100:g} cm off" if offset else "expert, balance"
            lines.append(share(name, surface, _held(tried), least, most))
        for name, key, most in (
            ("grasps the middle", "centre", MOST_CENTRE),
            ("guesses equal densities", "equal", 1.0),
            ("best material-blind rule", "blind", 1.0),
        ):
            lines.append(share(name, surface, _held([getattr(record, key) for record in some]), most=most))
    return lines


def part_lines(records: Sequence[PartProbe]) -> list[Line]:
    """Lines of *part* for each kind of surface."""
    return [
        share("expert, part", surface, _held([r.expert for r in records if r.surface == surface]), LEAST_EXPERT)
        for surface in dict.fromkeys(record.surface for record in records)
    ]


def failures(balance: Sequence[BalanceProbe], part: Sequence[PartProbe]) -> tuple[ExpertFailure, ...]:
    """Every task on which the demonstrator failed where it should hold the object."""
    tried: list[tuple[BalanceProbe | PartProbe, str, Attempted | None]] = [
        *((record, BALANCE, record.beside[0]) for record in balance),
        *((record, PART, record.expert) for record in part),
    ]
    return tuple(
        ExpertFailure(record.surface, record.index, record.family, intention, attempt.failed, attempt.off)
        for record, intention, attempt in tried
        if attempt is not None and not attempt.success
    )


def _held(attempts: Sequence[Attempted]) -> list[bool]:
    return [attempt.success for attempt in attempts]
