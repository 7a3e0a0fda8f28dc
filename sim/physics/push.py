"""A shove: someone bumps the object while the hand is on its way, and it slides a few centimetres over the table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.errors import InputError
from sim.physics.world import GRAVITY, TABLE_FRICTION

FIRST_STEP, LAST_STEP = 2, 5
"""Actions played before the shove, both included: the open hand is under way and above the object yet."""
FARTHEST = 0.1
"""m: longer slides would leave the workspace."""


class ShoveError(InputError):
    """A shove that is no distance."""


@dataclass(frozen=True)
class Shove:
    """One shove of an episode."""

    distance: float
    """m that the object slides, about: its friction on the table brakes it."""
    heading: float
    """rad, world: the direction of the slide."""
    step: int
    """Actions played before it."""

    def __post_init__(self) -> None:
        check_distance(self.distance)

    @staticmethod
    def draw(distance: float, rng: np.random.Generator) -> Shove:
        """A shove of `distance` m in a random direction at a random step of the approach."""
        return Shove(distance, float(rng.uniform(-np.pi, np.pi)), int(rng.integers(FIRST_STEP, LAST_STEP + 1)))

    def velocity(self, friction: float) -> np.ndarray:
        """(3,) m/s, world: the start of a slide over `distance` by an object of lateral friction `friction`."""
        speed = np.sqrt(2 * friction * TABLE_FRICTION * GRAVITY * self.distance)
        return speed * np.array([np.cos(self.heading), np.sin(self.heading), 0.0])


def check_distance(distance: float) -> None:
    """Refuse what is no distance of a shove, m.

    Raises:
        ShoveError: not in (0, `FARTHEST`].
    """
    if not 0 < distance <= FARTHEST:
        raise ShoveError(f"push {distance}; expected more than 0 and at most {FARTHEST} m")
