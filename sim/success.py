"""The verdict on a grasp: named parts, each a fact of the physics, and `success` derived from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from math import acos, hypot

import numpy as np

from sim.frames import Place
from sim.objects.graspable import outer_ends
from sim.physics.bodies import SimObject
from sim.physics.panda import LEFT_FINGER, RIGHT_FINGER, Panda
from sim.physics.world import PHYSICS_HZ, World
from sim.tasks.scenes import PART, Scene


@dataclass(frozen=True)
class Thresholds:
    """What counts as success, and how long the environment holds and shakes to find out."""

    lift: float = 0.10
    """m: rise of the object frame over where it stood at reset."""
    hold_time: float = 1.0
    """s: held still."""
    shake_time: float = 0.5
    """s: then shaken."""
    shake_amplitude: float = 0.01
    """m: sideways and up, at `shake_rate`."""
    shake_rate: float = 2.0
    """Hz."""
    tilt: float = np.deg2rad(15.0)
    """rad: largest angle between the object's z axis now and at rest, before anything touched it. Turning about the
    upright symmetry axis of these prisms doesn't change it."""
    slip: float = 0.01
    """m: largest sinking of the object relative to the hand during hold and shake."""
    part_distance: float = 0.03
    """m: for `part`, from each pad's contact to the wanted outer end, in the plane of the object."""
    pad_alignment: float = 0.7
    """Cosine: a pad holds only where the contact normal is this close to the closing direction."""
    pad_force: float = 0.5
    """N: least force of a pad that holds."""


@dataclass(frozen=True)
class Verdict:
    """Named parts of success; all must be true."""

    lifted: bool
    """Rose ≥ `lift` over its height at reset."""
    held: bool
    """Stayed there through hold and shake without sinking in the fingers."""
    level: bool
    """Tilt from the attitude at rest stayed under `tilt`."""
    clamped: bool
    """Both pads pressed on it all the time."""
    unsupported: bool
    """Neither table nor any link but the fingers carried it."""
    on_part: bool
    """For `part`, both pads near the wanted colour's outer end; true for `balance`."""

    @property
    def success(self) -> bool:
        """Whether every part holds."""
        return all(self.parts.values())

    @property
    def parts(self) -> dict[str, bool]:
        """The named parts, as a dictionary."""
        return asdict(self)


FAILED = Verdict(lifted=False, held=False, level=False, clamped=False, unsupported=False, on_part=False)
"""The verdict on an episode that ended before the object was lifted."""


@dataclass
class Judge:
    """Watches one episode and holds and shakes the object at its end."""

    world: World
    panda: Panda
    body: SimObject
    scene: Scene
    thresholds: Thresholds = field(default_factory=Thresholds)
    watch: Callable[[], None] | None = None
    """Called after every look at the hold and shake."""

    def __post_init__(self) -> None:
        self.rest_height = self.body.plain_object_to_world.position[2]
        # Taken at closing, an object that the open hand had leant over would count as level however it then hung.
        self.upright_at_rest = self.body.plain_object_to_world.z_axis
        self.closed = False
        self.tip = np.zeros(2)
        self._pads: dict[int, list[Place]] = {}
        self._pads_at = -1

    def fingers_closed(self) -> None:
        """Note that the gripper was told to close: before that nothing is held, whatever touches the object."""
        self.closed = True

    @property
    def rise(self) -> float:
        """m: how far the object frame is above where it stood at reset."""
        return self.body.plain_object_to_world.position[2] - self.rest_height

    @property
    def tilt(self) -> float:
        """rad: angle of the object's z axis to where it pointed at rest."""
        return acos(self._upright_cosine)

    @property
    def _upright_cosine(self) -> float:
        """Of the tilt."""
        (a, b, c), (x, y, z) = self.body.plain_object_to_world.z_axis, self.upright_at_rest
        return min(max(a * x + b * y + c * z, -1.0), 1.0)

    @property
    def pressing_pads(self) -> int:
        """How many pads, of two, press on the object since the gripper was told to close."""
        return sum(map(bool, self._pad_contacts().values())) if self.closed else 0

    def look(self) -> None:
        """Keep in `tip` how the object hangs, where both pads hold it and it hangs further over than seen so far.

        `tip` (2,), object frame: the direction in the object's plane whose side sank since it lay at rest, times the
        tilt in rad.
        """
        if not self.closed or acos(self._upright_cosine) <= hypot(*self.tip.tolist()) or not self._clamped():
            return
        # Where the upright at rest points now, seen from the object: away from the side that sank.
        away = (self.body.object_to_world.rotation.T @ self.upright_at_rest)[:2]
        self.tip = -away / max(float(np.hypot(*away)), 1e-9) * self.tilt

    def hold_and_shake(self, hand_position: np.ndarray, yaw: float) -> Verdict:
        """Hold the hand at `hand_position` (3,), m, world, shake it, and judge; ends early once the hold is lost."""
        limits = self.thresholds
        lifted, held, level, clamped, unsupported = self.rise >= limits.lift, True, True, True, True
        # The point of the object that is in the fingers: its origin may droop on a long lever without any slip.
        x, y, z = self.body.object_to_world.inverse().apply(self.panda.hand_position()).tolist()
        held_in_object = x, y, z
        grip_height = self._height_in_hand(held_in_object)
        ticks = round((limits.hold_time + limits.shake_time) * PHYSICS_HZ / _TICK)
        for tick in range(1, ticks + 1):
            time = tick * _TICK / PHYSICS_HZ - limits.hold_time
            offset = np.zeros(3)
            if time > 0:
                swing = limits.shake_amplitude * np.sin(2 * np.pi * limits.shake_rate * time)
                offset = swing * np.array([np.cos(yaw) * 0.6, np.sin(yaw) * 0.6, 0.8])
            self.panda.move(hand_position + offset, yaw, close=True, steps=_TICK, ticks=1)
            sunk = grip_height - self._height_in_hand(held_in_object)
            held &= sunk <= limits.slip and self.rise >= limits.lift - limits.slip - limits.shake_amplitude
            level &= acos(self._upright_cosine) < limits.tilt
            clamped &= self._clamped()
            unsupported &= self._unsupported()
            self.look()
            if self.watch is not None:
                self.watch()
            if not (held and level and unsupported):
                break
        on_part = self.scene.task.intention != PART or self._on_part()
        return Verdict(lifted, held, level, clamped, unsupported, on_part)

    def _height_in_hand(self, point_in_object: Place) -> float:
        """m: how far a point of the object is above the hand."""
        return self.body.plain_object_to_world.apply(point_in_object)[2] - self.panda.hand_height()

    def _pad_contacts(self) -> dict[int, list[Place]]:
        """Positions (3,), world, where each finger presses along the closing direction; looked for once a moment."""
        if self._pads_at != self.world.moment:
            self._pads, self._pads_at = self._find_pad_contacts(), self.world.moment
        return self._pads

    def _find_pad_contacts(self) -> dict[int, list[Place]]:
        x, y = self.panda.closing_direction()
        found: dict[int, list[Place]] = {LEFT_FINGER: [], RIGHT_FINGER: []}
        for contact in self.world.contacts(self.panda.body, self.body.body):
            presses = abs(contact.normal[0] * x + contact.normal[1] * y) >= self.thresholds.pad_alignment
            if contact.link_a in found and presses and contact.force >= self.thresholds.pad_force:
                found[contact.link_a].append(contact.position)
        return found

    def _clamped(self) -> bool:
        return all(self._pad_contacts().values())

    def _unsupported(self) -> bool:
        if self.world.contacts(self.world.table, self.body.body):
            return False
        touching = self.world.contacts(self.panda.body, self.body.body)
        return all(c.link_a in (LEFT_FINGER, RIGHT_FINGER) for c in touching)

    def _on_part(self) -> bool:
        colour = self.scene.task.part_colour
        ends = outer_ends(self.scene.object, str(colour))
        pads = [np.mean(points, axis=0) for points in self._pad_contacts().values() if points]
        if len(pads) < 2 or len(ends) == 0:
            return False
        to_object = self.body.object_to_world.inverse()
        pads_in_object = np.array([to_object.apply(pad) for pad in pads])
        distances = np.linalg.norm(pads_in_object[None, :, :2] - np.asarray(ends)[:, None, :2], axis=-1)
        return bool(np.any(np.all(distances <= self.thresholds.part_distance, axis=1)))


_TICK = 12
"""Physics steps between two looks of the judge."""
