"""How often the scripted demonstrator succeeds: every demonstration that learning sees is one of its successes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

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


def check_expert(config: ExpertCheckConfig) -> dict[str, Any]:
    """`expert_success` of a configuration."""
    return expert_success(config.families, config.tasks, config.workers, config.seed)


def expert_success(families: tuple[str, ...], tasks: int, workers: int, seed: int) -> dict[str, Any]:
    """Let the demonstrator grasp `tasks` fresh objects of each family, with its noise and natural variation.

    Args:
        families: which; all where empty.
        tasks: objects of each.
        workers: processes.
        seed: root seed; with the family and the object's number it fixes the outcome.

    Returns:
        `{schema, seed, rows, failures}`: rows `{family, split, intention, n, successes, rate, low, high}` of every
        family and of `all`, each for both intentions together (`all`) and apart; failures `{family, number, intention,
        failed}` with the failed parts of the verdict.
    """
    names = tuple(dict.fromkeys(families)) or tuple(FAMILIES)
    jobs = [partial(_attempt, seed, name, number) for name in names for number in range(tasks)]
    attempts = []
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        shown = bar.add_task("demonstrations", total=len(jobs))
        for result in run_jobs(jobs, workers):
            attempts.append(result)
            bar.advance(shown)
    # Workers answer in any order.
    attempts.sort(key=lambda result: (names.index(result["family"]), result["number"]))
    rows = [
        _row(family, intention, attempts)
        for family in (*names, TOTAL)
        for intention in (TOTAL, *INTENTIONS)
        if intention == TOTAL or any(result["intention"] == intention for result in attempts)
    ]
    failed = [result for result in attempts if result["failed"]]
    return {"schema": SCHEMA, "seed": seed, "rows": rows, "failures": failed}


def _row(family: str, intention: str, attempts: list[dict[str, Any]]) -> dict[str, Any]:
    chosen = [t for t in attempts if family in (t["family"], TOTAL) and intention in (t["intention"], TOTAL)]
    successes = sum(not result["failed"] for result in chosen)
    rate = wilson(successes, len(chosen))
    split = TOTAL if family == TOTAL else family_named(family).group
    counts = {"n": len(chosen), "successes": successes, "rate": rate.value, "low": rate.low, "high": rate.high}
    return {"family": family, "split": split, "intention": intention} | counts


def _attempt(seed: int, family: str, number: int) -> dict[str, Any]:
    """One demonstration on a fresh object; `failed` is empty on success."""
    # Tasks are numbered from the family's own stream, so that the families don't all get the same materials.
    index = int(generator(seed, "check expert", family, number).integers(2**31))
    intention = INTENTIONS[number % len(INTENTIONS)]
    task = draw_task(seed, family_named(family).group, index, intention)
    scene = draw_scene(seed, task, family, "a0")
    path = (task.split, index, "check expert", family)
    failed: list[str]
    try:
        origin = provenance("expert", seed, path)
        demo = demonstrate(scene, seed_sequence(seed, *path), object_id="a0", provenance=origin)
        failed = [name for name, holds in demo.verdict.items() if not holds]
    except NoGrasp:
        failed = ["no grasp"]
    return {"family": family, "number": number, "intention": intention, "failed": failed}
