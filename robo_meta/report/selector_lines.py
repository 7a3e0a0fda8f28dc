"""A judgement as rows and sentences, which the terminal and the page share."""

from __future__ import annotations

from typing import Any

from robo_meta.report.numbers import percent, points_text, rate_text, signed_interval
from robo_meta.selector.judging.judge import BASELINES, CEILINGS
from robo_meta.selector.judging.scoring import JUDGED, TRAINED

NAMES = {"told-the-world": "told the world", "three-line-rule": "three-line rule"}
"""Name in the result → what people read, where that differs."""
VIRTUAL_BEST = "virtual best (cross-fitted)"
CEILING_NAMES = (NAMES["told-the-world"], VIRTUAL_BEST)
"""Rows of what only hindsight could do, or who is told."""


def rows_of(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Name → rate, in the table's order; what is no baseline comes last: the selector, and the ceilings."""
    rows = {f"{name} ({result[key]['strategy']})": result[key] for name, key in _singles()}
    rows |= {name: result[name] for name in BASELINES if name in result}
    rows |= {"selector": result["selector"]}
    rows |= {f"beside: {name}": row for name, row in result["beside"].items()}
    rows |= {NAMES[name]: result[name] for name in CEILINGS if name in result}
    return rows | {VIRTUAL_BEST: result["vbs"]}


def _singles() -> tuple[tuple[str, str], ...]:
    return (TRAINED, "sbs_trained"), (JUDGED, "sbs_judged")


def lines_of_gate(result: dict[str, Any]) -> list[str]:
    """What must be known first: where there is anything to select."""
    lines = []
    for name, gate in result["gates"].items():
        found = (
            f"virtual best − single best {100 * gate['difference']:+.1f} ± {100 * gate['error']:.1f} points "
            f"(n = {gate['n']})"
        )
        verdict = "" if gate["passed"] else f": no selection problem there, it needs {100 * gate['needed']:.1f}"
        lines.append(f"{name}: {found}{verdict}")
    return lines


def lines_of_gap(result: dict[str, Any]) -> list[str]:
    """How much of the gap is closed, between what, and how sure that is."""
    vbs, sbs = result["vbs"], result["sbs"]
    lines = [
        f"closed gap: {share(result['closed_gap'])}, over {sbs['strategy']}, the {sbs['chosen_by']}",
        f"virtual best {percent(vbs['rate'], 1)} by cross-fitting, which doesn't flatter it; "
        f"{percent(vbs['naive'], 1)} by a naive maximum, which does: the truth lies between, chance apart",
    ]
    others = [(NAMES.get(name, name), gap) for name, gap in result["closed_gaps"].items() if name != "selector"]
    lines.append("closed by others: " + ", ".join(f"{name} {share(gap)}" for name, gap in others))
    if "seeds" in result:
        lines.append(_line_of_seeds(result["seeds"]))
    else:
        lines.append("one selector seed: with --training, the matrix that it learned from, four more are judged")
    if result["untellable"]:
        lines.append(f"{result['untellable']} scenes in which nothing can tell count only in a slice of their own")
    return lines


def _line_of_seeds(seeds: dict[str, Any]) -> str:
    rate, gap = seeds["selector"], seeds["closed_gap"]
    closed = "no gap" if gap is None else f"closed gap {_median_and_worst(gap)}"
    return f"{seeds['n']} selector seeds: success {_median_and_worst(rate)}; {closed}"


def _median_and_worst(found: dict[str, float]) -> str:
    return f"median {percent(found['median'], 1)}, worst {percent(found['worst'], 1)}"


def lines_of_slices(result: dict[str, Any]) -> list[str]:
    """The selector beside the three-line rule and `maml`, slice by slice, on the same rollouts."""
    lines = []
    for name, found in result["slices"].items():
        against = {"three-line rule": "over_rule", "maml": "over_maml"}
        pairs = [f"− {other} {points(found[key])}" for other, key in against.items() if key in found]
        rate = f"selector {percent(found['selector']['rate'], 1)}"
        pairs += [f"÷ expert {share(found['of_expert'])}"] if "of_expert" in found else []
        lines.append(f"{name} (n = {found['n']}, {found['tasks']} tasks): " + "; ".join([rate, *pairs]))
    return lines


POLICIES = {
    "asking": "asking where it pays",
    "never-asking": "never asking",
    "always-asking": "always asking for a demonstration on the object",
    "rule-asking": "three-line rule with the same asking",
    "single-best-once": "single best once",
}
"""Name in the result → what people read."""


def lines_of_returns(result: dict[str, Any]) -> list[str]:
    """What the whole policy comes to at its prices, with and without asking."""
    lines = []
    for scenes, name in (("tellable", "returns at its prices"), ("all", "the same with untellable scenes")):
        found = result["returns"][scenes]
        rates = ", ".join(f"{POLICIES[policy]} {signed_interval(row)}" for policy, row in found["policies"].items())
        lines.append(f"{name} (n = {found['n']}): {rates}")
        over = ", ".join(f"{POLICIES[policy]} {signed_interval(row)}" for policy, row in found["asking_over"].items())
        lines.append(
            f"asking where it pays − others: {over}; success {percent(found['success'], 1)}, "
            f"{found['attempts']:.2f} attempts, {found['demos']:.2f} demonstrations, "
            f"gave up {percent(found['gave_up'], 1)}"
        )
    return lines


def lines_of_sites(result: dict[str, Any]) -> list[str]:
    """What a site's memory is worth, kind by kind; nothing where that wasn't asked for."""
    if result.get("sites") is None:
        return ["sites: the selector learned from scenes of one kind"] if "sites" in result else []
    return [
        f"memory at sites of {kind} (n = {found['n']}): first choice {percent(found['memory'], 1)}, without it "
        f"{percent(found['without'], 1)}, gain {points(found['gain'])}"
        for kind, found in result["sites"].items()
    ]


def lines_of_decision(result: dict[str, Any]) -> list[str]:
    """How far predictions are off, and what a decision takes."""
    chosen, every = result["calibration"]["chosen"], result["calibration"]["all"]
    lines = [
        f"calibration error of predicted success {percent(chosen['error'], 1)} of what was chosen (n = {chosen['n']}; "
        f"by chance alone up to {percent(chosen['by_chance'], 1)}), {percent(every['error'], 1)} of every strategy "
        f"(n = {every['n']})"
    ]
    if "decision_ms" in result:
        ms = result["decision_ms"]
        lines.append(
            f"a decision takes {ms['median']:.0f} ms of processor time from one demonstration (slowest of "
            f"{ms['n']}: {ms['slowest']:.0f} ms): look {ms['look']:.0f} ms, choice {ms['choice']:.1f} ms; from "
            f"{ms['several']['shots']} it takes {ms['several']['median']:.0f} ms"
        )
    return lines


def share(row: dict[str, float | None]) -> str:
    """A share of something with its interval, in percent; a dash where it isn't known."""
    if row["value"] is not None and (row["low"] is None or row["high"] is None):
        return f"{percent(row['value'], 1)} [–]"
    return rate_text(row, "value", digits=1)


def points(row: dict[str, float | None]) -> str:
    """A difference of rates with its interval, in percentage points."""
    return f"{points_text(row, 'value', digits=1)} points"
