"""What single rollouts sum up to: rates, paired differences and counts, one record a figure. JSON comes from them."""

from __future__ import annotations

from dataclasses import dataclass

from robo_meta.evaluation.intervals import Interval


@dataclass(frozen=True)
class Cell:
    """One strategy's figures over the tasks of one split, transfer, intention and number of shots."""

    strategy: str
    """Name of the strategy, or `expert`."""
    split: str
    """Split that the tasks were drawn from."""
    transfer: str
    """One of `TRANSFERS`; the expert's are those of the tasks that this transfer was played on."""
    intention: str
    """`balance`, `part`, or `all` for both together."""
    shots: int
    """Demonstrations adapted from; 0 for the expert."""
    n: int
    """Tasks, one rollout each."""
    successes: int
    """How many succeeded."""
    rate: float
    """Success rate, `successes` ÷ `n`."""
    low: float
    """Lower end of the rate's 95 % Wilson interval."""
    high: float
    """Upper end of it."""
    of_expert: float | None
    """Success rate ÷ the expert's on the same tasks; None where the expert never succeeded."""
    of_expert_low: float | None
    """Lower end of that ratio's 95 % interval."""
    keypoint_mm: float
    """mm, mean: from the grasp to the true centre of mass, or to the nearest wanted outer end."""
    across_mm: float
    """mm, mean: of that perpendicular to the closing direction."""
    adapt_ms: float
    """ms, median: adapting."""
    act_ms: float
    """ms, median over tasks of an action's mean latency."""
    first_act_ms: float
    """ms, median: the first action, in which the grasp is chosen."""
    controller: str
    """What drove the hand; several joined by `+`."""


@dataclass(frozen=True)
class Pair:
    """Difference of two strategies' success rates on the same tasks, a − b."""

    a: str
    """Name of the first strategy."""
    b: str
    """Name of the second, or `best-baseline`."""
    split: str
    """Split that the tasks were drawn from."""
    transfer: str
    """One of `TRANSFERS`."""
    intention: str
    """`balance`, `part`, or `all` for both together."""
    shots: int
    """Demonstrations adapted from."""
    n: int
    """Tasks that both were played on."""
    difference: float | None
    """Success rate of a minus that of b; None where n is 0."""
    low: float | None
    """Lower end of its 95 % interval."""
    high: float | None
    """Upper end of it."""
    best: str | None = None
    """Which baseline is the best one, where b is `best-baseline`."""


@dataclass(frozen=True)
class AttemptCell:
    """Success by attempt 1, 2, … over the tasks of one split, transfer, intention and number of shots."""

    split: str
    """Split that the tasks were drawn from."""
    transfer: str
    """One of `TRANSFERS`."""
    intention: str
    """`balance`, `part`, or `all` for both together."""
    shots: int
    """Demonstrations adapted from."""
    n: int
    """Tasks."""
    retry: tuple[Interval, ...]
    """Success rate by each attempt of `retry`, with its 95 % Wilson interval."""
    blind: tuple[Interval, ...]
    """The same for `maml`, repeated."""
    difference: tuple[Interval, ...]
    """`retry` minus `blind` on the same tasks, with its 95 % interval."""


@dataclass(frozen=True)
class ContrastCell:
    """Success from a novice's attempts over the tasks of one split, transfer, intention and support."""

    split: str
    """Split that the tasks were drawn from."""
    transfer: str
    """One of `TRANSFERS`."""
    intention: str
    """`balance`, `part`, or `all` for both together."""
    successes: int
    """Imprecise successes in the support."""
    failures: int
    """Failures in the support."""
    n: int
    """Tasks."""
    contrast: Interval
    """Success rate of `contrast`, with its 95 % Wilson interval."""
    maml: Interval
    """The same for `maml`, which is shown the success alone."""
    difference: Interval
    """`contrast` minus `maml` on the same tasks, with its 95 % interval."""
    contrast_mm: float
    """mm, median: from the grasp of `contrast` to the right place."""
    maml_mm: float
    """mm, median: from that of `maml`."""


@dataclass(frozen=True)
class AskingCell:
    """A policy that may ask, attempt again and give up, over the tasks of one split, transfer, intention and number of
    shots."""

    strategy: str
    """As the results call it."""
    split: str
    """Split that the tasks were drawn from."""
    transfer: str
    """One of `TRANSFERS`."""
    intention: str
    """`balance`, `part`, or `all` for both together."""
    shots: int
    """Demonstrations that it began with."""
    n: int
    """Tasks."""
    success: Interval
    """Success rate of the last attempt, with its 95 % Wilson interval."""
    discounted: Interval
    """Mean return at the selector's prices, with its 95 % interval."""
    selector: Interval
    """The same of a single attempt with the selector's first choice."""
    maml: Interval | None
    """The same of a single attempt with `maml`; None where the selector doesn't know it."""
    attempts: float
    """Attempts made, mean."""
    asked: dict[str, float]
    """Kind of demonstration → how many were asked for, mean."""
    gave_up: float
    """Share of the tasks that ended by giving up."""


@dataclass(frozen=True)
class FamilyRate:
    """One strategy's success rate on queries of one family."""

    strategy: str
    """Name of the strategy, or `expert`."""
    split: str
    """Split that the tasks were drawn from."""
    transfer: str
    """One of `TRANSFERS`."""
    family: str
    """Shape family of the query."""
    shots: int
    """Demonstrations adapted from; 0 for the expert."""
    n: int
    """Tasks."""
    successes: int
    """How many succeeded."""
    rate: float
    """Success rate."""
    low: float
    """Lower end of its 95 % Wilson interval."""
    high: float
    """Upper end of it."""


@dataclass(frozen=True)
class FailureCount:
    """Which parts of the verdict failed in the failed rollouts of one cell."""

    strategy: str
    """Name of the strategy."""
    split: str
    """Split that the tasks were drawn from."""
    transfer: str
    """One of `TRANSFERS`."""
    intention: str
    """`balance` or `part`."""
    shots: int
    """Demonstrations adapted from."""
    n: int
    """Tasks."""
    failed: int
    """How many failed."""
    parts: dict[str, int]
    """Part of the verdict → in how many of them it failed; `cut off`: never lifted."""


@dataclass(frozen=True)
class Preference:
    """Rank correlation of a score's preference for a colour with its true density."""

    strategy: str
    """Name of the strategy."""
    split: str
    """Split that the tasks were drawn from."""
    transfer: str
    """One of `TRANSFERS`."""
    shots: int
    """Demonstrations adapted from."""
    n: int
    """*Balance* tasks."""
    before: float | None
    """Before adapting; None where one side does not vary."""
    after: float | None
    """After adapting."""
