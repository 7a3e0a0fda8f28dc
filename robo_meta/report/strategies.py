"""The strategies' page of the report, `report.html`: from a result and a handful of scenes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from robo_meta.evaluation.intervals import estimate
from robo_meta.evaluation.summary import EXPERT
from robo_meta.report.charts import (
    AdaptationScene,
    adaptation_picture,
    cost_beside_success,
    family_bars,
    success_by_shots,
)
from robo_meta.report.page import figure, table, write_page
from robo_meta.report.terminal import learned_over_scripted

Record = dict[str, Any]
LATENCIES = ("adapt, ms", "act, ms")


def write_report(path: Path, result: Record, scenes: Sequence[AdaptationScene] = ()) -> Path:
    """Write the page to `path`, whole or not at all, linked with the report's others in that folder.

    Args:
        path: of the HTML file.
        result: from `robo_meta.evaluation.evaluate.evaluate`.
        scenes: what adaptation changed, to be drawn.
    """
    return write_page(path, "strategies", section(result, scenes))


def section(result: Record, scenes: Sequence[AdaptationScene] = ()) -> str:
    """What the page holds, as HTML without any outside reference."""
    cells = result["cells"]
    parts = ["<h1>robo_meta: grasping what one demonstration tells of</h1>", _preamble(result)]
    for split in dict.fromkeys(cell["split"] for cell in cells):
        chosen = [cell for cell in cells if cell["split"] == split]
        parts.append(f"<h2>{escape(split)}</h2>")
        parts.append(figure(success_by_shots(chosen), "Success by number of demonstrations, Wilson 95 % intervals."))
        caption = "What a strategy costs beside what it brings, fewest demonstrations; Wilson 95 % intervals."
        parts.append(figure(cost_beside_success(chosen), caption))
        for transfer in dict.fromkeys(cell["transfer"] for cell in chosen):
            parts.append(f"<h3>{escape(transfer)}</h3>")
            parts.append(_rate_table([cell for cell in chosen if cell["transfer"] == transfer]))
        families = [row for row in result["families"] if row["split"] == split]
        if families:
            # One transfer only, the one that shares least: pooled, each task would count three times.
            transfer = families[-1]["transfer"]
            caption = f"Success by the query's family, {transfer}, fewest demonstrations; Wilson 95 % intervals."
            parts.append(figure(family_bars([row for row in families if row["transfer"] == transfer]), caption))
    parts += [
        _pair_table(result["pairs"]),
        attempt_table(result.get("attempts", ())),
        sloppy_table(result.get("contrast", ())),
        _preference_table(result["interpretability"]),
        _failure_table(result["failures"]),
    ]
    if scenes:
        parts.append("<h2>What adaptation changed</h2>")
        parts.append(
            "<p class=note>Left: the demonstration that was adapted from, with the demonstrated grasp. Middle and"
            " right: the weights of the query's points before and after, the grasp chosen, and the true keypoint.</p>"
        )
        parts += [figure(adaptation_picture(scene), scene.caption) for scene in scenes]
    return "\n".join(part for part in parts if part)


def _preamble(result: Record) -> str:
    config, identity = result["config"], result["identity"]
    facts = {
        "tasks per split": config["tasks"],
        "seed": config["seed"],
        "controller": config["controller"],
        "checkpoint": (identity["checkpoint"] or "none")[:12],
        "device": result["device"],
        "revision": (result["revision"] or "installed package")[:12],
        **identity["versions"],
    }
    text = ", ".join(f"{escape(name)} {escape(str(value))}" for name, value in facts.items())
    ratio = learned_over_scripted(result["cells"])
    controller = "" if ratio is None else f" Learned controller ÷ scripted controller: {ratio:.3f}."
    skipped = f" {len(result['skipped'])} supports left out: the expert failed there." if result["skipped"] else ""
    matched = "Distinct tasks, one rollout each; every strategy met the same scenes."
    return f"<p class=note>{matched} {text}.{controller}{skipped}</p>"


def _rate_table(cells: list[Record]) -> str:
    rows: dict[tuple[int, str], dict[str, Record]] = {}
    for cell in cells:
        rows.setdefault((cell["shots"], cell["strategy"]), {})[cell["intention"]] = cell
    head = ("strategy", "shots", "controller", "n", "all", "balance", "part", "÷ expert (≥)", "error, mm", *LATENCIES)
    body = []
    for (shots, strategy), row in sorted(rows.items(), key=lambda item: item[0][0]):
        whole = row["all"]
        rates = [_interval(row[name], "rate") if name in row else "–" for name in ("all", "balance", "part")]
        share = "–" if whole["of_expert"] is None else f"{whole['of_expert']:.2f} ({whole['of_expert_low']:.2f})"
        values = [
            strategy,
            "" if strategy == EXPERT else str(shots),
            whole["controller"],
            str(whole["n"]),
            *rates,
            share,
        ]
        values += [f"{whole['keypoint_mm']:.1f}", f"{whole['adapt_ms']:.1f}", f"{whole['act_ms']:.2f}"]
        body.append((strategy == "maml", values))
    return table(head, body)


def _pair_table(pairs: list[Record]) -> str:
    if not pairs:
        return ""
    rows: dict[tuple[Any, ...], dict[str, Record]] = {}
    for pair in pairs:
        rows.setdefault((pair["split"], pair["transfer"], pair["shots"], pair["b"]), {})[pair["intention"]] = pair
    body = []
    for (split, transfer, shots, other), row in rows.items():
        shown = [_interval(row[name], "difference") if name in row else "–" for name in ("all", "balance", "part")]
        best = row["all"].get("best") if "all" in row else None
        body.append((False, [split, transfer, str(shots), f"{other} ({best})" if best else other, *shown]))
    head = ("split", "transfer", "shots", "maml minus", "all", "balance", "part")
    return "<h2>Paired differences, 95 % intervals</h2>" + table(head, body)


def _preference_table(rows: list[Record]) -> str:
    if not rows:
        return ""
    head = ("strategy", "split", "transfer", "shots", "n", "before adapting", "after")
    body = [
        (False, [row["strategy"], row["split"], row["transfer"], str(row["shots"]), str(row["n"]), *_signed(row)])
        for row in rows
    ]
    return "<h2>Preference for a colour and its true density: rank correlation</h2>" + table(head, body)


def _signed(row: Record) -> list[str]:
    return ["–" if row[side] is None else f"{row[side]:+.2f}" for side in ("before", "after")]


def _failure_table(rows: list[Record]) -> str:
    if not rows:
        return ""
    head = ("strategy", "split", "transfer", "intention", "shots", "failed", "parts of the verdict that failed")
    body = []
    for row in rows:
        parts = ", ".join(f"{name} {count}" for name, count in sorted(row["parts"].items(), key=lambda part: -part[1]))
        labels = [row["strategy"], row["split"], row["transfer"], row["intention"], str(row["shots"])]
        body.append((row["strategy"] == "maml", [*labels, f"{row['failed']} of {row['n']}", parts]))
    return "<details><summary>Why rollouts failed</summary>" + table(head, body) + "</details>"


def _interval(record: Record, field: str) -> str:
    return estimate(record[field], record["low"], record["high"], signed=field == "difference")


def attempt_table(cells: Sequence[Record]) -> str:
    """How many scenes were done by each attempt, `retry` beside `maml` repeated blindly; empty without cells.

    Args:
        cells: of `robo_meta.evaluation.retries.attempt_cells`.
    """
    if not cells:
        return ""
    head = ("split", "transfer", "intention", "shots", "n", "done by attempt", "retry", "blind maml", "difference")
    body = []
    for cell in cells:
        labels = [cell["split"], cell["transfer"], cell["intention"], str(cell["shots"]), str(cell["n"])]
        compared = zip(cell["retry"], cell["blind"], cell["difference"], strict=True)
        for number, (retry, blind, difference) in enumerate(compared, start=1):
            shown = [estimate(**retry), estimate(**blind), estimate(**difference, signed=True)]
            body.append((False, [*labels, str(number), *shown]))
    note = (
        "retry learns from its own failed attempts, maml tries the same again, both on the same rollouts; a scene that"
        " is done stays done. Wilson and paired 95 % intervals."
    )
    return f"<h2>Second attempts</h2><p class=note>{note}</p>" + table(head, body)


def sloppy_table(cells: Sequence[Record]) -> str:
    """Success from a novice's supports, `contrast` beside `maml`; empty without cells.

    Args:
        cells: of `robo_meta.evaluation.failure_supports.sloppy_cells`.
    """
    if not cells:
        return ""
    supports = ("split", "transfer", "intention", "sloppy successes", "failures", "n")
    head = (*supports, "contrast", "maml", "difference", "contrast, mm", "maml, mm")
    body = []
    for cell in cells:
        labels = [cell["split"], cell["transfer"], cell["intention"]]
        counts = [str(cell[name]) for name in ("successes", "failures", "n")]
        rates = [estimate(**cell["contrast"]), estimate(**cell["maml"]), estimate(**cell["difference"], signed=True)]
        errors = [f"{cell[name]:.1f}" for name in ("contrast_mm", "maml_mm")]
        body.append((False, [*labels, *counts, *rates, *errors]))
    note = (
        "contrast is shown a novice's sloppy success and failures, maml the success alone, or nothing where there is"
        " none. Wilson and paired 95 % intervals; median errors of the keypoint."
    )
    return f"<h2>Learning from a novice</h2><p class=note>{note}</p>" + table(head, body)
