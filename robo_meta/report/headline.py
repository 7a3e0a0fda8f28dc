"""The first sentences of the strategies' page: what was adapted, from what, on what, and how well, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from demos.support import TRANSFERS
from robo_meta.evaluation.summary import BASELINES
from robo_meta.report.looks import EXPERT
from robo_meta.report.numbers import counted, points_text, rate_text
from robo_meta.scenarios.matched_scenes import PROCEDURAL

Record = Mapping[str, Any]
SHOWN_ON = {
    "same-object": "on the object itself, in another pose",
    "new-instance": "on another object of its family, of the same materials",
    "new-shape": "on an object of another family, of the same materials",
}
"""Transfer → what is demonstrated on."""
OBJECTS = {
    "training": "objects of the training families",
    "validation": "objects of the validation families",
    "unseen-objects": "new objects of families that it was trained on",
    "unseen-families": "objects of families that nothing was trained on",
    "real-objects": "scanned and third-party objects that nothing was trained on",
}
"""Split → what its objects are."""


class Slot(NamedTuple):
    """Of which cells a sentence speaks."""

    split: str
    transfer: str
    shots: int


class Headline(NamedTuple):
    """What stands at the top, for one split."""

    name: str
    """Of the strategy."""
    from_what: str
    """What it was adapted from."""
    rate: str
    """Its success with the interval."""
    of_what: str
    """On what."""
    rest: str
    """Best baseline without learning, and the expert."""
    difference: str
    """Paired difference to that baseline; empty where none took part."""


def main_slot(cells: Sequence[Record], split: str) -> Slot | None:
    """The rollouts that share least with their demonstrations, from the fewest demonstrations; None without any."""
    played = [cell for cell in cells if cell["split"] == split and cell["strategy"] != EXPERT]
    if not played:
        return None
    transfer = max({cell["transfer"] for cell in played}, key=TRANSFERS.index)
    return Slot(split, transfer, min(cell["shots"] for cell in played if cell["transfer"] == transfer))


def cells_of(cells: Sequence[Record], slot: Slot, intention: str = "all") -> dict[str, Record]:
    """Strategy → its cell of a slot, the expert's among them."""
    return {
        cell["strategy"]: cell
        for cell in cells
        if (cell["split"], cell["transfer"], cell["intention"]) == (slot.split, slot.transfer, intention)
        and cell["shots"] in (0, slot.shots)
    }


def reference_of(result: Record) -> str | None:
    """The strategy that the others are compared with; without comparisons, the first one; None without any."""
    if result["pairs"]:
        return str(result["pairs"][0]["a"])
    names = [cell["strategy"] for cell in result["cells"] if cell["strategy"] != EXPERT]
    return "maml" if "maml" in names else next(iter(names), None)


def best_baseline(found: Mapping[str, Record], ours: str | None) -> str | None:
    """The baseline without learning that succeeded most often; None where none took part."""
    names = [name for name in BASELINES if name in found and name != ours]
    return max(names, key=lambda name: found[name]["rate"], default=None)


def headline(result: Record, slot: Slot, ours: str) -> Headline | None:
    """The sentences on one split; None where ours has no rollouts in the slot."""
    found = cells_of(result["cells"], slot)
    if ours not in found:
        return None
    cell, rival = found[ours], best_baseline(found, ours)
    objects = OBJECTS.get(slot.split, f"objects of “{slot.split}”")
    shown = SHOWN_ON[slot.transfer]
    if result["identity"].get("support") == PROCEDURAL and slot.transfer == "new-shape":
        shown = "on an object of a training family, of the same materials"
    beside = (
        "no strategy without learning took part"
        if rival is None
        else f"the best strategy without learning, {rival}, in {rate_text(found[rival])}"
    )
    expert = f"; the expert, who knows the weights, in {rate_text(found[EXPERT])}" if EXPERT in found else ""
    pair = next(
        (
            pair
            for pair in result["pairs"]
            if (pair["a"], pair["b"], pair["split"], pair["transfer"], pair["intention"], pair["shots"])
            == (ours, rival, *slot[:2], "all", slot.shots)
        ),
        None,
    )
    difference = "" if pair is None else f"{ours} minus {rival} on the same scenes: {points_text(pair)} points."
    from_what = f"adapted from {counted(slot.shots, 'demonstration')} {shown}"
    of_what = f"{counted(cell['n'], 'task')} with {objects}"
    return Headline(ours, from_what, rate_text(cell), of_what, beside + expert, difference)
