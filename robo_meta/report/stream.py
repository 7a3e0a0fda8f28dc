"""The stream's page of the report, `stream.html`: curve, phases' ends and forgetting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from robo_meta.catalogue import BLUE, GREEN, PURPLE
from robo_meta.report.looks import Look
from robo_meta.report.numbers import points_text, rate_text
from robo_meta.report.page import render
from robo_meta.report.panels import Panel, Series, Spot, panels, series_of
from robo_meta.report.tables import csv_link, table

Record = dict[str, Any]
LEARNERS = {
    "online": ("online", Look(BLUE, "circle", "none")),
    "frozen": ("frozen start", Look(PURPLE, "square", "6 3")),
    "scratch": ("retrained from scratch", Look(GREEN, "up", "2 3")),
}
"""Learner → what people read, and its look in every chart."""
ALL = "all"


def section(result: Record, command: str | None = None) -> str:
    """What the page holds, as HTML without any outside reference.

    Args:
        result: see `robo_meta.report.stream_result.stream_result`.
        command: that made it, to be shown.
    """
    present = {row["transfer"] for row in result["arrivals"]}
    transfers = [transfer for transfer in (ALL, "new-shape") if transfer in present]
    return render(
        "stream.html",
        lead=_lead(result),
        facts=_facts(result),
        near=f"{result['near_m'] * 100:.0f}",
        phases=_phases(result),
        parts=[_part(result, transfer) for transfer in transfers],
        command=command,
    )


def _lead(result: Record) -> str:
    """The first sentence: online beside the frozen start and retraining, at the end of the last phase."""
    last = max((row["phase"] for row in result["ends"]), default=0)
    chosen = [row for row in result["ends"] if (row["phase"], row["judged"], row["transfer"]) == (last, 0, ALL)]
    rates = "; ".join(f"{LEARNERS[row['learner']][0]} {rate_text(row)}" for row in _in_order(chosen))
    if not rates:
        return "Nothing was judged."
    return f"After {last} phases, share of keypoints within {result['near_m'] * 100:.0f} cm on held-out tasks: {rates}."


def _facts(result: Record) -> str:
    config, spent, start = result["config"], result["spent"], result["start"]
    return (
        f"Start: {start['kind']}, {start['known_tasks']} tasks known beforehand. {spent['arrived']} tasks arrived, "
        f"each once; {config['stream_budget']} gradient steps a task, {spent['gradient_steps']} in all, batches of "
        f"{config['stream_batch']} from a reservoir of {config['reservoir']}. From scratch: "
        f"{', '.join(map(str, spent['scratch_steps']))} steps. Seed {result['seed']}."
    )


def _part(result: Record, transfer: str) -> dict[str, Any]:
    """Curve and table of one transfer."""
    pairs = [row for row in result["arrival_pairs"] if row["transfer"] == transfer]
    gains = "; ".join(f"phase {row['phase']} {points_text(row)} points, n = {row['n']}" for row in pairs)
    caption = (
        "Joined markers: queries of tasks as they arrive, before they are learned from. Upright lines: ends of phases. "
        f"95 % intervals. Online minus frozen on arrival: {gains}."
    )
    name = "All transfers together" if transfer == ALL else transfer
    ends = panels([_curve(result, transfer), _ends(result, transfer)], caption)
    return {"anchor": f"transfer-{transfer}", "name": name, "figure": ends, "table": _ends_table(result, transfer)}


def _curve(result: Record, transfer: str) -> Panel:
    """Rates over the tasks that have arrived, phases marked."""
    arrivals = [row for row in result["arrivals"] if row["transfer"] == transfer]
    most = max(row["last"] for row in arrivals)
    series = []
    for learner in ("online", "frozen"):
        rows = [row for row in arrivals if row["learner"] == learner]
        spots = [Spot((row["first"] + row["last"]) / 2 / most, row["rate"], row["low"], row["high"]) for row in rows]
        series.append(_series(learner, rows, spots, joined=True))
    stops = {row["phase"]: row["last"] / most for row in arrivals}
    ticks = tuple((share, f"{share * most:.0f}") for share in (0.0, 0.5, 1.0))
    marks = tuple((at, f"phase {phase}") for phase, at in stops.items())
    return Panel("As tasks arrive", tuple(series), ticks, "tasks that have arrived", stops=marks, y="keypoints near")


def _ends(result: Record, transfer: str) -> Panel:
    """Rates on held-out tasks of all phases so far, at each phase's end."""
    rows = [row for row in result["ends"] if row["transfer"] == transfer and row["judged"] == 0]
    phases = sorted({row["phase"] for row in rows})
    at = {phase: (number + 0.5) / len(phases) for number, phase in enumerate(phases)}
    series = []
    for number, learner in enumerate(LEARNERS):
        own = [row for row in rows if row["learner"] == learner]
        shift = 8.0 * (number - 1)
        spots = [Spot(at[row["phase"]], row["rate"], row["low"], row["high"], shift) for row in own]
        series.append(_series(learner, own, spots, joined=False))
    ticks = tuple((at[phase], str(phase)) for phase in phases)
    return Panel("Held-out tasks of all phases so far", tuple(series), ticks, "after phase", y="keypoints near")


def _series(learner: str, rows: Sequence[Record], spots: Sequence[Spot], joined: bool) -> Series:
    name, look = LEARNERS[learner]
    said = f"{name} " + ", ".join(rate_text(row) for row in rows)
    return series_of(name, spots, said, joined, look=look)


def _ends_table(result: Record, transfer: str) -> Markup:
    """The phases' ends and forgetting, one transfer."""
    ends = [row for row in result["ends"] if row["transfer"] == transfer]
    pairs = [row for row in result["end_pairs"] if row["transfer"] == transfer]
    body: list[tuple[bool, list[str]]] = []
    for phase, judged in dict.fromkeys((row["phase"], row["judged"]) for row in ends):
        here = [row for row in ends if (row["phase"], row["judged"]) == (phase, judged)]
        rates = {row["learner"]: rate_text(row) for row in here}
        spans = {row["b"]: points_text(row) for row in pairs if (row["phase"], row["judged"]) == (phase, judged)}
        known = [f"phase {phase}", f"phase {judged}" if judged else "all so far", str(here[0]["n"])]
        body.append((False, [*known, *(rates[name] for name in LEARNERS), spans["frozen"], spans["scratch"]]))
    lost = [row for row in result["forgetting"] if row["transfer"] == transfer]
    body += [
        (False, ["last phase", "phase 1, minus after phase 1", str(r["n"]), points_text(r), *"––––"]) for r in lost
    ]
    names = [name for name, _ in LEARNERS.values()]
    head = ("after", "held out of", "n", *names, "online − frozen, points", "online − scratch, points")
    caption = f"Held-out tasks at the phases’ ends, {transfer}, and what was forgotten of phase 1 (points)."
    return table(caption, head, body, csv_link(f"ends-{transfer}", ends))


def _in_order(rows: Sequence[Record]) -> list[Record]:
    names = list(LEARNERS)
    return sorted(rows, key=lambda row: names.index(row["learner"]))


def _phases(result: Record) -> Markup:
    head = ("phase", "new families", "new colours", "tasks", "held out")
    rows = []
    for row in result["phases"]:
        brought = [", ".join(row[kind]) or "–" for kind in ("families", "colours")]
        rows.append((False, [str(row["phase"]), *brought, str(row["tasks"]), str(row["held_out"])]))
    return table("What each phase brings.", head, rows, csv_link("phases", result["phases"]))
