"""Experimental conditions of a scene: number and quality of demonstrations, sensing noise, pushes. All are public."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, cast

from robo_meta.scenarios.matched_scenes import MatchedTask
from robo_meta.scenarios.worlds import REPAINTED, UNTELLABLE
from sim.errors import InputError
from sim.light import GREY, PLAIN, Light
from sim.palette import PALETTE
from sim.physics.push import FARTHEST
from sim.tasks.scenes import CARRIERS, PAINT, ROLE, TRANSFERS, Noise, Scene
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
    carries: str = PAINT
    """What the materials go by, one of `CARRIERS`: their paint, or their role (painted goods)."""
    repainted: bool = False
    """Whether the query wears other paint than the demonstrations: tape, dirt, a new coat. On the same object, and of
    painted goods, its parts still tell; where paint tells the weight and the object is another one, nothing does."""
    light: str = PLAIN
    """`plain`; `grey`, where the camera sees brightness alone; or gains of red, green and blue as `0.6-0.8-1`, by which
    the query's scan is dimmer than the demonstrations'."""

    def __post_init__(self) -> None:
        if self.transfer not in TRANSFERS:
            raise ConditionError(f"transfer {self.transfer!r}; expected one of {', '.join(TRANSFERS)}")
        if not 1 <= self.shots <= MOST_SHOTS:
            raise ConditionError(f"shots {self.shots}; expected 1 to {MOST_SHOTS}")
        if not 0 <= self.failed < self.shots:
            raise ConditionError(f"failed {self.failed} of {self.shots} demonstrations; the first one succeeds")
        if self.carries not in CARRIERS:
            raise ConditionError(f"carries {self.carries!r}; expected one of {', '.join(CARRIERS)}")
        Light.named(self.light)
        for name in ("operator", "sensing"):
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
    def world(self) -> str:
        """Which of `robo_meta.scenarios.worlds.WORLDS` its scenes belong to: what tells there what parts weigh."""
        if self.transfer == "same-object":
            return REPAINTED if self.repainted or self.light == GREY else PAINT
        if self.carries == ROLE:
            return UNTELLABLE if self.light == GREY and self.shots == 1 else ROLE
        return UNTELLABLE if self.repainted or (self.light == GREY and self.shots == 1) else PAINT

    @property
    def camera(self) -> Light:
        """The light of the demonstrations: a grey camera was grey then, too."""
        return Light(grey=self.light == GREY)


def query_under(matched: MatchedTask, condition: Condition) -> Scene:
    """The task's query with the condition's sensing noise, in its light."""
    return replace(matched.query, noise=condition.noise, light=Light.named(condition.light))


def repainted(root: int, scene: Scene, avoid: Collection[str] = ()) -> Scene:
    """The same object, of the same materials, in other paint: every colour gives way to one that the scene has not.

    Args:
        root: root seed of the task; the new paints are drawn from a stream of the task's own, so that all objects of a
            colour-coded task wear the same new ones.
        scene: what is to be painted over.
        avoid: colours that it doesn't get either.
    """
    task = scene.task
    unused = [name for name in PALETTE if name not in task.densities and name not in avoid]
    chosen = generator(root, "foreign", task.split, task.index).permutation(unused)[: len(task.densities)]
    new = dict(zip(task.densities, (str(name) for name in chosen), strict=True))
    densities = {new[name]: density for name, density in task.densities.items()}
    # In the palette's order, as everywhere: the order of the names must not tell which is heavy.
    ordered = {name: densities[name] for name in PALETTE if name in densities}
    part = None if task.part_colour is None else new[task.part_colour]
    # Prisms and meshes are dataclasses both, which their protocol cannot say.
    parts: Any = tuple(replace(cast(Any, part), colour=new[part.colour]) for part in scene.object.parts)
    return replace(
        scene,
        task=replace(task, densities=ordered, part_colour=part),
        object=replace(scene.object, parts=parts),
    )
