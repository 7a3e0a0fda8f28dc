"""What an object at rest serves for, at its own scale or at the one of some that suits best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from robo_meta.objects.divisions import Halves, by_cuts, by_parts
from robo_meta.objects.moments import volume_moments
from robo_meta.objects.preparing import Prepared, scaled
from robo_meta.objects.rest import DENSITY, FRICTION, rests_with, told
from sim.objects.mesh_acceptance import MESH_RULES, judge_meshes, size_refusal
from sim.objects.meshes import Division, MeshPart, MeshShape, TriangleMesh
from sim.objects.spec import PALETTE, ObjectSpec, mass_properties
from sim.physics.bodies import HULL_MARGIN
from sim.physics.hulls import inset
from sim.records import FrozenMapping
from sim.tasks.sampling import MASS_RANGE, RATIO_RANGE
from sim.tasks.scenes import BALANCE, INTENTIONS

Judge = Callable[[Sequence[np.ndarray], Sequence[TriangleMesh]], tuple[str, Mapping[str, str]]]
"""(convex pieces, slot → mesh), frame at rest → surface (`flat` or `curved`), and intention → why it doesn't serve."""
RULES = f"1 {MESH_RULES}"
"""What `judge_by_rules` goes by: its version and its limits. Objects judged by others are judged again."""
FIT_SCALES = (1.0, 1.25, 0.8, 1.5, 0.67, 2.0)
"""Tried in this order until an object serves for every intention."""


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
    """The object at its own scale, or with `fit` at the first that serves for everything, else for most.

    Raises:
        InputError: a cut leaves one material.
    """
    best: Verdict | None = None
    for scale in FIT_SCALES if fit else (1.0,):
        verdict = Verdict(_shape(name, prepared, judge, scale))
        if best is None or len(verdict.accepted) > len(best.accepted):
            best = verdict
        if len(best.accepted) == len(INTENTIONS):
            break
    assert best is not None
    return best


def judge_by_rules(pieces: Sequence[np.ndarray], meshes: Sequence[TriangleMesh]) -> tuple[str, dict[str, str]]:
    """What a divided object serves for: by its size, where fingers can hold it, and whether it lies still.

    No grasp is played, and no rule looks at the ratio of densities that a task draws: an object must lie still with
    either material up to ten times as dense as the other.
    """
    reason = size_refusal(np.concatenate([mesh.vertices for mesh in meshes]))
    if reason is not None:
        return "curved", dict.fromkeys(INTENTIONS, reason)
    judged = judge_meshes(tuple(meshes))
    if len(judged.refusals) < len(INTENTIONS):
        unrest = _unrest_when_divided(pieces, meshes)
        if unrest:
            return judged.surface, dict.fromkeys(INTENTIONS, unrest)
    return judged.surface, judged.refusals


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


def _shape(name: str, prepared: Prepared, judge: Judge, scale: float) -> MeshShape:
    pieces = tuple(piece * scale for piece in prepared.pieces)
    whole = scaled(prepared.whole, scale)
    unrest = _unrest(pieces, whole) if scale != 1.0 else ""
    divisions, surfaces = [], []
    for halves in _halves(prepared, whole, scale):
        surface, refusals = judge(pieces, halves.meshes)
        surfaces.append(surface)
        if unrest:
            refusals = dict.fromkeys(INTENTIONS, unrest)
        divisions.append(Division(halves.meshes, halves.where, FrozenMapping(dict(refusals))))
    # A surface is of the object; where its divisions' balance points disagree, it is the harder one.
    surface = "curved" if "curved" in surfaces else surfaces[0]
    drawn_in = tuple(inset(piece, HULL_MARGIN) for piece in pieces)
    return MeshShape(name, tuple(divisions), drawn_in, surface, prepared.scale * scale, prepared.licence)


def _halves(prepared: Prepared, whole: TriangleMesh, scale: float) -> tuple[Halves, ...]:
    if prepared.slots:
        return (by_parts([scaled(slot, scale) for slot in prepared.slots]),)
    return by_cuts(whole, prepared.cut)


def _unrest(pieces: Sequence[np.ndarray], whole: TriangleMesh) -> str:
    """Why the object at another scale isn't at rest; empty where it is."""
    volume, centre, inertia = volume_moments(whole)
    motion = rests_with(pieces, DENSITY * volume, centre, DENSITY * inertia, FRICTION)
    return "" if motion.still else told(motion)
