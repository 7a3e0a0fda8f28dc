"""The strategies' page of the report, `report.html`: from a result and a handful of scenes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup

from robo_meta.evaluation.intervals import estimate
from robo_meta.evaluation.records import EXPERT
from robo_meta.report.charts import (
    AdaptationScene,
    adaptation_picture,
    cost_beside_success,
    family_bars,
    success_by_shots,
)
from robo_meta.report.page import figure, render, table, write_page
from robo_meta.report.terminal import benchmarks, learned_over_scripted

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
    parts = (
        _pair_part(result["pairs"]),
        asking_part(result.get("asking", ())),
        attempt_part(result.get("attempts", ())),
        novice_part(result.get("contrast", ())),
        _preference_part(result["interpretability"]),
    )
    return render(
        "strategies.html",
        preamble=_preamble(result),
        splits=[_split(name, result) for name in dict.fromkeys(cell["split"] for cell in cells)],
        parts=[part for part in parts if part is not None],
        failures=_failure_table(result["failures"]),
        pictures=[figure(adaptation_picture(scene), scene.caption) for scene in scenes],
    )


class Part(NamedTuple):
    """One headed table of the page."""

    title: str
    table: Markup
    note: str = ""


def _split(name: str, result: Record) -> Record:
    """The pictures and tables of one split."""
    cells = [cell for cell in result["cells"] if cell["split"] == name]
    cost = "What a strategy costs beside what it brings, fewest demonstrations; Wilson 95 % intervals."
    families, drawn = [row for row in result["families"] if row["split"] == name], None
    if families:
        # One transfer only, the one that shares least: pooled, each task would count three times.
        last = families[-1]["transfer"]
        caption = f"Success by the query's family, {last}, fewest demonstrations; Wilson 95 % intervals."
        drawn = figure(family_bars([row for row in families if row["transfer"] == last]), caption)
    return {
        "name": name,
        "by_shots": figure(success_by_shots(cells), "Success by number of demonstrations, Wilson 95 % intervals."),
        "cost": figure(cost_beside_success(cells), cost),
        "transfers": [
            (transfer, _rate_table([cell for cell in cells if cell["transfer"] == transfer]))
            for transfer in dict.fromkeys(cell["transfer"] for cell in cells)
        ],
        "families": drawn,
    }


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
    text = ", ".join(f"{name} {value}" for name, value in facts.items())
    ratio = learned_over_scripted(result["cells"])
    controller = "" if ratio is None else f" Learned controller ÷ scripted controller: {ratio:.3f}."
    skipped = f" {len(result['skipped'])} supports left out: the expert failed there." if result["skipped"] else ""
    matched = "Distinct tasks, one rollout each; every strategy met the same scenes."
    named = benchmarks(result)
    return f"{matched} {named}{'; ' * bool(named)}{text}.{controller}{skipped}"


def _rate_table(cells: list[Record]) -> Markup:
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


def _pair_part(pairs: list[Record]) -> Part | None:
    if not pairs:
        return None
    rows: dict[tuple[Any, ...], dict[str, Record]] = {}
    for pair in pairs:
        rows.setdefault((pair["split"], pair["transfer"], pair["shots"], pair["b"]), {})[pair["intention"]] = pair
    body = []
    for (split, transfer, shots, other), row in rows.items():
        shown = [_interval(row[name], "difference") if name in row else "–" for name in ("all", "balance", "part")]
        best = row["all"].get("best") if "all" in row else None
        body.append((False, [split, transfer, str(shots), f"{other} ({best})" if best else other, *shown]))
    head = ("split", "transfer", "shots", f"{pairs[0]['a']} minus", "all", "balance", "part")
    return Part("Paired differences, 95 % intervals", table(head, body))


def _preference_part(rows: list[Record]) -> Part | None:
    if not rows:
        return None
    head = ("strategy", "split", "transfer", "shots", "n", "before adapting", "after")
    body = [
        (False, [row["strategy"], row["split"], row["transfer"], str(row["shots"]), str(row["n"]), *_signed(row)])
        for row in rows
    ]
    return Part("Preference for a colour and its true density: rank correlation", table(head, body))


def _signed(row: Record) -> list[str]:
    return ["–" if row[side] is None else f"{row[side]:+.2f}" for side in ("before", "after")]


def _failure_table(rows: list[Record]) -> Markup | None:
    if not rows:
        return None
    head = ("strategy", "split", "transfer", "intention", "shots", "failed", "parts of the verdict that failed")
    body = []
    for row in rows:
        parts = ", ".join(f"{name} {count}" for name, count in sorted(row["parts"].items(), key=lambda part: -part[1]))
        labels = [row["strategy"], row["split"], row["transfer"], row["intention"], str(row["shots"])]
        body.append((row["strategy"] == "maml", [*labels, f"{row['failed']} of {row['n']}", parts]))
    return table(head, body)


def _interval(record: Record, field: str) -> str:
    return estimate(record[field], record["low"], record["high"], signed=field == "difference")


def asking_part(cells: Sequence[Record]) -> Part | None:
    """What a policy that may ask comes to, and what it does for it; None without cells.

    Args:
        cells: of `robo_meta.evaluation.asking_cells.asking_cells`.
    """
    if not cells:
        return None
    labels, kinds = ("strategy", "split", "transfer", "intention", "shots", "n"), tuple(cells[0]["asked"])
    returns = ("discounted", "selector", "maml")
    done = ("attempts", *(f"asked for: {kind}" for kind in kinds), "gave up")
    head = (*labels, "success", "return", "one attempt of selector", "one attempt of maml", *done)
    body = []
    for cell in cells:
        shown = [estimate(**cell["success"])]
        shown += ["–" if cell[name] is None else estimate(**cell[name], signed=True) for name in returns]
        shown += [f"{mean:.2f}" for mean in (cell["attempts"], *cell["asked"].values())]
        body.append((False, [*(str(cell[name]) for name in labels), *shown, f"{cell['gave_up']:.0%}"]))
    note = (
        "The selector's whole policy on each scene: it may ask for one demonstration, attempt again after a failure, or"
        " give up. Returns, discounted, are at the selector's prices; beside, those of one attempt in the same rollout."
        " Success is that of the last attempt. Wilson intervals; those of returns lie within what the prices allow."
    )
    return Part("Asking, attempting again, giving up", table(head, body), note)


def attempt_part(cells: Sequence[Record]) -> Part | None:
    """How many scenes were done by each attempt, `retry` beside `maml` repeated blindly; None without cells.

    Args:
        cells: of `robo_meta.evaluation.retries.attempt_cells`.
    """
    if not cells:
        return None
    head = ("split", "transfer", "intention", "shots", "n", "done by attempt", "retry", "blind maml", "difference")
    body = []
    for cell in cells:
        labels = [cell["split"], cell["transfer"], cell["intention"], str(cell["shots"]), str(cell["n"])]
        compared = zip(cell["retry"], cell["blind"], cell["difference"], strict=True)
        for number, (retry, blind, difference) in enumerate(compared, start=1):
            shown = [estimate(**retry), estimate(**blind), estimate(**difference, signed=True)]
            body.append((False, [*labels, str(number), *shown]))
    note = (
        "retry learns from its own failed attempts, maml repeats the same, both on the same rollouts; a scene that"
        " is done stays done. Wilson and paired 95 % intervals."
    )
    return Part("Second attempts", table(head, body), note)


def novice_part(cells: Sequence[Record]) -> Part | None:
    """Success from a novice's supports, `contrast` beside `maml`; None without cells.

    Args:
        cells: of `robo_meta.evaluation.failure_supports.novice_cells`.
    """
    if not cells:
        return None
    supports = ("split", "transfer", "intention", "imprecise successes", "failures", "n")
    head = (*supports, "contrast", "maml", "difference", "contrast, mm", "maml, mm")
    body = []
    for cell in cells:
        labels = [cell["split"], cell["transfer"], cell["intention"]]
        counts = [str(cell[name]) for name in ("successes", "failures", "n")]
        rates = [estimate(**cell["contrast"]), estimate(**cell["maml"]), estimate(**cell["difference"], signed=True)]
        errors = [f"{cell[name]:.1f}" for name in ("contrast_mm", "maml_mm")]
        body.append((False, [*labels, *counts, *rates, *errors]))
    note = (
        "contrast is shown a novice's imprecise success and failures, maml the success alone, or nothing where there is"
        " none. Wilson and paired 95 % intervals; median errors of the keypoint."
    )
    return Part("Learning from a novice", table(head, body), note)
