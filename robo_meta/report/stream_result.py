"""What a stream shows, as records: the curve, the phases' ends, forgetting; and as a table for people.

Axis letters: T tasks that arrived, Q queries, E phases, B held-out tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from demos.support import TRANSFERS
from robo_meta.evaluation.intervals import clustered_rate, estimate, paired_difference
from robo_meta.training.online.learner import Stream
from robo_meta.training.online.phases import Phase, take
from robo_meta.training.online.scores import NEAR, Scores, query_transfers

Record = dict[str, Any]
SCHEMA = "1"
WINDOWS = 5
"""Parts of a phase that the curve has a value for."""


def stream_result(phases: Sequence[Phase], stream: Stream, scores: Scores, facts: Record) -> Record:
    """All records; every rate is the share of query keypoints within `NEAR` of the demonstrated grasp.

    Returns:
        `facts`, and `phases`; `arrivals`: rates of `online` and `frozen` as tasks arrive, by window; `arrival_pairs`:
        online minus frozen by phase, the same queries; `ends`: rates of `online`, `frozen` and `scratch` on the
        held-out tasks of one phase (`judged`) or of all phases so far (`judged` 0) after each phase; `end_pairs`:
        online minus the others there; `forgetting`: online on the first phase's held-out tasks, after the last phase
        minus after the first.
    """
    first = np.concatenate([[stream.known], stream.ends[:-1]]) - stream.known
    spans = [(int(a), int(b) - stream.known) for a, b in zip(first, stream.ends, strict=True)]
    arrived = query_transfers(take(stream.data, np.arange(stream.known, stream.ends[-1])))
    transfers = query_transfers(stream.held_out)
    edges = np.concatenate([[0], np.cumsum([len(phase.held_out) for phase in phases])])
    hits = Scores(*(part <= NEAR for part in scores))
    arrivals, arrival_pairs, ends, end_pairs = [], [], [], []
    for number, (begin, end) in enumerate(spans):
        where: Record = {"phase": number + 1}
        for window in np.array_split(np.arange(begin, end), WINDOWS):
            if len(window):
                place = {**where, "first": int(window[0]) + 1, "last": int(window[-1]) + 1}
                for learner, part in (("online", hits.online), ("frozen", hits.frozen)):
                    arrivals += _rates(part[window], arrived[window], {**place, "learner": learner})
        span = slice(begin, end)
        pair = {**where, "a": "online", "b": "frozen"}
        arrival_pairs += _pairs(hits.online[span], hits.frozen[span], arrived[span], pair)
        for judged in (0, *range(1, number + 2)):
            rows = slice(edges[judged - 1], edges[judged]) if judged else slice(0, edges[number + 1])
            three = {
                "online": hits.online_ends[number][rows],
                "frozen": hits.frozen_held_out[rows],
                "scratch": hits.scratch_ends[number][rows],
            }
            place = {**where, "judged": judged}
            for learner, part in three.items():
                ends += _rates(part, transfers[rows], {**place, "learner": learner})
            for other in ("frozen", "scratch"):
                names = {**place, "a": "online", "b": other}
                end_pairs += _pairs(three["online"], three[other], transfers[rows], names)
    oldest = slice(0, edges[1])
    forgetting = _pairs(hits.online_ends[-1][oldest], hits.online_ends[0][oldest], transfers[oldest], {"judged": 1})
    table = [
        {
            "phase": number + 1,
            "families": list(phase.families),
            "colours": list(phase.colours),
            "tasks": len(phase.arrivals),
            "held_out": len(phase.held_out),
        }
        for number, phase in enumerate(phases)
    ]
    records = {"arrivals": arrivals, "arrival_pairs": arrival_pairs, "ends": ends, "end_pairs": end_pairs}
    return {"schema": SCHEMA, "near_m": NEAR, **facts, "phases": table, **records, "forgetting": forgetting}


def _select(hits: Any, transfers: np.ndarray, transfer: str) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes (n,) of one transfer, or of all, and the number of each one's task."""
    chosen = np.ones_like(transfers, bool) if transfer == "all" else transfers == TRANSFERS.index(transfer)
    return np.asarray(hits)[chosen], np.nonzero(chosen)[0]


def _rates(hits: Any, transfers: np.ndarray, names: Record) -> list[Record]:
    rows = []
    for transfer in ("all", *TRANSFERS):
        values, tasks = _select(hits, transfers, transfer)
        distinct = len(np.unique(tasks))
        if distinct:
            found = clustered_rate(values, tasks)
            span = {"low": found.low, "high": found.high}
            rows.append(
                {**names, "transfer": transfer, "n": len(values), "tasks": distinct, "rate": found.value, **span}
            )
    return rows


def _pairs(a: Any, b: Any, transfers: np.ndarray, names: Record) -> list[Record]:
    rows = []
    for transfer in ("all", *TRANSFERS):
        (ours, tasks), (others, _) = _select(a, transfers, transfer), _select(b, transfers, transfer)
        if len(tasks):
            found = paired_difference(ours, others, tasks)
            numbers = {"n": len(tasks), "tasks": len(np.unique(tasks))}
            span = {"difference": found.value, "low": found.low, "high": found.high}
            rows.append({**names, "transfer": transfer, **numbers, **span})
    return rows


def stream_table(result: Record, transfer: str = "all") -> str:
    """The phases' ends and forgetting as text, one transfer."""
    head = ("after phase", "held out of", "n", "frozen", "online", "scratch", "online − frozen [95 %]", "− scratch")
    rows = [head]
    ends = [row for row in result["ends"] if row["transfer"] == transfer]
    pairs = [row for row in result["end_pairs"] if row["transfer"] == transfer]
    for phase, judged in dict.fromkeys((row["phase"], row["judged"]) for row in ends):
        here = [row for row in ends if (row["phase"], row["judged"]) == (phase, judged)]
        rates = {row["learner"]: f"{row['rate']:.2f}" for row in here}
        spans = {row["b"]: signed(row) for row in pairs if (row["phase"], row["judged"]) == (phase, judged)}
        name = f"phase {judged}" if judged else "all so far"
        known = (str(phase), name, str(here[0]["n"]), rates["frozen"], rates["online"], rates["scratch"])
        rows.append((*known, spans["frozen"], spans["scratch"]))
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lost = [row for row in result["forgetting"] if row["transfer"] == transfer]
    lines += [f"phase 1 at the end minus after phase 1, {transfer}: {signed(row)}, n = {row['n']}" for row in lost]
    return "\n".join([f"share of keypoints within {result['near_m'] * 100:.0f} cm, {transfer}:", *lines])


def signed(row: Record) -> str:
    """A difference with its interval."""
    return estimate(row["difference"], row["low"], row["high"], signed=True)
