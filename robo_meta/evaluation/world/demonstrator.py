"""How often the scripted demonstrator succeeds: every demonstration that learning sees is one of its successes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from rich.console import Console
from rich.progress import Progress

from demos.demo import provenance
from demos.expert.expert import demonstrate
from demos.expert.grasp_plan import NoGrasp
from demos.workers import run_jobs
from robo_meta.evaluation.intervals import wilson
from sim.errors import InputError
from sim.shapes.families import FAMILIES, family_named
from sim.tasks.sampling import draw_scene, draw_task
from sim.tasks.scenes import INTENTIONS
from sim.tasks.seeds import generator, seed_sequence

SCHEMA = 1
TOTAL = "all"


class ExpertCheckError(InputError):
    """A check that cannot be made as asked."""


@dataclass(frozen=True)
class ExpertCheckConfig:
    """What the demonstrator is measured on."""

    families: tuple[str, ...] = ()
    """Shape families; all where empty."""
    tasks: int = 10
    """Fresh objects of each family; the intentions alternate."""
    workers: int = 2
    """Processes; they change nothing but the time."""
    seed: int = 0
    """Root seed."""

    def __post_init__(self) -> None:
        if self.tasks < 1 or self.workers < 1:
            raise ExpertCheckError(f"{self.tasks} tasks on {self.workers} workers; expected at least 1 of each")
        for name in self.families:
            family_named(name)


@dataclass(frozen=True)
class ExpertAttempt:
    """One demonstration on a fresh object."""

    family: str
    number: int
    """Of the object within its family."""
    intention: str
    failed: tuple[str, ...]
    """Parts of the verdict that didn't hold, or `no grasp`; empty on success."""


@dataclass(frozen=True)
class ExpertRate:
    """The demonstrator's success on a family, or on `all`, for one intention or for `all` together."""

    family: str
    split: str
    intention: str
    n: int
    successes: int
    rate: float
    low: float
    """Of the 95 % interval."""
    high: float


@dataclass(frozen=True)
class ExpertCheck:
    """How often the demonstrator succeeds; JSON comes from it by `robo_meta.runs.json_records.to_json`."""

    schema: int
    seed: int
    rows: tuple[ExpertRate, ...]
    """Of every family and of `all`, each for both intentions together and apart."""
    failures: tuple[ExpertAttempt, ...]


def check_expert(config: ExpertCheckConfig) -> ExpertCheck:
    """`expert_success` of a configuration."""
    return expert_success(config.families, config.tasks, config.workers, config.seed)


def expert_success(families: tuple[str, ...], tasks: int, workers: int, seed: int) -> ExpertCheck:
    """Let the demonstrator grasp `tasks` fresh objects of each family, with its noise and natural variation.

    Args:
        families: which; all where empty.
        tasks: objects of each.
        workers: processes.
        seed: root seed; with the family and the object's number it fixes the outcome.
    """
    names = tuple(dict.fromkeys(families)) or tuple(FAMILIES)
    jobs = [partial(_attempt, seed, name, number) for name in names for number in range(tasks)]
    attempts: list[ExpertAttempt] = []
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        shown = bar.add_task("demonstrations", total=len(jobs))
        for result in run_jobs(jobs, workers):
            attempts.append(result)
            bar.advance(shown)
    # Workers answer in any order.
    attempts.sort(key=lambda result: (names.index(result.family), result.number))
    rows = tuple(
        _row(family, intention, attempts)
        for family in (*names, TOTAL)
        for intention in (TOTAL, *INTENTIONS)
        if intention == TOTAL or any(result.intention == intention for result in attempts)
    )
    return ExpertCheck(SCHEMA, seed, rows, tuple(result for result in attempts if result.failed))


def _row(family: str, intention: str, attempts: list[ExpertAttempt]) -> ExpertRate:
    chosen = [t for t in attempts if family in (t.family, TOTAL) and intention in (t.intention, TOTAL)]
    successes = sum(not result.failed for result in chosen)
    rate = wilson(successes, len(chosen))
    split = TOTAL if family == TOTAL else family_named(family).group
    return ExpertRate(family, split, intention, len(chosen), successes, rate.value, rate.low, rate.high)


def _attempt(seed: int, family: str, number: int) -> ExpertAttempt:
    """One demonstration on a fresh object; `failed` is empty on success."""
    # Tasks are numbered from the family's own stream, so that the families don't all get the same materials.
    index = int(generator(seed, "check expert", family, number).integers(2**31))
    intention = INTENTIONS[number % len(INTENTIONS)]
    task = draw_task(seed, family_named(family).group, index, intention)
    scene = draw_scene(seed, task, family, "a0")
    path = (task.split, index, "check expert", family)
    try:
        origin = provenance("expert", seed, path)
        demo = demonstrate(scene, seed_sequence(seed, *path), object_id="a0", provenance=origin)
        failed = tuple(name for name, holds in demo.verdict.items() if not holds)
    except NoGrasp:
        failed = ("no grasp",)
    return ExpertAttempt(family, number, intention, failed)
