"""An imported object as a shape family: one shape, its divisions into materials, and any heading."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.objects.meshes import Division, MeshShape, mesh_object
from sim.objects.spec import ObjectSpec
from sim.shapes.family import FamilyError


@dataclass(frozen=True)
class MeshFamily:
    """An imported object; its instances differ in how it is divided into materials and in their colours."""

    name: str
    """Lower-case words with hyphens."""
    group: str
    """The split that it belongs to."""
    shape: MeshShape
    """What was imported."""
    library: str = ""
    """Checksum of the library that it comes from; empty where it comes from none."""

    @property
    def description(self) -> str:
        """One line for `robo-meta objects`."""
        serves = " and ".join(name for name in ("balance", "part") if self.serves(name))
        return f"imported {self.shape.surface} object, scale {self.shape.scale:g}, for {serves or 'nothing'}"

    @property
    def origin(self) -> str:
        """What decides which objects it draws: the shape, as a hash."""
        return self.shape.fingerprint

    def serves(self, intention: str) -> bool:
        """Whether it is accepted for `intention`."""
        return bool(self.shape.accepts(intention))

    def draw_object(
        self, rng: np.random.Generator, colours: tuple[str, ...], friction: float, intention: str
    ) -> ObjectSpec:
        """An instance, in a frame that tells nothing about the materials.

        Divisions that serve for every intention go first, so that where there are some, the object tells nothing about
        the intention either.

        Raises:
            FamilyError: another number of colours than two, or an intention that it doesn't serve for.
        """
        if len(colours) != 2:
            raise FamilyError(f"imported object {self.name!r}: {len(colours)} colours; expected 2")
        divisions = self._for_any() or self.shape.accepts(intention)
        if not divisions:
            reasons = "; ".join(sorted({d.refusals[intention] for d in self.shape.divisions}))
            raise FamilyError(f"imported object {self.name!r} doesn't serve for {intention}: {reasons}")
        division = divisions[rng.integers(len(divisions))]
        dealt = tuple(colours[i] for i in rng.permutation(len(colours)))
        return mesh_object(self.shape, division, dealt, self.name, friction, rng.uniform(-np.pi, np.pi))

    def _for_any(self) -> tuple[Division, ...]:
        return tuple(division for division in self.shape.divisions if not division.refusals)
