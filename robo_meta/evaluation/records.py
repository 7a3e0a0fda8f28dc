"""Records of an evaluation: what was played of each task, and what it sums up to. JSON comes from them.

`TaskRecord.from_json` reads a line of the journal, and refuses what `to_json` could not have written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from robo_meta.runs.json_records import Json, from_json, to_json

EXPERT = "expert"
"""Name, among strategies, of the scripted demonstrator who knows weights and pose."""

FURTHER = ("attempts", "contrast", "asking")
"""Fields of a task's record that only some evaluations have."""


@dataclass(frozen=True)
class RolloutRow:
    """One strategy's rollout on the query of one task."""

    strategy: str
    """Name of the strategy, or `expert`."""
    transfer: str | None
    """What demonstrations and query share: one of `TRANSFERS`; None for the expert, who needs no demonstration."""
    shots: int
    """Demonstrations that the strategy adapted from; 0 for the expert."""
    success: bool
    """Whether every part of the verdict held."""
    failed: tuple[str, ...]
    """Names of the parts of the verdict that did not hold."""
    steps: int
    """Actions played, one every 0.1 s."""
    keypoint_mm: float
    """mm in the plane from the grasp to the true centre of mass, or to the nearest wanted outer end."""
    across_mm: float
    """mm of that perpendicular to the closing direction: what tips the object."""
    controller: str
    """What drove the hand: see `demos.policy.Policy.controller`."""
    adapt_ms: float
    """ms that adapting took."""
    act_ms: float
    """ms: mean latency of an action, the first included."""
    first_act_ms: float
    """ms: latency of the first action, in which the grasp is chosen."""


@dataclass(frozen=True)
class ScoreRow:
    """What a strategy's point scores say of the two materials, before and after adapting."""

    strategy: str
    """Name of the strategy."""
    transfer: str
    """One of `TRANSFERS`."""
    shots: int
    """Demonstrations that it adapted from."""
    before: float
    """Log preference for the first colour over the second, before adapting; see `colour_preference`."""
    after: float
    """The same after adapting."""
    truth: float
    """Log ratio of the true densities."""


@dataclass(frozen=True)
class SkippedTransfer:
    """A transfer that was not played on a task."""

    transfer: str
    """One of `TRANSFERS`."""
    reason: str
    """Which demonstration the expert could not give."""


@dataclass(frozen=True)
class AttemptRow:
    """Several attempts at one query: learning from each failure against repeating the same."""

    transfer: str
    """One of `TRANSFERS`."""
    shots: int
    """Demonstrations that both adapted from."""
    retry: tuple[bool, ...]
    """Whether the query was done by attempt 1, 2, … of `retry`, which learns from its failures."""
    blind: tuple[bool, ...]
    """The same for `maml`, which doesn't."""


@dataclass(frozen=True)
class ContrastRow:
    """Adapting from a novice's attempts: `contrast` reads successes and failures, `maml` the success alone."""

    transfer: str
    """One of `TRANSFERS`."""
    successes: int
    """Imprecise successes in the support."""
    failures: int
    """Failures in the support."""
    contrast: bool
    """Whether `contrast` succeeded on the query."""
    maml: bool
    """Whether `maml` did."""
    contrast_mm: float
    """mm from the grasp of `contrast` to the right place."""
    maml_mm: float
    """mm from that of `maml`."""


@dataclass(frozen=True)
class AskingRow:
    """One scene played by a policy that may ask for demonstrations, attempt again and give up."""

    strategy: str
    """As the results call it."""
    transfer: str
    """One of `TRANSFERS`."""
    shots: int
    """Demonstrations that it began with."""
    actions: tuple[str, ...]
    """What it did, step by step."""
    success: bool
    """Of its last attempt; false where it made none."""
    attempts: int
    """Attempts made."""
    asked: tuple[str, ...]
    """Kinds of the demonstrations that it asked for: `any` of the kind that there is, or one on `this-object`."""
    gave_up: bool
    """Whether it ended by giving up."""
    discounted: float
    """Its return, Σ γᵗ rₜ at the selector's prices."""
    selector: float
    """Return of a single attempt with the strategy that it would take first, at the same prices."""
    maml: float | None
    """The same of `maml`; None where that is none of its strategies."""
    worst: float
    """The least return that those prices allow."""


@dataclass(frozen=True)
class TaskRecord:
    """Everything that was played of one task: plain values, so that it can be kept one a line."""

    split: str
    """Split that the task was drawn from."""
    index: int
    """Number of the task."""
    intention: str
    """`balance` or `part`."""
    family: str
    """Shape family of the query's object."""
    rows: tuple[RolloutRow, ...]
    """The expert's rollout first, then one for each transfer, number of shots and strategy."""
    scores: tuple[ScoreRow, ...] = ()
    """One for each transfer, number of shots and strategy whose preference for a material can be read."""
    skipped: tuple[SkippedTransfer, ...] = ()
    """Transfers that the expert could not demonstrate."""
    attempts: tuple[AttemptRow, ...] | None = None
    """Where more than one attempt was asked for: one for each transfer and number of shots."""
    contrast: tuple[ContrastRow, ...] | None = None
    """Where a novice's supports were asked for: one for each transfer and support."""
    asking: tuple[AskingRow, ...] | None = None
    """Where a policy that may ask takes part: one for each transfer and number of shots."""

    def to_json(self) -> Json:
        """As plain JSON values; what was not asked for (`FURTHER`) is left out."""
        found = to_json(self)
        return {name: value for name, value in found.items() if name not in FURTHER or value is not None}

    @classmethod
    def from_json(cls, found: Any) -> TaskRecord:
        """Inverse of `to_json`.

        Raises:
            JsonRecordError: fields are missing, unknown, or of another kind.
        """
        return from_json(cls, found)
