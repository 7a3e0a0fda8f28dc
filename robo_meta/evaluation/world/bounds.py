"""Lines of the world check: shares of measured records, each with its interval and the bound that it must keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from robo_meta.evaluation.intervals import wilson
from robo_meta.evaluation.world.probes import OFFSETS, CurveProbe, LayoutsProbe, TaskProbe
from sim.shapes.families import FAMILIES, families_of
from sim.tasks.sampling import FRICTION_RANGE, RATIO_RANGE

ALL = "all"
LEAST_FAMILIES = {"training": 10, "validation": 4, "unseen-families": 6}
"""Families that each group must have at least."""


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
    missed: bool = False
    """Whether the bound certainly isn't kept: for a share, the whole interval is outside."""


def share(name: str, split: str, hits: Iterable[bool], least: float = 0.0, most: float = 1.0, note: str = "") -> Line:
    """A line for the share of true `hits`, which must be within `least` and `most`.

    It is missed where the whole 95 % interval is outside, so that few tasks don't miss a bound by chance; all must be
    true where `least` is 1, whatever their number.
    """
    outcomes = [bool(hit) for hit in hits]
    rate = wilson(sum(outcomes), len(outcomes))
    bound = " and ".join(([f"≥ {least:g}"] if least > 0 else []) + ([f"≤ {most:g}"] if most < 1 else []))
    passed = bool(outcomes) and least <= rate.value <= most if bound else None
    missed = bool(bound) and not (outcomes and rate.high >= least and rate.low <= most)
    value = rate.value if outcomes else None
    return Line(name, split, value, bound, passed, len(outcomes), rate.low, rate.high, note, missed)


def skill_lines(split: str, records: list[TaskProbe]) -> list[Line]:
    """What needs no demonstration must fail, and the expert must succeed."""
    bounds: tuple[tuple[str, float, float, str], ...] = (
        ("centre", 0.0, 0.45, "grasps the middle"),
        ("equal", 0.0, 0.40, "guesses equal densities"),
        ("blind", 0.0, 0.55, "best material-blind rule"),
        ("expert_balance", 0.97, 1.0, "expert, balance"),
        ("expert_part", 0.97, 1.0, "expert, part"),
    )
    return [
        share(label, split, [getattr(record, key).success for record in records], least, most)
        for key, least, most, label in bounds
    ]


def geometry_lines(split: str, records: list[TaskProbe]) -> list[Line]:
    """Rules of objects, materials and observation, on every task."""

    found = [record.facts for record in records]

    def rule(name: str, key: str, holds: Callable[[Any], bool], scale: float = 1.0, unit: str = "") -> Line:
        values = [getattr(facts, key) for facts in found]
        note = "" if isinstance(values[0], bool) else f"{min(values) * scale:.3g} to {max(values) * scale:.3g}{unit}"
        return share(name, split, [holds(value) for value in values], least=1.0, note=note)

    (low, high), (slippery, rough) = RATIO_RANGE, FRICTION_RANGE
    first = share("first colour the heavier", split, [facts.first_heavier for facts in found], note="either may be")
    return [
        rule("balance points at 1:4 and 4:1 ≥ 4 cm apart", "separation", lambda m: m >= 0.04, 100, " cm"),
        rule(f"density ratio {low:g} to {high:g}", "ratio", lambda value: low <= value <= high),
        first,
        rule("two colours, both on the object", "colours", bool),
        rule("balance mass 0.3 to 0.7 kg", "balance_mass", lambda kg: 0.3 <= kg <= 0.7, 1, " kg"),
        rule("part mass ≤ 0.04 kg", "part_mass", lambda kg: kg <= 0.04, 1, " kg"),
        rule(f"friction {slippery:g} to {rough:g}", "friction", lambda mu: slippery <= mu <= rough),
        rule("geometry independent of the intention", "same_object", bool),
        rule("outer ends ≥ 4 cm from balance points", "end_clearance", lambda m: m >= 0.04, 100, " cm"),
        rule("length 12 to 36 cm", "length", lambda m: 0.12 <= m <= 0.36, 100, " cm"),
        rule("height ≤ 5 cm", "height", lambda m: m <= 0.05, 100, " cm"),
        rule("every possible balance point graspable", "graspable", bool),
        rule("every possible balance point supported", "flat", bool),
        share("equal-density guess > 2.5 cm off", split, [facts.equal_off > 0.025 for facts in found]),
        share("middle > 2.5 cm off", split, [facts.middle_off > 0.025 for facts in found]),
        rule("reset unchanged by exchanged materials", "reset_alike", bool),
        rule("settled within 0.1 mm of that", "settled_apart", lambda m: m <= 1e-4, 1e3, " mm"),
    ]


def curve_lines(records: list[CurveProbe]) -> list[Line]:
    """Success against the distance from the centre of mass, and where it falls below one half."""
    lines: list[Line] = []
    for number, offset in enumerate(OFFSETS):
        hits = [hit for record in records if (hit := record.outcomes[number]) is not None]
        lines.append(share(f"grasp {offset * 100:g} cm off", ALL, hits, least=0.97 if offset == 0 else 0.0))
    measured = [(offset, line.value) for offset, line in zip(OFFSETS, lines, strict=True) if line.value is not None]
    crossing = half_crossing(measured)
    passed = crossing is not None and 2.0 <= crossing * 100 <= 3.0
    centimetres = None if crossing is None else crossing * 100
    return [
        *lines,
        Line("cm off at which half of the grasps fail", ALL, centimetres, "2 to 3", passed, missed=not passed),
    ]


def half_crossing(curve: list[tuple[float, float]]) -> float | None:
    """m: first offset at which the rates of (offset, rate), joined by straight lines, fall to one half, if any."""
    for (left, above), (right, below) in pairwise(curve):
        if above >= 0.5 > below:
            return left + (right - left) * (above - 0.5) / (above - below)
    return None


def layout_lines(records: list[LayoutsProbe]) -> list[Line]:
    """Share of raw layouts that become objects."""
    reasons = sum((Counter(record.reasons) for record in records), Counter[str]())
    total = sum(record.n for record in records)
    refused = ", ".join(f"{name} {n / total:.0%}" for name, n in reasons.most_common() if name != "accepted")
    rate = wilson(reasons["accepted"], total)
    return [Line("raw layouts accepted", ALL, rate.value, "", None, total, rate.low, rate.high, f"refused: {refused}")]


def family_lines() -> list[Line]:
    """Enough families in each group, and none in two."""
    names = {group: set(families_of(group)) for group in LEAST_FAMILIES}
    lines = [
        Line("families", group, n := len(names[group]), f"≥ {least}", n >= least, missed=n < least)
        for group, least in LEAST_FAMILIES.items()
    ]
    shared = sum(len(names[group]) for group in names) - len(set().union(*names.values()))
    outside = len(set(FAMILIES) - set().union(*names.values()))
    wrong = shared + outside
    return [*lines, Line("families in two groups or none", ALL, wrong, "= 0", wrong == 0, missed=wrong > 0)]
