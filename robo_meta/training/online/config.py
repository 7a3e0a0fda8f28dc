"""Options of an online training, checked before anything is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from robo_meta.training.presets import DEFAULT_METHODS
from sim.errors import InputError

PHASES = 3
"""Phases that one dataset is dealt into by default."""


class StreamError(InputError):
    """A stream that cannot be made as asked."""


@dataclass(frozen=True)
class StreamConfig:
    """What the online learner may spend and keep, and how its tasks arrive.

    Raises:
        StreamError: a number out of range.
    """

    phases: int = PHASES
    """Phases; each brings families and colours that none before it had."""
    phase_colours: tuple[int, ...] = ()
    """How many of the eight colours each phase brings; by default half of them in the first, the rest dealt evenly."""
    phase_tasks: int = 400
    """Most tasks of a phase, those held out among them."""
    probes: int = 60
    """Tasks of each phase that are only ever judged by; at most a quarter of the phase's."""
    stream_budget: int = 4
    """Gradient steps of the meta-parameters for each task that arrives."""
    stream_batch: int = 24
    """Tasks drawn from the reservoir for a gradient step."""
    stream_rate: float = 1e-3
    """Adam's learning rate; constant, since a stream has no end that a schedule could fall towards."""
    reservoir: int = 200
    """Most tasks kept."""
    warm_up: float = 0.5
    """Without a checkpoint to start from: share of the first phase's tasks that is trained on before the stream."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "phase_colours", tuple(self.phase_colours))
        least = {"phases": 2, "phase_tasks": 1, "probes": 1, "stream_budget": 1, "stream_batch": 1, "reservoir": 1}
        for name, low in least.items():
            if getattr(self, name) < low:
                raise StreamError(f"{option(name)} {getattr(self, name)}; expected {low} or more")
        if not 0 < self.stream_rate < 1:
            raise StreamError(f"--stream-rate {self.stream_rate}; expected a number between 0 and 1")
        if not 0 <= self.warm_up < 1:
            raise StreamError(f"--warm-up {self.warm_up}; expected a share from 0 to below 1")
        if self.phase_colours and (len(self.phase_colours) != self.phases or min(self.phase_colours) < 0):
            given = " ".join(map(str, self.phase_colours))
            raise StreamError(f"--phase-colours {given}; expected {self.phases} numbers of colours, one a phase")


OPTIONS = tuple(field.name for field in fields(StreamConfig))
"""Names of the options that belong to `--stream` alone."""


def option(name: str) -> str:
    """A field's name as it is written on the command line."""
    return f"--{name.replace('_', '-')}"


def stream_config(
    stream: bool, given: Mapping[str, Any], *, data: Sequence[Path], method: Sequence[str], init: Path | None
) -> StreamConfig | None:
    """The configuration that a command line asks for, None where it asks for no stream.

    Args:
        stream: whether `--stream` was given.
        given: option → value, None where it was not given; of `OPTIONS`.
        data: datasets; one is dealt into phases, of several each is a phase.
        method: what to train.
        init: checkpoint to start from.

    Raises:
        StreamError: options that don't go together, or numbers out of range.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    if not stream:
        if chosen:
            raise StreamError(f"{option(next(iter(chosen)))} without --stream; it says nothing to an offline training")
        if len(data) > 1:
            raise StreamError(f"{len(data)} datasets in --data without --stream; expected 1")
        return None
    if tuple(method) not in (DEFAULT_METHODS, ("maml",)):
        raise StreamError(f"--method {' '.join(method)} with --stream; expected maml, which is what learns online")
    if init is not None and "warm_up" in chosen:
        raise StreamError("--warm-up with --init; expected one of them, as the checkpoint is the start")
    if len(data) > 1 and chosen.setdefault("phases", len(data)) != len(data):
        raise StreamError(f"--phases {chosen['phases']} with {len(data)} datasets; each dataset is a phase")
    return StreamConfig(**chosen)
