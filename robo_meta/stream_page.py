"""The stream's page: curve, phases' ends and forgetting, as HTML that stands alone or inside the report."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from robo_meta.report_pictures import svg
from robo_meta.stream_report import signed, stream_table

Record = dict[str, Any]
COLOURS = {"online": "#0b62c4", "frozen": "#9aa4ad", "scratch": "#2e8b57"}
"""A learner's colour in every chart."""
LABELS = {"online": "online", "frozen": "frozen start", "scratch": "retrained from scratch"}


def page(result: Record) -> str:
    """The section as a page of its own, without any outside reference."""
    from robo_meta.report import STYLE

    head = f"<meta charset=utf-8><title>robo_meta: stream</title><style>{STYLE}</style>"
    return f"<!doctype html><html lang=en><head>{head}</head><body>{section(result)}</body></html>\n"


def section(result: Record) -> str:
    """Heading, facts, pictures and tables; for `report.py` to embed."""
    config, spent, start = result["config"], result["spent"], result["start"]
    facts = (
        f"Start: {start['kind']}, {start['known_tasks']} tasks known beforehand. {spent['arrived']} tasks arrived, "
        f"each once; {config['stream_budget']} gradient steps a task, {spent['gradient_steps']} in all, batches of "
        f"{config['stream_batch']} from a reservoir of {config['reservoir']}. From scratch: "
        f"{', '.join(map(str, spent['scratch_steps']))} steps. Seed {result['seed']}."
    )
    parts = ["<h2>Online meta-learning</h2>", f"<p class=note>{escape(facts)}</p>", _phases(result)]
    present = {row["transfer"] for row in result["arrivals"]}
    for transfer in ("all", "new-shape"):
        if transfer in present:
            pairs = [row for row in result["arrival_pairs"] if row["transfer"] == transfer]
            gains = "; ".join(f"phase {row['phase']} {signed(row)}, n = {row['n']}" for row in pairs)
            caption = (
                f"Share of query keypoints within {result['near_m'] * 100:.0f} cm, {transfer}. Lines: queries of tasks "
                f"as they arrive, before they are learned from. Squares: held-out tasks of all phases so far, at each "
                f"phase's end. 95 % intervals. Online minus frozen on arrival: {gains}."
            )
            parts.append(f"<figure>{curve(result, transfer)}<figcaption>{escape(caption)}</figcaption></figure>")
            parts.append(f"<pre>{escape(stream_table(result, transfer))}</pre>")
    return "\n".join(parts)


def curve(result: Record, transfer: str) -> str:
    """Rates over the tasks that have arrived, phases marked; SVG."""
    figure = Figure(figsize=(9.0, 3.8), layout="constrained")
    ax = figure.subplots()
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
    return svg(figure)


def _phases(result: Record) -> str:
    rows = "".join(
        f"<tr><td class=n>{row['phase']}<td>{escape(', '.join(row['families']))}<td>{escape(', '.join(row['colours']))}"
        f"<td class=n>{row['tasks']}<td class=n>{row['probes']}</tr>"
        for row in result["phases"]
    )
    head = "<tr><th>phase<th>new families<th>new colours<th>tasks<th>held out</tr>"
    return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"
