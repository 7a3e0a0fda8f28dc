"""A scene played by a policy that decides step by step: attempt, ask for a demonstration, or give up.

It is no strategy: strategies adapt to the demonstrations that they are given, while this one changes what it is given
and what it meets. The steps are those of `RoboMeta/Select-v1`, played in physics: at most one demonstration is asked
for, an attempt that failed is known from then on, and every attempt has a rollout of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, Protocol

from demos.policy import Policy
from demos.support import SupportItem, SupportSet
from robo_meta.evaluation.records import AskingRow
from robo_meta.scenarios.conditions import Condition
from robo_meta.scenarios.matched_scenes import MatchedTask
from robo_meta.scenarios.rollout import Outcome
from robo_meta.scenarios.supports import NoDemonstration, asked_demonstration

USUAL = "maml"
"""The strategy whose single attempt stands beside."""
ATTEMPTED = "attempted"
"""What failed where it gave up at once; it stands where the failed parts of a verdict stand."""


@dataclass(frozen=True)
class Decision:
    """One step: a strategy to attempt with, a demonstration to ask for, or neither, which is giving up."""

    action: str
    """As people are told."""
    strategy: str | None = None
    """To attempt with."""
    demo: str | None = None
    """Kind of the demonstration: one of `robo_meta.scenarios.demonstration_kinds.KINDS`."""


class Decider(Protocol):
    """What decides, and at which prices: `robo_meta.selector.deciding.Deciding`."""

    @property
    def attempts(self) -> int:
        """Attempts at most."""

    @property
    def gamma(self) -> float:
        """How much a reward one decision later counts."""

    @property
    def worst(self) -> float:
        """The least return that any course of events can have."""

    @property
    def strategies(self) -> tuple[str, ...]:
        """What it can attempt with."""

    def look(self, support: SupportSet, points: Any) -> Any:
        """What is known with these demonstrations and the query's scan (P, 6): a situation, for the others here."""

    def decide(self, seen: Any, failed: Sequence[str], left: int, may_ask: bool) -> Decision:
        """The next step after attempts with the strategies `failed`, with so many attempts left."""

    def first(self, seen: Any) -> str:
        """The strategy that it would take if it had to attempt, and nothing was tried yet."""

    def policy(self, seen: Any, strategy: str, failed: tuple[SupportItem, ...]) -> Policy:
        """How `strategy` attempts after the failed attempts, in their order."""

    def reward(self, strategy: str, success: bool) -> float:
        """Of one attempt, its prices taken off."""

    def price(self, demo: str) -> float:
        """Of one demonstration of a kind."""


class Rollouts(Protocol):
    """What attempts come to: `robo_meta.scenarios.scene_rollouts.SceneRollouts`, or the same before a camera."""

    @property
    def scans(self) -> Sequence[Any]:
        """(P, 6) points of each rollout, as scanned at reset."""

    def outcome(self, policy: Policy, number: int = 0) -> Outcome:
        """What `policy` comes to in rollout `number`."""

    def attempt(self, policy: Policy, number: int = 0) -> tuple[Outcome, SupportItem]:
        """The same, with the episode as an attempt that others may learn from."""


@dataclass(frozen=True)
class AskedOutcome:
    """What a scene came to."""

    actions: tuple[str, ...]
    """What was done, step by step."""
    success: bool
    """Of the last attempt."""
    attempts: int
    """Attempts made."""
    asked: tuple[str, ...]
    """Kinds of the demonstrations asked for."""
    gave_up: bool
    """Whether it ended by giving up."""
    discounted: float
    """Σ γᵗ rₜ: the return."""
    first: float
    """Return of a single attempt with the strategy that it would take first, in the same rollout."""
    usual: float | None
    """The same of `USUAL`; None where that is none of its strategies."""
    last: Outcome
    """Of the last attempt. Where it gave up at once, nothing was played: a failure after no steps, at the grasp that it
    would have attempted."""
    adapt_ms: float = field(default=0.0, compare=False)
    """ms of looking, deciding and adapting, over all steps."""


def play_asking(
    decider: Decider, matched: MatchedTask, condition: Condition, support: SupportSet, table: Rollouts
) -> AskedOutcome:
    """Follow the decider until a success, giving up, or the last attempt.

    It looks anew where a demonstration came, and only there: a failure adds to what is known, it doesn't change it.

    Args:
        decider: what to do.
        matched: the task, for demonstrations that are asked for.
        condition: of the demonstrations.
        support: what there is to begin with.
        table: rollouts of the task's query, one for each attempt that the decider may make.
    """
    begun = perf_counter()
    seen = beginning = decider.look(support, table.scans[0])
    spent = perf_counter() - begun
    actions, failed, tried, asked = list[str](), list[SupportItem](), list[str](), list[str]()
    total, discount, last, gave_up = 0.0, 1.0, None, False
    while not gave_up and (last is None or not last.success) and len(tried) < decider.attempts:
        begun = perf_counter()
        step = decider.decide(seen, tried, decider.attempts - len(tried), not asked)
        policy = None if step.strategy is None else decider.policy(seen, step.strategy, tuple(failed))
        spent += perf_counter() - begun
        actions.append(step.action)
        if step.demo is not None:
            asked.append(step.demo)
            total -= discount * decider.price(step.demo)
            support, known = _with_another(matched, condition, step.demo, support), support
            begun = perf_counter()
            seen = seen if support is known else decider.look(support, table.scans[len(tried)])
            spent += perf_counter() - begun
        elif step.strategy is None or policy is None:
            gave_up = True
        else:
            last, item = table.attempt(policy, len(tried))
            total += discount * decider.reward(step.strategy, last.success)
            tried.append(step.strategy)
            failed.append(item)
        discount *= decider.gamma
    first, usual = _single(decider, beginning, decider.first(beginning), table), None
    if USUAL in decider.strategies:
        usual = decider.reward(USUAL, _single(decider, beginning, USUAL, table).success)
    return AskedOutcome(
        actions=tuple(actions),
        success=last is not None and last.success,
        attempts=len(tried),
        asked=tuple(asked),
        gave_up=gave_up,
        discounted=total,
        first=decider.reward(decider.first(beginning), first.success),
        usual=usual,
        last=_not_attempted(first) if last is None else last,
        adapt_ms=spent * 1e3,
    )


def asking_row(name: str, transfer: str, shots: int, found: AskedOutcome, worst: float) -> AskingRow:
    """The outcome as it is kept.

    Args:
        name: of the policy in the results.
        transfer, shots: of the demonstrations that it began with.
        found: what the scene came to.
        worst: the least return that the decider's prices allow.
    """
    return AskingRow(
        strategy=name,
        transfer=transfer,
        shots=shots,
        actions=found.actions,
        success=found.success,
        attempts=found.attempts,
        asked=found.asked,
        gave_up=found.gave_up,
        discounted=found.discounted,
        selector=found.first,
        maml=found.usual,
        worst=worst,
    )


def _with_another(matched: MatchedTask, condition: Condition, kind: str, support: SupportSet) -> SupportSet:
    """The support with the demonstration that was asked for; as it is where that fails, the price being lost."""
    try:
        more = asked_demonstration(matched, condition, kind, support.shots).item
    except NoDemonstration:
        return support
    return SupportSet((*support.items, more))


def _single(decider: Decider, seen: Any, strategy: str, table: Rollouts) -> Outcome:
    """What one attempt with a strategy comes to in the first rollout."""
    return table.outcome(decider.policy(seen, strategy, ()), 0)


def _not_attempted(wanted: Outcome) -> Outcome:
    return replace(wanted, success=False, verdict={ATTEMPTED: False}, steps=0, act_ms=0.0, first_act_ms=0.0)
