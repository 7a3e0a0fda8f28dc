"""The report's tables of learning from failures: `retry`'s attempts, and `contrast` on a novice's supports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from robo_meta.evaluation.intervals import estimate
from robo_meta.report.page import table

Record = dict[str, Any]


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
