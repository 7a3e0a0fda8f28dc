"""The stream's page of the report, `stream.html`: curve, phases' ends and forgetting."""

from __future__ import annotations

from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from robo_meta.report.charts import svg
from robo_meta.report.page import figure, render, table
from robo_meta.report.stream_result import signed, stream_table

Record = dict[str, Any]
COLOURS = {"online": "#0b62c4", "frozen": "#9aa4ad", "scratch": "#2e8b57"}
"""A learner's colour in every chart."""
LABELS = {"online": "online", "frozen": "frozen start", "scratch": "retrained from scratch"}


def section(result: Record) -> str:
    """What the page holds, as HTML without any outside reference."""
    config, spent, start = result["config"], result["spent"], result["start"]
    facts = (
        f"Start: {start['kind']}, {start['known_tasks']} tasks known beforehand. {spent['arrived']} tasks arrived, "
        f"each once; {config['stream_budget']} gradient steps a task, {spent['gradient_steps']} in all, batches of "
        f"{config['stream_batch']} from a reservoir of {config['reservoir']}. From scratch: "
        f"{', '.join(map(str, spent['scratch_steps']))} steps. Seed {result['seed']}."
    )
    present, parts = {row["transfer"] for row in result["arrivals"]}, []
    for transfer in ("all", "new-shape"):
        if transfer in present:
            pairs = [row for row in result["arrival_pairs"] if row["transfer"] == transfer]
            gains = "; ".join(f"phase {row['phase']} {signed(row)}, n = {row['n']}" for row in pairs)
            caption = (
                f"Share of query keypoints within {result['near_m'] * 100:.0f} cm, {transfer}. Lines: queries of tasks "
                f"as they arrive, before they are learned from. Squares: held-out tasks of all phases so far, at each "
                f"phase's end. 95 % intervals. Online minus frozen on arrival: {gains}."
            )
            drawn = figure(curve(result, transfer), caption)
            parts.append({"figure": drawn, "table": stream_table(result, transfer)})
    return render("stream.html", facts=facts, phases=_phases(result), parts=parts)


def curve(result: Record, transfer: str) -> str:
    """Rates over the tasks that have arrived, phases marked; SVG."""
    drawn = Figure(figsize=(9.0, 3.8), layout="constrained")
    ax = drawn.subplots()
    arrivals = [row for row in result["arrivals"] if row["transfer"] == transfer]
    for learner in ("online", "frozen"):
        rows = [row for row in arrivals if row["learner"] == learner]
        x = [(row["first"] + row["last"]) / 2 for row in rows]
        ax.plot(x, [row["rate"] for row in rows], "o-", color=COLOURS[learner], markersize=3, label=LABELS[learner])
        low, high = ([row[side] for row in rows] for side in ("low", "high"))
        ax.fill_between(x, low, high, color=COLOURS[learner], alpha=0.12, linewidth=0)
    stops = {row["phase"]: row["last"] for row in arrivals}
    for number, learner in enumerate(LABELS):
        rows = [
            row for row in result["ends"]
            if row["transfer"] == transfer and row["judged"] == 0 and row["learner"] == learner
        ]  # fmt: skip
        x = [stops[row["phase"]] + (number - 1) * 0.008 * max(stops.values()) for row in rows]
        rates = np.array([row["rate"] for row in rows])
        spans = np.abs(np.array([[row["low"], row["high"]] for row in rows]).T - rates)
        label = LABELS[learner] if learner == "scratch" else None
        ax.errorbar(x, rates, spans, fmt="s", color=COLOURS[learner], markersize=5, elinewidth=0.8, label=label)
    for phase, stop in stops.items():
        ax.axvline(stop, color="#0003", linewidth=0.8, linestyle=":")
        begin = min(row["first"] for row in arrivals if row["phase"] == phase)
        ax.text((begin + stop) / 2, 1.03, f"phase {phase}", ha="center", fontsize=8)
    ax.set(xlabel="tasks that have arrived", ylabel="keypoints within 2 cm", ylim=(-0.02, 1.1))
    ax.grid(axis="y", alpha=0.25)
    ax.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return svg(drawn)


def _phases(result: Record) -> Markup:
    head = ("phase", "new families", "new colours", "tasks", "held out")
    rows = []
    for row in result["phases"]:
        brought = [", ".join(row[kind]) for kind in ("families", "colours")]
        rows.append((False, [str(row["phase"]), *brought, str(row["tasks"]), str(row["held_out"])]))
    return table(head, rows)
