"""Options of an online training, checked before anything is read."""

from __future__ import annotations

from dataclasses import dataclass

from sim.errors import InputError

PHASES = 3
"""Phases that one dataset is dealt into by default."""


class StreamError(InputError):
    """A stream that cannot be made as asked."""


@dataclass(frozen=True)
class StreamOptions:
    """What a command line says of a stream, not yet checked."""

    phases: int | None = None
    """With `--stream`: phases; each brings families and colours that none before it had. One a dataset, or 3 where
    there is one dataset."""
    phase_colours: tuple[int, ...] = ()
    """With `--stream`: how many of the eight colours each phase brings; by default half of them in the first, the rest
    dealt evenly."""
    phase_tasks: int = 400
    """With `--stream`: most tasks of a phase, those held out among them."""
    held_out: int = 60
    """With `--stream`: tasks of each phase that are only ever judged by; at most a quarter of the phase's."""
    stream_budget: int = 4
    """With `--stream`: gradient steps of the meta-parameters for each task that arrives."""
    stream_batch: int = 24
    """With `--stream`: tasks drawn from the reservoir for a gradient step."""
    stream_rate: float = 1e-3
    """With `--stream`: Adam's learning rate; constant, since a stream has no end that a schedule could fall towards."""
    reservoir: int = 200
    """With `--stream`: most tasks kept."""
    warm_up: float = 0.5
    """With `--stream`, without `--init`: share of the first phase's tasks that is trained on before the stream."""


@dataclass(frozen=True)
class StreamConfig(StreamOptions):
    """What the online learner may spend and keep, and how its tasks arrive.

    Raises:
        StreamError: a number out of range.
    """

    phases: int = PHASES
    """Phases."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "phase_colours", tuple(self.phase_colours))
        least = {"phases": 2, "phase_tasks": 1, "held_out": 1, "stream_budget": 1, "stream_batch": 1, "reservoir": 1}
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


def option(name: str) -> str:
    """A field's name as it is written on the command line."""
    return f"--{name.replace('_', '-')}"
