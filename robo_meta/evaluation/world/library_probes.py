"""What is measured in physics on one task with an imported object; whole jobs for worker processes.

Every record follows from the seed, the split, the kind of surface and the task's number, so that workers cannot change
it. Split and objects are those of a registered library (`robo_meta.objects.registration`).
"""

from __future__ import annotations

from dataclasses import dataclass

from demos.expert.grasp_plan import NoGrasp, plan_grasp
from robo_meta.evaluation.world import blind_grasps
from robo_meta.evaluation.world.probes import (
    NO_GRASP,
    Attempted,
    RulesProbe,
    blind_attempt,
    expert_attempt,
    rules_probe,
)
from sim.objects.meshes import SURFACES
from sim.shapes.families import families_for, family_named
from sim.shapes.mesh_family import MeshFamily
from sim.tasks.sampling import draw_scene, draw_task
from sim.tasks.scenes import BALANCE, PART, Scene
from sim.tasks.seeds import generator

BESIDE = (0.0, 0.02, 0.025, 0.03)
"""m off the balance point, across the closing direction, at which the demonstrator grasps."""


@dataclass(frozen=True)
class BalanceProbe:
    """One task of *balance* with an imported object."""

    surface: str
    """`flat` or `curved`."""
    index: int
    family: str
    beside: tuple[Attempted | None, ...]
    """The demonstrator's attempts at each of `BESIDE`; None where the object has nothing to hold there."""
    centre: Attempted
    """Grasping the middle."""
    equal: Attempted
    """Guessing equal densities."""
    blind: Attempted
    """By the best material-blind rule."""

    @property
    def place(self) -> tuple[str, int]:
        """What records are sorted by."""
        return self.surface, self.index


@dataclass(frozen=True)
class PartProbe:
    """One task of *part* with an imported object."""

    surface: str
    index: int
    family: str
    expert: Attempted

    @property
    def place(self) -> tuple[str, int]:
        """What records are sorted by."""
        return self.surface, self.index


def objects_of(split: str, surface: str, intention: str) -> tuple[str, ...]:
    """Names of the imported objects of `split` with that kind of surface that serve for `intention`."""
    named = {name: family_named(name) for name in families_for(split, intention)}
    return tuple(n for n, family in named.items() if isinstance(family, MeshFamily) and family.shape.surface == surface)


def library_scene(seed: int, split: str, surface: str, index: int, intention: str) -> Scene:
    """Task `index` of `split` with the next object of that surface: they take turns, so that all are measured."""
    names = objects_of(split, surface, intention)
    return draw_scene(seed, draw_task(seed, split, index, intention), names[index % len(names)], "a0")


def probe_balance(seed: int, split: str, surface: str, index: int, rule: str) -> BalanceProbe:
    """The demonstrator at and beside the balance point, and who doesn't know the materials."""
    scene = library_scene(seed, split, surface, index, BALANCE)
    rng = generator(seed, "library check", split, surface, index)
    episode, side = int(rng.integers(2**31)), float(rng.choice([-1.0, 1.0]))
    places = (blind_grasps.middle, blind_grasps.EQUAL, blind_grasps.RULES[rule])
    blind = (blind_attempt(scene, episode, where(scene.object)) for where in places)
    return BalanceProbe(surface, index, scene.object.family, _beside(scene, episode, side), *blind)


def probe_part(seed: int, split: str, surface: str, index: int) -> PartProbe:
    """The demonstrator on *part*."""
    scene = library_scene(seed, split, surface, index, PART)
    episode = int(generator(seed, "library check", split, surface, index, PART).integers(2**31))
    return PartProbe(surface, index, scene.object.family, expert_attempt(scene, episode))


def probe_library_rules(seed: int, split: str, surface: str, index: int) -> RulesProbe:
    """How far off every blind rule is, m across the closing direction."""
    return rules_probe(library_scene(seed, split, surface, index, BALANCE), index)


def surfaces_of(split: str, intention: str) -> tuple[str, ...]:
    """Kinds of surface of which `split` has objects for `intention`."""
    return tuple(surface for surface in SURFACES if objects_of(split, surface, intention))


def _beside(scene: Scene, episode: int, side: float) -> tuple[Attempted | None, ...]:
    """The demonstrator's attempts at `BESIDE`, on `side` where there is something to hold, else on the other."""
    try:
        planned = plan_grasp(scene)
    except NoGrasp:
        return (NO_GRASP, *(None for _ in BESIDE[1:]))
    found: list[Attempted | None] = [expert_attempt(scene, episode, planned)]
    for offset in BESIDE[1:]:
        grasps = (blind_grasps.grasp_beside(scene.object, planned, way * offset) for way in (side, -side))
        grasp = next((grasp for grasp in grasps if grasp is not None), None)
        found.append(None if grasp is None else expert_attempt(scene, episode, grasp))
    return tuple(found)
