"""`report.html`: one self-contained page, readable offline, from a result and a handful of scenes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from demos.files import write_atomic
from robo_meta.report_pictures import (
    AdaptationScene,
    adaptation_picture,
    cost_beside_success,
    family_bars,
    success_by_shots,
)
from robo_meta.results_table import learned_over_scripted
from robo_meta.tally import EXPERT

Record = dict[str, Any]
LATENCIES = ("adapt, ms", "act, ms")
STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;max-width:72em;padding:0 1em;color:#1b1f24;background:#fff}
table{border-collapse:collapse;font-size:13px;margin:.4em 0 1.6em}
td,th{padding:.25em .7em;border-bottom:1px solid #d7dce1}
th{text-align:left;background:#f2f4f6}
td.n{text-align:right;font-variant-numeric:tabular-nums}
tr.ours{background:#eaf3ff}
figure{margin:.6em 0 1.6em}
figure img,figure svg{max-width:100%;height:auto}
figcaption,p.note{color:#57606a;font-size:13px}
"""


def write_report(path: Path, result: Record, scenes: Sequence[AdaptationScene] = ()) -> Path:
    """Write the report to `path`, whole or not at all.

    Args:
        path: of the HTML file.
        result: from `robo_meta.evaluate.evaluate`.
        scenes: what adaptation changed, to be drawn.
    """
    write_atomic(path, [page(result, scenes).encode()])
    return path


def page(result: Record, scenes: Sequence[AdaptationScene] = ()) -> str:
    """The report as HTML without any outside reference."""
    cells = result["cells"]
    parts = ["<h1>robo_meta: grasping what one demonstration tells of</h1>", _preamble(result)]
    for split in dict.fromkeys(cell["split"] for cell in cells):
        chosen = [cell for cell in cells if cell["split"] == split]
        parts.append(f"<h2>{escape(split)}</h2>")
        parts.append(_figure(success_by_shots(chosen), "Success by number of demonstrations, Wilson 95 % intervals."))
        caption = "What a strategy costs beside what it brings, fewest demonstrations; Wilson 95 % intervals."
        parts.append(_figure(cost_beside_success(chosen), caption))
        for transfer in dict.fromkeys(cell["transfer"] for cell in chosen):
            parts.append(f"<h3>{escape(transfer)}</h3>")
            parts.append(_rate_table([cell for cell in chosen if cell["transfer"] == transfer]))
        families = [row for row in result["families"] if row["split"] == split]
        if families:
            # One transfer only, the one that shares least: pooled, each task would count three times.
            transfer = families[-1]["transfer"]
            caption = f"Success by the query's family, {transfer}, fewest demonstrations; Wilson 95 % intervals."
            parts.append(_figure(family_bars([row for row in families if row["transfer"] == transfer]), caption))
    parts += [
        _pair_table(result["pairs"]),
        _preference_table(result["interpretability"]),
        _failure_table(result["failures"]),
    ]
    if scenes:
        parts.append("<h2>What adaptation changed</h2>")
        parts.append(
            "<p class=note>Left: the demonstration that was adapted from, with the demonstrated grasp. Middle and"
            " right: the weights of the query's points before and after, the grasp chosen, and the true keypoint.</p>"
        )
        parts += [_figure(adaptation_picture(scene), scene.caption) for scene in scenes]
    body = "\n".join(part for part in parts if part)
    head = f"<meta charset=utf-8><title>robo_meta</title><style>{STYLE}</style>"
    return f"<!doctype html><html lang=en><head>{head}</head><body>{body}</body></html>\n"


def _preamble(result: Record) -> str:
    config, identity = result["config"], result["identity"]
    facts = {
        "tasks per split": config["tasks"],
        "seed": config["seed"],
        "hand": config["hand"],
        "checkpoint": (identity["checkpoint"] or "none")[:12],
        "device": result["device"],
        "revision": (result["revision"] or "installed package")[:12],
        **identity["versions"],
    }
    text = ", ".join(f"{escape(name)} {escape(str(value))}" for name, value in facts.items())
    ratio = learned_over_scripted(result["cells"])
    hand = "" if ratio is None else f" Learned hand ÷ scripted hand: {ratio:.3f}."
    skipped = f" {len(result['skipped'])} supports left out: the expert failed there." if result["skipped"] else ""
    matched = "Distinct tasks, one rollout each; every strategy met the same scenes."
    return f"<p class=note>{matched} {text}.{hand}{skipped}</p>"


def _rate_table(cells: list[Record]) -> str:
    rows: dict[tuple[int, str], dict[str, Record]] = {}
    for cell in cells:
        rows.setdefault((cell["shots"], cell["strategy"]), {})[cell["intention"]] = cell
    head = ("strategy", "shots", "hand", "n", "all", "balance", "part", "÷ expert (≥)", "error, mm", *LATENCIES)
    body = []
    for (shots, strategy), row in sorted(rows.items(), key=lambda item: item[0][0]):
        whole = row["all"]
        rates = [_interval(row[name], "rate") if name in row else "–" for name in ("all", "balance", "part")]
        share = "–" if whole["of_expert"] is None else f"{whole['of_expert']:.2f} ({whole['of_expert_low']:.2f})"
        values = [strategy, "" if strategy == EXPERT else str(shots), whole["hand"], str(whole["n"]), *rates, share]
        values += [f"{whole['keypoint_mm']:.1f}", f"{whole['adapt_ms']:.1f}", f"{whole['act_ms']:.2f}"]
        body.append((strategy == "maml", values))
    return _table(head, body)


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
    return "<h2>Paired differences, 95 % intervals</h2>" + _table(head, body)


def _preference_table(rows: list[Record]) -> str:
    if not rows:
        return ""
    head = ("strategy", "split", "transfer", "shots", "n", "before adapting", "after")
    body = [
        (False, [row["strategy"], row["split"], row["transfer"], str(row["shots"]), str(row["n"]), *_signed(row)])
        for row in rows
    ]
    return "<h2>Preference for a colour and its true density: rank correlation</h2>" + _table(head, body)


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
    return "<details><summary>Why rollouts failed</summary>" + _table(head, body) + "</details>"


def _interval(record: Record, field: str) -> str:
    if record[field] is None:
        return "–"
    sign = "+" if field == "difference" else ""
    return f"{record[field]:{sign}.2f} [{record['low']:{sign}.2f}, {record['high']:{sign}.2f}]"


def _table(head: Sequence[str], body: Sequence[tuple[bool, list[str]]]) -> str:
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    rows = []
    for ours, values in body:
        shown = "".join(f"<td{_number_class(value)}>{escape(value)}</td>" for value in values)
        rows.append(f"<tr{' class=ours' if ours else ''}>{shown}</tr>")
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _number_class(value: str) -> str:
    return " class=n" if value[:1] in tuple("0123456789+-–") else ""


def _figure(picture: str, caption: str) -> str:
    return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption></figure>"
