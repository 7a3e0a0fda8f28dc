"""What a scene is like besides its task: how much is demonstrated, how well, and what disturbs. All of it is public.

A support under a condition is nested: with one demonstration more, the earlier ones stay as they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from demos.demo import provenance
from demos.expert.expert import demonstrate
from demos.expert.grasp_plan import NoGrasp, aim, plan_grasp
from demos.hindsight import support_item
from demos.support import SupportItem, SupportSet
from robo_meta.scenarios.attempts import attempt
from robo_meta.scenarios.matched_scenes import ATTEMPTS, SPARES, MatchedTask, NoDemonstration, support_object
from sim.errors import InputError
from sim.objects.spec import PALETTE
from sim.physics.push import FARTHEST
from sim.tasks.sampling import draw_scene
from sim.tasks.scenes import TRANSFERS, Noise, Scene, Task
from sim.tasks.seeds import generator, seed_sequence

MOST_SHOTS = 6
"""Demonstrations of a support at most: five, and the *one more* that a selector may ask for."""
MISSES = 8
"""Attempts after which a demonstrator who is to fail is given up on."""
MISSED_BY = 0.03
"""m, per axis: where a failing demonstrator aims, standard deviation."""


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
        """What sensing and demonstrating get wrong."""
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
    """The task's query, sensed as the condition has it."""
    return replace(matched.query, noise=condition.noise)


def record_support_under(matched: MatchedTask, condition: Condition) -> SupportSet:
    """Let the expert demonstrate as the condition has it; under the default one as in `record_support`.

    Raises:
        NoDemonstration: none came about that succeeds, or fails, as it should.
    """
    return SupportSet(tuple(_record_one(matched, condition, number) for number in range(condition.shots)))


def in_other_colours(root: int, task: Task) -> Task:
    """The task with its materials on colours that it has not: what foreign demonstrations show."""
    unused = [name for name in PALETTE if name not in task.densities]
    chosen = generator(root, "foreign", task.split, task.index).permutation(unused)[: len(task.densities)]
    renamed = dict(zip(task.densities, (str(name) for name in chosen), strict=True))
    densities = {renamed[name]: density for name, density in task.densities.items()}
    # In the palette's order, as everywhere: the order of the names must not tell which is heavy.
    ordered = {name: densities[name] for name in PALETTE if name in densities}
    part = None if task.part_colour is None else renamed[task.part_colour]
    return Task(task.split, task.index, ordered, task.intention, part)


def _record_one(matched: MatchedTask, condition: Condition, number: int) -> SupportItem:
    foreign = number < condition.foreign
    task = in_other_colours(matched.root, matched.task) if foreign else matched.task
    fails = 1 <= number <= condition.failed
    family, label = support_object(matched, condition.transfer, number)
    # The query's own object has no stand-in.
    spares = 0 if condition.transfer == "same-object" else SPARES
    for tried in (label, *(f"{label}-{spare}" for spare in range(spares))):
        noise = replace(condition.noise, grasp=MISSED_BY) if fails else condition.noise
        scene = draw_scene(matched.root, task, family, tried, noise)
        item = _record_on(matched.root, scene, tried, number, fails)
        if item is not None:
            return item
    outcome = "failed" if fails else "succeeded"
    raise NoDemonstration(
        f"{task.split} task {task.index}, {condition.transfer}: no demonstration on {family} {label} {outcome}"
    )


def _record_on(root: int, scene: Scene, label: str, number: int, fails: bool) -> SupportItem | None:
    task = scene.task
    for turn in range(MISSES if fails else ATTEMPTS):
        path = (task.split, task.index, "failed" if fails else "support", label, number, turn)
        try:
            if fails:
                # What failed is seen by an onlooker, who notes which side sank.
                grasp = aim(plan_grasp(scene), scene.noise, generator(root, *path, "aim"))
                item = attempt(scene, int(seed_sequence(root, *path).generate_state(1)[0]), grasp, label)
            else:
                origin = provenance("expert", root, path)
                item = support_item(demonstrate(scene, seed_sequence(root, *path), object_id=label, provenance=origin))
        except NoGrasp:
            return None
        if item.success != fails:
            return item
    return None
