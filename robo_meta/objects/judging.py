"""What an object at rest serves for, at its own scale or at the one of some that suits best."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from robo_meta.objects.divisions import CUTS, FURTHER_CUTS, DivisionError, Halves, by_cuts, by_parts
from robo_meta.objects.laying import Laid, laid
from robo_meta.objects.preparing import Prepared
from robo_meta.objects.rest import FRICTION, rests_with, told
from sim.objects.mesh_acceptance import MESH_RULES, judge_meshes, size_refusal
from sim.objects.meshes import Division, MeshPart, MeshShape, TriangleMesh
from sim.objects.spec import ObjectSpec, mass_properties
from sim.palette import PALETTE
from sim.physics.bodies import HULL_MARGIN
from sim.physics.hulls import inset
from sim.records import FrozenMapping
from sim.tasks.sampling import MASS_RANGE, RATIO_RANGE
from sim.tasks.scenes import BALANCE, INTENTIONS

Judge = Callable[[Sequence[TriangleMesh], Collection[str]], tuple[str, Mapping[str, str]]]
"""(slot → mesh, frame at rest; intentions) → surface (`flat` or `curved`; it counts where all intentions are asked
for), and intention → why the object doesn't serve for it."""
RULES = f"3 {MESH_RULES}"
"""What `judge_by_rules` goes by: its version and its limits. Objects judged by others are judged again."""
MOST_FURTHER = 2
"""Divisions of an object besides the usual ones that are kept for an intention."""
STEP, STEPS = 1.09, 9
FIT_SCALES = (1.0, *(round(STEP**n, 3) for step in range(1, STEPS + 1) for n in (step, -step)))
"""Tried in this order, from the object's own outwards to about half and double."""


@dataclass(frozen=True)
class Verdict:
    """What came of one object."""

    shape: MeshShape
    """The object with all its divisions, those that serve for nothing included."""

    @property
    def accepted(self) -> tuple[str, ...]:
        """Intentions that at least one of its divisions serves for."""
        return tuple(intention for intention in INTENTIONS if self.shape.accepts(intention))

    @property
    def reason(self) -> str:
        """Why it serves not for all intentions, in plain words; empty where it does."""
        missing = [intention for intention in INTENTIONS if intention not in self.accepted]
        if not missing:
            return ""
        # Of several divisions, the one that serves best says what is in the way.
        best = min(self.shape.divisions, key=lambda division: len(division.refusals))
        reasons = {best.refusals[intention]: intention for intention in missing}
        if len(missing) == len(INTENTIONS):
            return next(iter(reasons))
        return f"not for {missing[0]}: {next(iter(reasons))}"


def judge_object(name: str, prepared: Prepared, judge: Judge, fit: bool) -> Verdict:
    """The object at its own scale, or with `fit` at the nearest that serves for everything, else for most.

    Raises:
        InputError: a cut leaves one material.
    """
    tips: dict[str, str] = {}
    own = _AtScale(prepared, 1.0, judge, tips)
    if fit:
        own = _fitted([own, *(_AtScale(prepared, scale, judge, tips) for scale in FIT_SCALES[1:])])
    return Verdict(own.shape(name))


def _fitted(sizes: Sequence[_AtScale]) -> _AtScale:
    """The first of `sizes` that serves for everything; else the first of all if that serves for something; else the
    first that does by one of its usual cuts."""
    for size in sizes:
        # In this order: to be balanced an object must be held at many places, which is soon found out.
        if all(any(size.serving(intention)) for intention in INTENTIONS):
            return size
    if any(any(sizes[0].serving(intention)) for intention in INTENTIONS):
        return sizes[0]
    some = (size for size in sizes if any(any(size.serving(one, further=False)) for one in INTENTIONS))
    return next(some, sizes[0])


def judge_by_rules(meshes: Sequence[TriangleMesh], intentions: Collection[str]) -> tuple[str, Mapping[str, str]]:
    """What a divided object serves for, by its size and by where fingers can hold it.

    No grasp is played, and no rule looks at the ratio of densities that a task draws.
    """
    judged = judge_meshes(tuple(meshes), intentions)
    return judged.surface, judged.refusals


class _AtScale:
    """An object at one scale; judged as far as it is asked for."""

    def __init__(self, prepared: Prepared, scale: float, judge: Judge, tips: dict[str, str]) -> None:
        """Args as in `judge_object`; `tips` says of divisions why they don't lie still, and is added to: what tips over
        is a matter of shape, hardly of size."""
        self.prepared, self.scale, self.judge, self.tips = prepared, scale, judge, tips
        self._judged: dict[tuple[str, str], tuple[str, str | None]] = {}
        self._still: set[str] = set()

    @cached_property
    def laid(self) -> Laid:
        """Where it rests."""
        return laid(self.prepared, self.scale)

    @cached_property
    def usual(self) -> tuple[Halves, ...]:
        """The ways in which it is of two materials unless none of them serves."""
        body = self.laid.body
        return (by_parts(body.slots),) if body.slots else by_cuts(body.whole, body.cut or CUTS)

    @cached_property
    def further(self) -> tuple[Halves, ...]:
        """More of them, where nobody says how it is to be."""
        body = self.laid.body
        if body.slots or body.cut:
            return ()
        found = list[Halves]()
        for cut in FURTHER_CUTS:
            with contextlib.suppress(DivisionError):
                found += by_cuts(body.whole, (cut,))
        return tuple(found)

    @cached_property
    def size(self) -> str | None:
        """Why no object of its size can be taken."""
        return size_refusal(self.prepared.whole.vertices * self.scale)

    def serving(self, intention: str, further: bool = True) -> Iterator[Halves]:
        """Those of its divisions that serve for `intention`: the usual ones, or else, where wanted, further ones."""
        if self.size is not None:
            return
        found = False
        for halves in self.usual:
            if self.refusal(halves, intention) is None:
                found = True
                yield halves
        if further and not found:
            yield from (halves for halves in self.further if self.refusal(halves, intention) is None)

    def refusal(self, halves: Halves, intention: str) -> str | None:
        """Why the object so divided doesn't serve for `intention`."""
        return self._judge(halves, intention)[1]

    def shape(self, name: str) -> MeshShape:
        """The object with all that is said of it: its usual divisions, and others where none of these serves."""
        divisions, surfaces = [], []
        for halves in [*self.usual, *self._needed()]:
            reasons = {intention: self.refusal(halves, intention) for intention in INTENTIONS}
            refusals = {intention: reason for intention, reason in reasons.items() if reason is not None}
            divisions.append(Division(halves.meshes, halves.where, FrozenMapping(refusals)))
            surfaces.append(self._judge(halves, BALANCE)[0])
        # A surface is of the object; where its divisions' balance points disagree, it is the harder one.
        surface = "curved" if "curved" in surfaces else surfaces[0]
        body = self.laid.body
        drawn_in = tuple(inset(piece, HULL_MARGIN) for piece in body.pieces)
        return MeshShape(name, tuple(divisions), drawn_in, surface, body.scale, body.licence)

    def _needed(self) -> list[Halves]:
        """Further divisions that serve for an intention that no usual one serves for."""
        needed: dict[str, Halves] = {}
        for intention in INTENTIONS:
            serving = itertools.islice(self.serving(intention), MOST_FURTHER)
            needed |= {halves.where: halves for halves in serving if all(halves is not usual for usual in self.usual)}
        return list(needed.values())

    def _judge(self, halves: Halves, intention: str) -> tuple[str, str | None]:
        """Surface, and why not."""
        if reason := self.size or self.laid.unrest or self.tips.get(halves.where):
            return "curved", reason
        key = halves.where, intention
        if key not in self._judged:
            surface, refusals = self.judge(halves.meshes, (intention,))
            self._judged[key] = surface, refusals.get(intention) or self._unrest_of(halves)
        return self._judged[key]

    def _unrest_of(self, halves: Halves) -> str | None:
        if halves.where not in self._still:
            unrest = _unrest_when_divided(self.laid.body.pieces, halves.meshes)
            if unrest:
                self.tips[halves.where] = unrest
                return unrest
            self._still.add(halves.where)
        return None


def _unrest_when_divided(pieces: Sequence[np.ndarray], meshes: Sequence[TriangleMesh]) -> str:
    """Why the object isn't at rest with the most unlike materials; empty where it is."""
    parts = tuple(
        MeshPart(mesh, colour, slot) for slot, (mesh, colour) in enumerate(zip(meshes, PALETTE, strict=False))
    )
    spec = ObjectSpec("imported", parts, FRICTION)
    first, second = (part.colour for part in parts)
    most = RATIO_RANGE[1]
    for dense in (first, second):
        densities = {first: 1.0, second: 1.0} | {dense: most}
        heavy = mass_properties(spec, densities, MASS_RANGE[BALANCE][1])
        motion = rests_with(pieces, heavy.mass, heavy.centre, heavy.inertia, FRICTION)
        if not motion.still:
            return f"with one material {most:g} times as dense, it {told(motion)}"
    return ""
