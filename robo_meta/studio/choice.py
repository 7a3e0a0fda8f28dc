"""What is demonstrated on: an object of a family, and the task that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from demos.recording.config import RecordConfig
from demos.recording.task_scenes import demo_scene
from sim.errors import InputError, did_you_mean
from sim.shapes.families import family_named, serving
from sim.tasks.scenes import CARRIERS, INTENTIONS, PAINT, Scene

ACTOR = "hand"
"""Who demonstrates, as the dataset has it."""
TASKS = 1000
"""Tasks that can be chosen for each intention and carrier."""
OBJECTS = (0, 2)
"""Number of the demonstration by which the recorder shows each object of a family: `a0`, `a1`."""
ATTEMPTS = 1000
"""Attempts at a demonstration that a recording may hold."""


class ChoiceError(InputError):
    """A scene that can't be chosen."""


@dataclass(frozen=True)
class Choice:
    """One object of one task.

    Raises:
        ChoiceError: a number out of range, or a family whose objects don't serve for the intention.
        sim.shapes.families.UnknownFamily: no such family.
    """

    family: str = "hammer"
    """Shape family, shipped or imported."""
    intention: str = INTENTIONS[0]
    """`balance` or `part`."""
    task: int = 0
    """Which materials: 0 to `TASKS` − 1."""
    object: int = 1
    """Which object of the family, counted from 1."""
    carries: str = PAINT
    """What materials go by: `paint` or `role`."""

    def __post_init__(self) -> None:
        for name, allowed in (("intention", INTENTIONS), ("carries", CARRIERS)):
            found = getattr(self, name)
            if found not in allowed:
                raise ChoiceError(f"{name} {found!r}{did_you_mean(str(found), allowed)}")
        if not 0 <= self.task < TASKS:
            raise ChoiceError(f"task {self.task}; expected 0 to {TASKS - 1}")
        if not 1 <= self.object <= len(OBJECTS):
            raise ChoiceError(f"object {self.object}; expected 1 to {len(OBJECTS)}")
        family_named(self.family)
        if not serving((self.family,), self.intention):
            raise ChoiceError(f"{self.family} does not serve for {self.intention}; choose the other intention")

    @property
    def split(self) -> str:
        """The split of its family."""
        return family_named(self.family).group

    @property
    def index(self) -> int:
        """Number of the task within its split. No two intentions or carriers share one, so that in a dataset equal
        numbers are equal tasks."""
        kinds = len(INTENTIONS) * len(CARRIERS)
        kind = INTENTIONS.index(self.intention) + len(INTENTIONS) * CARRIERS.index(self.carries)
        return self.task * kinds + kind

    @property
    def demo(self) -> int:
        """Number of the demonstration in the recorder's layout."""
        return OBJECTS[self.object - 1]

    def config(self, out: Path, seed: int) -> RecordConfig:
        """The recording that its demonstrations are of.

        Args:
            out: dataset folder.
            seed: root seed.
        """
        return RecordConfig(
            out,
            split=self.split,
            families=(self.family,),
            tasks=TASKS * len(INTENTIONS) * len(CARRIERS),
            demos=max(OBJECTS) + 1,
            intention=self.intention,
            actor=ACTOR,
            seed=seed,
            keep_failures=True,
            carries=self.carries,  # type: ignore[arg-type]
            attempts=ATTEMPTS,
        )

    def scene(self, config: RecordConfig) -> tuple[Scene, str]:
        """The scene, and the label of its object within the task."""
        return demo_scene(config, self.index, self.demo)
