"""Records of an evaluation: what was played of each task, and what it sums up to. JSON comes from them.

`TaskRecord.from_json` reads a line of the journal, and refuses what `to_json` could not have written.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from dataclasses import dataclass
from typing import Any, TypeVar

from robo_meta.evaluation.intervals import Interval
from sim.errors import InputError

Json = dict[str, Any]
EXPERT = "expert"
"""Name, among strategies, of the scripted demonstrator who knows weights and pose."""


class RecordError(InputError):
    """A record that is damaged, or of another kind."""


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

    def to_json(self) -> Json:
        """As plain JSON values; what was not asked for (`attempts`, `contrast`) is left out."""
        found = to_json(self)
        return {
            name: value for name, value in found.items() if name not in ("attempts", "contrast") or value is not None
        }

    @classmethod
    def from_json(cls, found: Any) -> TaskRecord:
        """Inverse of `to_json`.

        Raises:
            RecordError: fields are missing, unknown, or of another kind.
        """
        return from_json(cls, found)


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


Record = TypeVar("Record")


def to_json(record: Any) -> Any:
    """A record, with the records and tuples in it, as dictionaries and lists in the order of the fields."""
    if dataclasses.is_dataclass(record):
        return {field.name: to_json(getattr(record, field.name)) for field in dataclasses.fields(record)}
    return [to_json(item) for item in record] if isinstance(record, tuple | list) else record


def from_json(kind: type[Record], found: Any) -> Record:
    """Inverse of `to_json`: a record of a dataclass whose fields are plain values, tuples and such dataclasses.

    Raises:
        RecordError: fields are missing, unknown, or of another kind; numbers that are not finite.
    """
    return typing.cast(Record, _read(kind, found, kind.__name__))


def _read(kind: Any, found: Any, place: str) -> Any:
    """`found` as a value of `kind`; `place` says where it stands."""
    if dataclasses.is_dataclass(kind):
        return _read_record(kind, found, place)
    if isinstance(kind, types.UnionType):
        if found is None and type(None) in typing.get_args(kind):
            return None
        (kind,) = (option for option in typing.get_args(kind) if option is not type(None))
        return _read(kind, found, place)
    if typing.get_origin(kind) is tuple:
        if not isinstance(found, list):
            raise RecordError(f"{place}: {_kind(found)}; expected a list")
        return tuple(_read(typing.get_args(kind)[0], item, f"{place}[{k}]") for k, item in enumerate(found))
    # In Python true is an int; in a record it is none. A whole number may stand for a float.
    right = type(found) in (int, float) if kind is float else type(found) is kind
    if not right:
        raise RecordError(f"{place}: {_kind(found)}; expected {_NAMES[kind]}")
    try:
        value = kind(found)
    except OverflowError:
        value = math.inf
    if kind is float and not math.isfinite(value):
        said = found if type(found) is float else _kind(found)
        raise RecordError(f"{place}: {said}; expected a finite number")
    return value


def _read_record(kind: Any, found: Any, place: str) -> Any:
    if not isinstance(found, dict):
        raise RecordError(f"{place}: {_kind(found)}; expected an object")
    fields = {field.name: field for field in dataclasses.fields(kind)}
    unknown = [name for name in found if name not in fields]
    if unknown:
        raise RecordError(f"{place}: unknown field {unknown[0]!r}; expected {', '.join(fields)}")
    missing = [n for n, field in fields.items() if n not in found and field.default is dataclasses.MISSING]
    if missing:
        raise RecordError(f"{place}: no field {missing[0]!r}")
    kinds = typing.get_type_hints(kind)
    return kind(**{name: _read(kinds[name], value, f"{place}.{name}") for name, value in found.items()})


_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def _kind(found: Any) -> str:
    names = {**_NAMES, dict: "an object", list: "a list", type(None): "null"}
    return names.get(type(found), type(found).__name__)
