"""Experimental conditions of a scene: number and quality of demonstrations, sensing noise, pushes. All are public."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from robo_meta.scenarios.matched_scenes import MatchedTask
from sim.errors import InputError
from sim.objects.spec import PALETTE
from sim.physics.push import FARTHEST
from sim.tasks.scenes import TRANSFERS, Noise, Scene, Task
from sim.tasks.seeds import generator

MOST_SHOTS = 6
"""Demonstrations of a support at most: five, and the *one more* that a selector may ask for."""


class ConditionError(InputError):
    """A condition that no scene can have."""


@dataclass(frozen=True)
class Condition:
    """The public axes of a scene. The defaults are those of every headline figure."""

    transfer: str = "new-shape"
    """What demonstrations and query share; one of `TRANSFERS`."""
    shots: int = 1
    """Demonstrations in the support, failed and foreign ones among them."""
    operator: float = 0.003
    """m, per planar axis: standard deviation of where the demonstrator aims."""
    failed: int = 0
    """How many of the demonstrations failed, and are labelled so; the first one succeeds."""
    sensing: float = 1.0
    """Scale of the noise in pose and points, of demonstrations and query alike."""
    push: float = 0.0
    """m by which the query's object is shoved during the approach."""
    foreign: int = 0
    """How many demonstrations, the first ones, show objects of the task in other colours than the query's. Where that
    is all of them, the query's colours are unknown and nothing can be inferred about their weight."""
    budget: float = math.inf
    """s of nominal time that adapting and choosing may take."""

    def __post_init__(self) -> None:
        if self.transfer not in TRANSFERS:
            raise ConditionError(f"transfer {self.transfer!r}; expected one of {', '.join(TRANSFERS)}")
        if not 1 <= self.shots <= MOST_SHOTS:
            raise ConditionError(f"shots {self.shots}; expected 1 to {MOST_SHOTS}")
        if not 0 <= self.failed < self.shots:
            raise ConditionError(f"failed {self.failed} of {self.shots} demonstrations; the first one succeeds")
        if not 0 <= self.foreign <= self.shots:
            raise ConditionError(
                f"foreign {self.foreign} of {self.shots} demonstrations; expected no more than there are"
            )
        if self.foreign and self.transfer == "same-object":
            raise ConditionError("foreign colours on the same object; expected new-instance or new-shape")
        for name in ("operator", "sensing", "budget"):
            if not getattr(self, name) > 0:
                raise ConditionError(f"{name} {getattr(self, name)}; expected more than 0")
        if not 0 <= self.push <= FARTHEST:
            raise ConditionError(f"push {self.push}; expected 0 to {FARTHEST} m")

    @property
    def noise(self) -> Noise:
        """Noise of pose, points and demonstrated grasps."""
        usual = Noise()
        return replace(
            usual,
            position=usual.position * self.sensing,
            yaw=usual.yaw * self.sensing,
            points=usual.points * self.sensing,
            grasp=self.operator,
        )

    @property
    def colours_unknown(self) -> bool:
        """Whether no demonstration shows the query's colours."""
        return self.foreign == self.shots


def query_under(matched: MatchedTask, condition: Condition) -> Scene:
    """The task's query with the condition's sensing noise."""
    return replace(matched.query, noise=condition.noise)


def in_other_colours(root: int, task: Task) -> Task:
    """The task with its materials on other colours than its own: what foreign demonstrations show."""
    unused = [name for name in PALETTE if name not in task.densities]
    chosen = generator(root, "foreign", task.split, task.index).permutation(unused)[: len(task.densities)]
    renamed = dict(zip(task.densities, (str(name) for name in chosen), strict=True))
    densities = {renamed[name]: density for name, density in task.densities.items()}
    # In the palette's order, as everywhere: the order of the names must not tell which is heavy.
    ordered = {name: densities[name] for name in PALETTE if name in densities}
    part = None if task.part_colour is None else renamed[task.part_colour]
    return Task(task.split, task.index, ordered, task.intention, part)
