"""Headed tables of the strategies' page that only some results have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from robo_meta.report.numbers import percent, points_text, rate_text, signed, signed_interval
from robo_meta.report.tables import csv_link, table

Record = Mapping[str, Any]
INTENTIONS = ("all", "balance", "part")


class Part(NamedTuple):
    """One headed table of the page."""

    anchor: str
    """Its place in the page, `#anchor`."""
    title: str
    table: Markup
    note: str = ""


def pair_part(pairs: Sequence[Record]) -> Part | None:
    """Paired differences, intentions side by side; None without pairs."""
    if not pairs:
        return None
    rows: dict[tuple[Any, ...], dict[str, Record]] = {}
    for pair in pairs:
        rows.setdefault((pair["split"], pair["transfer"], pair["shots"], pair["b"]), {})[pair["intention"]] = pair
    body = []
    for (split, transfer, shots, other), row in rows.items():
        shown = [points_text(row[name]) if name in row else "–" for name in INTENTIONS]
        best = row["all"].get("best") if "all" in row else None
        body.append((False, [f"{other} ({best})" if best else other, split, transfer, str(shots), *shown]))
    ours = pairs[0]["a"]
    head = (f"{ours} minus", "split", "transfer", "shots", "all, points", "balance, points", "part, points")
    caption = f"Success of {ours} minus that of others, on the same scenes: percentage points with 95 % intervals."
    return Part(
        "differences",
        "Differences on the same scenes",
        table(caption, head, body, csv_link("differences", pairs)),
        "best-baseline: the best of centre, replay and warped-replay on these tasks.",
    )


def preference_part(rows: Sequence[Record]) -> Part | None:
    """What the scores prefer, before and after adapting; None without rows."""
    if not rows:
        return None
    head = ("strategy", "split", "transfer", "shots", "n", "before adapting", "after")
    names = ("strategy", "split", "transfer", "shots", "n")
    body = [
        (False, [*(str(row[name]) for name in names), *(signed(row[side]) for side in ("before", "after"))])
        for row in rows
    ]
    caption = "Rank correlation of a score’s preference for a colour with its true density, balance tasks."
    return Part(
        "preferences",
        "Does the score know the weights?",
        table(caption, head, body, csv_link("preferences", rows)),
        "+1: the denser material is preferred in the order of the densities; 0: no relation.",
    )


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
        shown = [rate_text(cell["success"], "value")]
        shown += ["–" if cell[name] is None else signed_interval(cell[name]) for name in returns]
        shown += [f"{mean:.2f}" for mean in (cell["attempts"], *cell["asked"].values())]
        body.append((False, [*(str(cell[name]) for name in labels), *shown, percent(cell["gave_up"])]))
    note = (
        "The selector’s whole policy on each scene: it may ask for one demonstration, attempt again after a failure, or"
        " give up. Returns, discounted, are at the selector’s prices; beside, those of one attempt in the same rollout."
        " Success is that of the last attempt. Wilson intervals; those of returns lie within what the prices allow."
    )
    caption = "The selector’s whole policy: success, returns, and what it asked for."
    return Part(
        "asking", "Asking, attempting again, giving up", table(caption, head, body, csv_link("asking", cells)), note
    )


def attempt_part(cells: Sequence[Record]) -> Part | None:
    """How many scenes were done by each attempt, `retry` beside `maml` repeated blindly; None without cells.

    Args:
        cells: of `robo_meta.evaluation.retries.attempt_cells`.
    """
    if not cells:
        return None
    labels = ("split", "transfer", "intention", "shots", "n")
    head = (*labels, "done by attempt", "retry", "blind maml", "difference, points")
    body = []
    for cell in cells:
        compared = zip(cell["retry"], cell["blind"], cell["difference"], strict=True)
        for number, (retry, blind, difference) in enumerate(compared, start=1):
            shown = [rate_text(retry, "value"), rate_text(blind, "value"), points_text(difference, "value")]
            body.append((False, [*(str(cell[name]) for name in labels), str(number), *shown]))
    note = (
        "retry learns from its own failed attempts, maml repeats the same, both on the same rollouts; a scene that"
        " is done stays done. Wilson and paired 95 % intervals."
    )
    caption = "Scenes done by each attempt."
    return Part("attempts", "Second attempts", table(caption, head, body, csv_link("attempts", cells)), note)


def novice_part(cells: Sequence[Record]) -> Part | None:
    """Success from a novice's supports, `contrast` beside `maml`; None without cells.

    Args:
        cells: of `robo_meta.evaluation.failure_supports.novice_cells`.
    """
    if not cells:
        return None
    labels = ("split", "transfer", "intention", "successes", "failures", "n")
    head = (*labels[:3], "imprecise successes", "failures", "n", "contrast", "maml", "difference, points")
    body = []
    for cell in cells:
        rates = [rate_text(cell[name], "value") for name in ("contrast", "maml")]
        errors = [f"{cell[name]:.1f}" for name in ("contrast_mm", "maml_mm")]
        shown = [*rates, points_text(cell["difference"], "value"), *errors]
        body.append((False, [*(str(cell[name]) for name in labels), *shown]))
    note = (
        "contrast is shown a novice’s imprecise success and failures, maml the success alone, or nothing where there is"
        " none. Wilson and paired 95 % intervals; median errors of the keypoint."
    )
    caption = "Success from a novice’s attempts."
    found = table(caption, (*head, "contrast, mm", "maml, mm"), body, csv_link("novice", cells))
    return Part("novice", "Learning from a novice", found, note)
