"""What an online training says of itself: its facts, and its checkpoint with the card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from robo_meta.runs.provenance import git_revision, versions
from robo_meta.training.checkpoint import Checkpoint, card_of
from robo_meta.training.online.learner import OnlineState
from robo_meta.training.online.phases import Phase
from robo_meta.training.online.references import StreamRun


def facts_of(
    shared: StreamRun, phases: Sequence[Phase], given: Checkpoint | None, state: OnlineState, scratch_steps: list[int]
) -> dict[str, Any]:
    """See `robo_meta.training.online.train.OnlineTraining.facts`."""
    known = shared.stream.known
    kind = "checkpoint" if given else "first phase" if known else "fresh parameters"
    return {
        "config": asdict(shared.config),
        "preset": shared.train.preset,
        "seed": shared.seed,
        "device": shared.device.type,
        "start": {"kind": kind, "known_tasks": known, "families": _families_of(given, phases, known)},
        "spent": {
            "arrived": len(state.distances),
            "gradient_steps": state.meta.step,
            "scratch_steps": scratch_steps,
        },
        "versions": versions(),
        "git": git_revision(),
    }


def _families_of(given: Checkpoint | None, phases: Sequence[Phase], known: int) -> list[str]:
    """Families that the start has seen."""
    if given:
        return list(given.card["parts"].get("maml", {}).get("families", []))
    return list(phases[0].families) if known else []


def checkpoint_of(shared: StreamRun, given: Checkpoint | None, state: OnlineState, facts: dict[str, Any]) -> Checkpoint:
    """What was learned, as any other checkpoint; playing needs the parts `closing` and `controller` too, which `init`
    brings."""
    train, stream = shared.train, shared.stream
    card = card_of(train.preset, train.architecture)
    parts, cards = (given.parts, given.card["parts"]) if given else ({}, {})
    shown = sorted({stream.data.families[i] for i in stream.data.family.unique().tolist()})
    values = dict(state.meta.theta) | {f"rates.{k}": v for k, v in state.meta.rates.items()}
    own = {
        "stream": facts["config"],
        "start": facts["start"],
        "spent": facts["spent"],
        "first_order": train.first_order,
        "shots": list(train.shots),
        "transfers": list(train.transfers),
        "seed": shared.seed,
        "families": sorted({*shown, *facts["start"]["families"]}),
        "tasks": len(stream.data.points),
        "data": stream.data.provenance,
        "versions": facts["versions"],
        "git": facts["git"],
    }
    maml = {k: v.detach().cpu() for k, v in values.items()}
    return Checkpoint({**parts, "maml": maml}, {**card, "parts": {**cards, "maml": own}})
