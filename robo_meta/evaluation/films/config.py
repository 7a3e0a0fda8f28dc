"""What `robo-meta sim` is asked for: whose grasp is filmed, on which object, and where to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from demos.film.files import FilmError
from demos.film.scripted import FilmConfig
from robo_meta.evaluation.records import EXPERT
from robo_meta.objects.library import read_outcomes
from robo_meta.objects.registration import register_library
from robo_meta.scenarios.matched_scenes import OWN, PROCEDURAL, check_new_shapes, support_named
from robo_meta.strategies.resolve import resolve_all
from sim.errors import did_you_mean
from sim.shapes.families import family_named

NEW_SHAPE = "new-shape"
MOST_PANELS = 8
"""Strategies that fit on one screen beside the demonstrations."""


@dataclass(frozen=True)
class SimConfig(FilmConfig):
    """Which grasp to film, whose, and where to."""

    objects: Path | None = None
    """Folder of imported objects (`robo-meta objects import`), one of which is filmed in place of a family's."""
    object: str | None = None
    """Which of them."""
    strategy: str | None = None
    """Film this strategy, adapted to demonstrations; without it, the scripted demonstrator."""
    against: tuple[str, ...] = ()
    """Film these strategies beside it, adapted to the same demonstrations; `expert` is the demonstrator, who knows the
    weights."""
    shots: int = 1
    """Number of demonstrations that the strategy adapts from."""
    transfer: str = NEW_SHAPE
    """What demonstrations and object share: same-object, new-instance, new-shape."""
    support: str = OWN
    """What is demonstrated on where demonstrations show new shapes: `own`, other objects of the split, or `procedural`,
    objects of the training families."""
    checkpoint: Path | None = None
    """A trained checkpoint, file or folder; without it, the one that comes with the package."""

    def __post_init__(self) -> None:
        """Settle which object is meant, and check what strategies can be asked for.

        Raises:
            FilmError: options that don't go together, or an object that isn't in the library.
            robo_meta.objects.object_file.LibraryError: no library, unfinished, or altered.
            robo_meta.strategies.StrategyError: no such strategy.
        """
        if self.objects is not None:
            object.__setattr__(self, "family", self._imported(Path(self.objects)))
        elif self.object is not None:
            raise FilmError(f"object {self.object!r} without objects; name the library that it is in")
        if self.strategy is None:
            for name in ("against", "shots", "transfer", "support", "checkpoint"):
                if getattr(self, name) != getattr(SimConfig, name):
                    given = " ".join(self.against) if name == "against" else getattr(self, name)
                    raise FilmError(f"{name} {given} without strategy; the demonstrator needs none")
            return
        from robo_meta.scenarios.conditions import Condition

        self._check_names()
        Condition(self.transfer, self.shots)
        object.__setattr__(self, "support", support_named(self.support, self.objects))
        if self.support == PROCEDURAL and self.transfer != NEW_SHAPE:
            raise FilmError(f"support procedural with transfer {self.transfer}; expected new-shape")
        if self.support == OWN and self.transfer == NEW_SHAPE:
            check_new_shapes(family_named(self.family).group, (self.intention,))

    @property
    def names(self) -> tuple[str, ...]:
        """The strategies that are filmed, in the order of their panels, `expert` perhaps among them."""
        return (*self.against, str(self.strategy))

    @property
    def adapting(self) -> tuple[str, ...]:
        """Those of them that adapt to demonstrations."""
        return tuple(name for name in self.names if name != EXPERT)

    def _check_names(self) -> None:
        object.__setattr__(self, "against", tuple(self.against))
        if self.strategy == EXPERT:
            raise FilmError(
                f"strategy {EXPERT}; it adapts to nothing: leave --strategy out, or name it after --against"
            )
        resolve_all(self.adapting)
        if len(set(self.names)) < len(self.names):
            raise FilmError(f"against {' '.join(self.against)}; expected each strategy once, {self.strategy} included")
        if len(self.names) > MOST_PANELS:
            raise FilmError(f"{len(self.names)} strategies on one screen; expected {MOST_PANELS} at most")

    def _imported(self, folder: Path) -> str:
        """The family of the object that is meant."""
        if self.family != SimConfig.family:
            raise FilmError(f"family {self.family} beside objects {folder}; expected one of them")
        outcomes = {outcome.name: outcome for outcome in read_outcomes(folder)}
        group = register_library(folder)
        accepted = tuple(name for name, outcome in outcomes.items() if outcome.accepted)
        if self.object is None:
            raise FilmError(f"objects {folder} without object; expected one of {', '.join(accepted)}")
        if self.object not in outcomes:
            raise FilmError(f"{folder}: unknown object {self.object!r}{did_you_mean(self.object, accepted)}")
        if self.object not in accepted:
            raise FilmError(f"{folder}: object {self.object!r} was refused: {outcomes[self.object].reason}")
        return f"{group}-{self.object}"
